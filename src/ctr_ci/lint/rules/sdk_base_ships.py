from __future__ import annotations

from ctr_ci.lint.rule import Bad, Category, Good, Rule, Severity
from ctr_ci.lint.shipping import idle

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding


def check(facts: Facts) -> Iterator[Finding]:
    for stage, image, holds in facts.once(idle):
        quiet = not holds.compiled or holds.ecosystem == "Java"
        yield RULE.at(
            stage.base.image.span,
            f"{image.text} carries {holds.holds}, and "
            + (
                "its triggers build what ships on it"
                if "onbuild" in image.tag
                else "nothing here compiles with it"
            ),
            help=f"ship on {holds.instead}",
            severity=Severity.INFO if quiet else None,
        )


RULE = Rule(
    id="CT112",
    name="sdk-base-ships",
    severity=Severity.WARNING,
    category=Category.SHIPPING,
    summary="An image made for building should not be what an application ships on",
    why=(
        "The base holds a compiler and its headers, and the file only copies or installs what is finished: "
        "a base "
        "without them runs it as well. Reported for the stage that ships, where build-in-ship-image says "
        "nothing."
    ),
    examples=(
        Bad('FROM golang:1.23\nCOPY app /app\nCMD ["/app"]\n', at="1:6-1:17"),
        Bad(
            'FROM eclipse-temurin:21\nCOPY app.jar /app.jar\nCMD ["java", "-jar", "/app.jar"]\n',
            at="1:6-1:24",
        ),
        Good('FROM eclipse-temurin:21-jre\nCOPY app.jar /app.jar\nCMD ["java", "-jar", "/app.jar"]\n'),
        Good("FROM golang:1.23\nRUN go install golang.org/x/tools/gopls@v0.16.0\n"),
    ),
    check=check,
)
