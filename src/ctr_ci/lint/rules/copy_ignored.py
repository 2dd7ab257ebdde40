from __future__ import annotations

from ctr_ci.dockerfile import Add, Copy
from ctr_ci.lint.ignorefile import Ignore
from ctr_ci.lint.rule import Category, Good, Rule, Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding


def check(facts: Facts) -> Iterator[Finding]:
    text = facts.context.dockerignore
    if text is None:
        return
    ignore = Ignore(text)
    for one in facts.each(Copy, Add):
        if isinstance(one, Copy) and one.from_ is not None:
            continue
        for word in one.sources:
            path = word.text.strip("\"'")
            if (
                any(sign in path for sign in "*?[$")
                or "://" in path
                or path.strip("./") == ""
                or path.startswith("git@")
            ):
                continue
            if ignore.ignored(path) and not ignore.may_take_in_below(path):
                yield RULE.at(
                    word.span, f".dockerignore leaves {path} out of the context, so this finds nothing"
                )


RULE = Rule(
    id="CT179",
    name="copy-ignored",
    severity=Severity.WARNING,
    category=Category.CORRECTNESS,
    summary="COPY of a file that .dockerignore leaves out",
    why="The file never reaches the builder, and the build stops with `not found`.",
    help="take it in again with a line `!PATH`, or copy something else",
    examples=(Good("FROM alpine:3.20\nCOPY a /a\n"),),
    same_as=("buildkit:CopyIgnoredFile",),
    check=check,
)
