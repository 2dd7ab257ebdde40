from __future__ import annotations

from ctr_ci.dockerfile import Run
from ctr_ci.lint.cleanup import removed_after
from ctr_ci.lint.rule import Bad, Category, Edit, Fix, Good, Rule, Safety, Severity
from ctr_ci.source import Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.packages import Operation
    from ctr_ci.lint.rule import Finding

_OFF = ("", "0", "off", "false", "no")


def check(facts: Facts) -> Iterator[Finding]:
    for run in facts.each(Run):
        operations = [one for one in facts.operations(run) if one.manager == "pip" and one.verb == "install"]
        if not operations or not facts.ships(run) or _off_by_variable(facts, run):
            continue
        if any(mount.type in ("cache", "tmpfs") and "cache" in mount.target for mount in run.mounts):
            continue
        for one in operations:
            uv = one.command.name == "uv"
            if one.has("--no-cache-dir", "--no-cache", "--no-index", "--help") or _set_inline(one, uv):
                continue
            if removed_after(facts, run, one.command, "/root/.cache", "/root/.cache/pip", "/root/.cache/uv"):
                continue
            if any(
                o.manager == "pip" and o.verb == "cache" and o.command.start > one.command.start
                for o in facts.operations(run)
            ):
                continue
            flag = "--no-cache" if uv else "--no-cache-dir"
            end = facts.span(run, one.verb_word.start, one.verb_word.end).end
            yield RULE.at(
                facts.span(run, one.command.words[0].start, one.verb_word.end),
                f"`{'uv pip' if uv else 'pip'} install` keeps every downloaded package in its cache",
                help=f"add {flag}, or set {'UV_NO_CACHE' if uv else 'PIP_NO_CACHE_DIR'}=1",
                fix=Fix(f"add {flag}", Safety.SAFE, (Edit(Span(end, end), f" {flag}"),)),
            )


def _off_by_variable(facts: Facts, run: Run) -> bool:
    scope = facts.before(run).scope
    script = facts.script(run)
    exported = dict(script.variables) if script else {}
    for name in ("PIP_NO_CACHE_DIR", "UV_NO_CACHE"):
        values = [scope.known(name)] if scope.holds(name) else []
        values += [exported[name]] if name in exported else []
        if any((value or "").lower() not in _OFF[:1] for value in values):
            return True
    return False


def _set_inline(one: Operation, uv: bool) -> bool:
    name = "UV_NO_CACHE" if uv else "PIP_NO_CACHE_DIR"
    return any(assignment.name == name for assignment in one.command.assignments)


RULE = Rule(
    id="CT211",
    name="pip-cache",
    severity=Severity.WARNING,
    category=Category.SIZE,
    summary="pip's cache should not stay in a layer that ships",
    why="pip keeps each wheel it downloads or builds below ~/.cache/pip: the packages are in the image "
    "twice.",
    examples=(
        Bad(
            "FROM python:3.12-slim\nRUN pip install flask==3.0.3\n",
            at="2:5-2:16",
            fixed="FROM python:3.12-slim\nRUN pip install --no-cache-dir flask==3.0.3\n",
        ),
        Good("FROM python:3.12-slim\nENV PIP_NO_CACHE_DIR=1\nRUN pip install flask==3.0.3\n"),
        Good(
            "FROM python:3.12-slim\nRUN --mount=type=cache,target=/root/.cache/pip pip install flask==3.0.3\n"
        ),
    ),
    same_as=("DL3042",),
    check=check,
)
