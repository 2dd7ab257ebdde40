from __future__ import annotations

from ctr_ci.dockerfile import Add, Copy
from ctr_ci.lint.rule import Bad, Category, Good, Rule, Severity
from ctr_ci.lint.shipping import judge

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding


def check(facts: Facts) -> Iterator[Finding]:
    for one in facts.once(judge):
        own = [made for made in one.made if made.ships and made.compile.implies]
        if not own:
            continue
        for link in facts.dockerfile.chain(one.stage):
            for copy in link.instructions:
                if not isinstance(copy, Copy | Add) or (isinstance(copy, Copy) and copy.from_ is not None):
                    continue
                whole = next((word for word in copy.sources if word.text in (".", "./")), None)
                if whole is not None:
                    yield RULE.at(
                        whole.span,
                        f"the sources of a compiled program ship with it ({own[0].text} makes what runs)",
                        help="copy them into a build stage, and only the result into the one that ships",
                    )
                    return


RULE = Rule(
    id="CT107",
    name="source-ships",
    severity=Severity.INFO,
    category=Category.SHIPPING,
    summary="Sources of a compiled program need not ship",
    why="The program runs without them, and whoever has the image can read them.",
    examples=(
        Bad('FROM golang:1.23\nCOPY . .\nRUN go build -o /app\nCMD ["/app"]\n', at="2:6-2:7"),
        Good('FROM python:3.12-slim\nCOPY . .\nCMD ["python", "app.py"]\n'),
    ),
    default=False,
    same_as=("source-shipped",),
    check=check,
)
