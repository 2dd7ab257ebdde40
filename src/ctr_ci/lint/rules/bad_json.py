from __future__ import annotations

from ctr_ci.dockerfile import Add, Cmd, Copy, Entrypoint, Healthcheck, Run, Shell, Volume
from ctr_ci.lint.rule import Bad, Category, Edit, Fix, Good, Rule, Safety, Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.dockerfile import Text
    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding


def check(facts: Facts) -> Iterator[Finding]:
    for one in facts.each(Cmd, Entrypoint, Run, Shell, Healthcheck, Volume, Copy, Add):
        if getattr(one, "json", None):
            continue
        text = _shell_text(one)
        if text is None:
            continue
        stripped = text.text.strip()
        if not stripped.startswith("[") or not _meant(stripped, isinstance(one, Cmd | Entrypoint)):
            continue
        start = text.text.index("[")
        mended = _mended(stripped)
        place = text.span(start, len(text.text.rstrip()))
        yield RULE.at(
            place,
            f"{one.keyword} looks like JSON but is none, so it is read as plain text: {_why(stripped)}",
            help=f"write {mended}" if mended else 'a JSON array has double quotes: ["a", "b"]',
            fix=Fix("mend the JSON", Safety.UNSAFE, (Edit(place, mended),)) if mended else None,
        )


def _shell_text(one: object) -> Text | None:
    if isinstance(one, Cmd | Entrypoint | Run | Healthcheck):
        return one.script
    if isinstance(one, Volume | Copy | Add):
        return one.arguments
    return None


def _meant(text: str, is_command: bool) -> bool:
    """Whether it is an array gone wrong, not the shell's test command `[ x = y ]` or a type of PowerShell."""
    inner = text[1:].lstrip()
    if inner[:1] in ("'", '"'):
        end = inner.find(inner[0], 1)
        behind = inner[end + 1 :].lstrip() if end > 0 else ""
        return end > 0 and behind[:1] in (",", "]")
    # CMD [python, app.py]: words without quotes
    return is_command and text.endswith("]") and not text.startswith(("[ ", "[[")) and "$" not in text


def _why(text: str) -> str:
    if "'" in text and '"' not in text:
        return "single quotes"
    if text.rstrip("] \t").endswith(","):
        return "a comma before the bracket"
    if not text.endswith("]"):
        return "text behind the bracket"
    return "the backslashes need doubling" if "\\" in text else "a quote or a comma is wrong"


def _mended(text: str) -> str:
    """The array that was meant, "" when that is a guess."""
    if not text.endswith("]") or any(char < " " for char in text):
        return ""  # a control character is no part of a JSON string
    inner = text[1:-1].strip().rstrip(",").strip()
    items = [item.strip() for item in inner.split(",")]
    fixed = []
    for item in items:
        if len(item) < 2 or item[0] != item[-1] or item[0] not in "\"'" or item[0] in item[1:-1]:
            return ""
        body = item[1:-1]
        if '"' in body or "\\" in body:
            return ""
        fixed.append(f'"{body}"')
    return "[" + ", ".join(fixed) + "]"


RULE = Rule(
    id="CT130",
    name="bad-json",
    severity=Severity.ERROR,
    category=Category.CORRECTNESS,
    summary="A JSON form that does not parse is taken for shell text",
    why=(
        "Single quotes, a trailing comma or text behind the bracket do not stop the build: the instruction "
        "silently "
        "becomes the shell form, and the container tries to run a program named `[python,`."
    ),
    examples=(
        Bad(
            "FROM alpine:3.20\nCMD ['a', 'b']\n",
            at="2:5-2:15",
            fixed='FROM alpine:3.20\nCMD ["a", "b"]\n',
        ),
        Good('FROM alpine:3.20\nCMD ["a", "b"]\n'),
        Good("FROM alpine:3.20\nRUN [ -f /etc/passwd ] && echo yes\n"),
    ),
    same_as=("tally:invalid-json-form",),
    check=check,
)
