from __future__ import annotations

from ctr_ci.dockerfile import Run
from ctr_ci.lint.rule import Bad, Category, Edit, Fix, Good, Rule, Safety, Severity
from ctr_ci.source import Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding


def check(facts: Facts) -> Iterator[Finding]:
    for run in facts.each(Run):
        script = facts.script(run)
        if script is None or not script.commands or run.heredocs or run.interpreter is not None:
            continue
        first, rest = script.commands[0], script.commands[1:]
        if first.name != "cd" or first.nesting or first.after != "&&" or len(first.words) != 2 or not rest:
            continue
        target = first.words[1].value
        if target is None or target in ("-", "") or "$" in first.words[1].text or "~" in first.words[1].text:
            continue
        if any(c.name in ("cd", "pushd", "popd") for c in rest) or any(
            c.before not in ("&&", "|", "") for c in rest
        ):
            continue
        yield RULE.at(
            facts.span(run, first.start, first.end),
            f"this RUN works in {target}: WORKDIR {target} says so for good",
            help=f"put WORKDIR {target} above, and leave out the cd",
            fix=_fix(facts, run, target, rest[0].start),
        )


def _fix(facts: Facts, run: Run, target: str, start: int) -> Fix | None:
    if facts.outer(run) is not run or run.flags or run.script is None or any(c in target for c in " \t'\""):
        return None
    place = Span(run.span.start, facts.span(run, start, start + 1).start)
    if run.line.comments or run.line.blanks:
        return None
    return Fix(f"use WORKDIR {target}", Safety.UNSAFE, (Edit(place, f"WORKDIR {target}\nRUN "),))


RULE = Rule(
    id="CT170",
    name="cd",
    severity=Severity.INFO,
    category=Category.STYLE,
    summary="WORKDIR says where the following work happens",
    why=(
        "A RUN that is only `cd X && …` hides its folder from the reader and from what follows. Not "
        "reported in "
        "subshells, loops and longer scripts, where cd is the right tool."
    ),
    examples=(
        Bad(
            "FROM alpine:3.20\nRUN cd /tmp && ls\n",
            at="2:5-2:12",
            fixed="FROM alpine:3.20\nWORKDIR /tmp\nRUN ls\n",
        ),
        Good("FROM alpine:3.20\nRUN (cd /tmp && make) && ls\n"),
    ),
    same_as=("DL3003", "trivy:DS013"),
    check=check,
)
