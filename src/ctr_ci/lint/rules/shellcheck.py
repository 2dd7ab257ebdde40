from __future__ import annotations

from ctr_ci.lint.rule import Category, Edit, Fix, Good, Rule, Safety, Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding


def check(facts: Facts) -> Iterator[Finding]:
    for note in facts.context.notes:
        edits = tuple(Edit(span, text) for span, text in note.edits)
        yield RULE.at(
            note.span,
            note.message.rstrip("."),
            help=f"https://www.shellcheck.net/wiki/{note.code}",
            severity=Severity(note.level),
            fix=Fix("as shellcheck says", Safety.UNSAFE, edits) if edits else None,
            code=note.code,
        )


RULE = Rule(
    id="CT233",
    name="shellcheck",
    severity=Severity.WARNING,
    category=Category.CORRECTNESS,
    summary="What shellcheck says of the scripts in RUN",
    why=(
        "shellcheck knows the traps of the shell: quoting, word splitting, tests that are always true. It "
        "is run on "
        "each RUN's script, in the dialect of its SHELL and with the variables that ARG and ENV set, and "
        "its places are "
        "those of the Dockerfile. Off by default, for it is another program: select it, with "
        "`ctr-ci[shellcheck]` "
        "installed. With a hadolint configuration it is on. Its codes (SC2086) are names here."
    ),
    examples=(Good('FROM debian:12\nRUN echo "$HOME"\n'),),
    same_as=("SC",),
    default=False,
    check=check,
)
