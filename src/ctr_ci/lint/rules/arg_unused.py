from __future__ import annotations

import re

from ctr_ci.dockerfile import Arg, Run
from ctr_ci.lint.rule import Bad, Category, Good, Rule, Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.dockerfile import Dockerfile, Instruction, Stage
    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding

_ACTING = frozenset(
    [
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "FTP_PROXY",
        "NO_PROXY",
        "ALL_PROXY",
        "SOURCE_DATE_EPOCH",
        "BUILDKIT_SYNTAX",
        "BUILDKIT_INLINE_CACHE",
        "BUILDKIT_MULTI_PLATFORM",
        "BUILDKIT_SANDBOX_HOSTNAME",
        "BUILDKIT_CONTEXT_KEEP_GIT_DIR",
        "BUILDKIT_CACHE_MOUNT_NS",
        "BUILDKIT_BUILD_NAME",
        "BUILDKIT_CONTEXT_KEY",
        "DEBIAN_FRONTEND",
        "CACHEBUST",
        "CACHE_BUST",
    ]
)


_WORD = r"\w+"


def check(facts: Facts) -> Iterator[Finding]:
    dockerfile = facts.dockerfile
    text = facts.source.text
    for arg in facts.each(Arg):
        stage = facts.stage_of(arg)
        for pair in arg.pairs:
            name = pair.key.text
            if (
                name.upper() in _ACTING
                or "CACHE" in name.upper()
                or name.startswith(("PIP_", "NPM_", "GO", "CARGO_", "UV_"))
            ):
                continue
            if text.count(name) == 1 or not _used(facts, arg, name, stage):
                if (
                    any(isinstance(one, Run) for one in _after(dockerfile, arg, stage))
                    and pair.value is not None
                    and name.isupper()
                    and "_" not in name
                    and _tool_variable(name)
                ):
                    continue
                yield RULE.at(pair.key.span, f"nothing reads the build argument {name}", help="delete it")


def _tool_variable(name: str) -> bool:
    return name in (
        "CFLAGS",
        "CXXFLAGS",
        "LDFLAGS",
        "MAKEFLAGS",
        "CC",
        "CXX",
        "LANG",
        "TZ",
        "PATH",
        "HOME",
        "PREFIX",
    )


def _after(dockerfile: Dockerfile, arg: Arg, stage: Stage | None) -> list[Instruction]:
    heirs = [s for s in dockerfile.stages if stage is not None and stage in dockerfile.chain(s)]
    if stage is None:
        heirs = list(dockerfile.stages)
    return [one for s in heirs for one in s.instructions if one.start > arg.start]


def _used(facts: Facts, arg: Arg, name: str, stage: Stage | None) -> bool:
    if not re.fullmatch(_WORD, name):
        return _used_somehow(facts, arg, name, stage)
    if stage is None:
        others = facts.once(_global_words).get(name, ())
        return any(start != arg.start for start in others) or any(
            one is not arg for one in facts.once(_declared).get(name, ())
        )
    named = facts.once(_words).get(name, {})
    if named.get(stage.index, -1) > arg.start:
        return True
    children = facts.once(_children)
    heirs = list(children.get(stage.index, ())) if len(named) > (stage.index in named) else []
    while heirs:
        heir = heirs.pop()
        if heir in named:
            return True
        heirs += children.get(heir, ())
    return False


def _words(facts: Facts) -> dict[str, dict[int, int]]:
    """For each word by stage: where the last instruction begins that holds it."""
    found: dict[str, dict[int, int]] = {}
    source = facts.source.text
    for stage in facts.dockerfile.stages:
        for one in stage.instructions:
            for word in re.compile(_WORD).findall(source, one.start, one.end):
                found.setdefault(word, {})[stage.index] = one.start
    return found


def _global_words(facts: Facts) -> dict[str, list[int]]:
    """For each word: where the FROMs and global ARGs begin that hold it, two of them at most."""
    found: dict[str, list[int]] = {}
    source = facts.source.text
    for one in (*[stage.base for stage in facts.dockerfile.stages], *facts.dockerfile.arguments):
        for word in re.compile(_WORD).findall(source, one.start, one.end):
            starts = found.setdefault(word, [])
            if len(starts) < 2 and one.start not in starts:
                starts.append(one.start)
    return found


def _declared(facts: Facts) -> dict[str, list[Arg]]:
    """For each name: the ARGs that declare it, two of them at most."""
    found: dict[str, list[Arg]] = {}
    for one in facts.each(Arg):
        for pair in one.pairs:
            some = found.setdefault(pair.key.text, [])
            if len(some) < 2 and one not in some:
                some.append(one)
    return found


def _children(facts: Facts) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for stage in facts.dockerfile.stages:
        if stage.parent is not None:
            found.setdefault(stage.parent, []).append(stage.index)
    return found


def _used_somehow(facts: Facts, arg: Arg, name: str, stage: Stage | None) -> bool:
    """As `_used`, for a name that is no word: one with a quote or a variable in it."""
    source = facts.source.text
    if stage is None:
        bases = [s.base for s in facts.dockerfile.stages]
        others = [a for a in facts.dockerfile.arguments if a is not arg]
        places = [
            *bases,
            *others,
            *[a for a in facts.each(Arg) if any(p.key.text == name for p in a.pairs) and a is not arg],
        ]
        return any(_names(source[one.start : one.end], name) for one in places)
    return any(_names(source[one.start : one.end], name) for one in _after(facts.dockerfile, arg, stage))


def _names(text: str, name: str) -> bool:
    at = text.find(name)
    while at >= 0:
        before = text[at - 1] if at else " "
        behind = text[at + len(name)] if at + len(name) < len(text) else " "
        if not (before.isalnum() or before == "_") and not (behind.isalnum() or behind == "_"):
            return True
        at = text.find(name, at + 1)
    return False


RULE = Rule(
    id="CT156",
    name="arg-unused",
    severity=Severity.INFO,
    category=Category.CORRECTNESS,
    summary="A build argument that nothing reads",
    why="Whoever passes it believes that it does something. It also invalidates the cache of every RUN "
    "below it.",
    examples=(
        Bad("FROM alpine:3.20\nARG VERSION=1\nRUN echo a\n", at="2:5-2:12"),
        Good("FROM alpine:3.20\nARG VERSION=1\nRUN echo $VERSION\n"),
    ),
    default=False,
    check=check,
)
