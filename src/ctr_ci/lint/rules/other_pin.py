from __future__ import annotations

from ctr_ci.dockerfile import Run
from ctr_ci.lint.rule import Bad, Category, Good, Rule, Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.packages import Operation
    from ctr_ci.lint.rule import Finding

_CODES = {
    "apk": "DL3018",
    "yum": "DL3033",
    "zypper": "DL3037",
    "dnf": "DL3041",
    "microdnf": "DL3041",
    "pip": "DL3013",
    "npm": "DL3016",
    "pnpm": "DL3016",
    "yarn": "DL3016",
    "bun": "DL3016",
    "gem": "DL3028",
}


def check(facts: Facts) -> Iterator[Finding]:
    for run in facts.each(Run):
        for one in facts.operations(run):
            if one.verb not in ("install",) or one.manager in ("apt", "pacman"):
                continue
            if one.verb_word.value == "reinstall":
                continue  # what is there already
            for word in one.packages:
                text = word.value
                if text and not _pinned(one, text):
                    code = _CODES.get(one.tool, _CODES.get(one.manager, ""))
                    yield RULE.at(facts.span(run, word.start, word.end), f"{text} has no version", code=code)
    for run, command in facts.commands():
        if command.name == "go" and command.values[:1] in (("install",), ("get",), ("run",)):
            for word in command.arguments[1:]:
                text = word.value or ""
                if _moving(text, command.values[0]):
                    place = facts.span(run, word.start, word.end)
                    yield RULE.at(place, f"{text} has no version", code="DL3062")


def _moving(text: str, verb: str) -> bool:
    """Whether a Go module is named without a version: `@latest`, or nothing in `go install`."""
    if "." not in text.partition("/")[0] or text.startswith((".", "/", "-")):
        return False
    return text.endswith("@latest") or (verb == "install" and "@" not in text and text.count("/") > 1)


def _pinned(one: Operation, text: str) -> bool:
    if one.manager == "apk":
        return (
            any(sign in text for sign in "=~<>@") or text.startswith((".", "/", "-")) or text.endswith(".apk")
        )
    if one.manager == "dnf":
        return (
            "://" in text
            or text.endswith(".rpm")
            or text.startswith(("@", "/"))
            or any(part[:1].isdigit() for part in text.split("-")[1:])
        )
    if one.manager == "zypper":
        return any(sign in text for sign in "=<>") or text.endswith(".rpm") or "://" in text
    if one.manager == "pip":
        if (
            one.setting("-r", "--requirement", "--requirements", "-c", "--constraint", "-e", "--editable")
            is not None
        ):
            return True
        if text in ("pip", "setuptools", "wheel", "pip-tools") and one.has("-U", "--upgrade"):
            return True
        return (
            any(sign in text for sign in ("==", "~=", "@", "==="))
            or _is_path(text)
            or (">=" in text and "<" in text)
        )
    if one.manager == "gem":
        return one.setting("-v", "--version") is not None or ":" in text or text.endswith(".gem")
    if _is_path(text) or text.startswith("git") or "#" in text:
        return True
    return "@" in text[1:] and not text.endswith("@latest")


def _is_path(text: str) -> bool:
    return (
        text.startswith((".", "/", "~"))
        or "://" in text
        or text.endswith((".whl", ".tar.gz", ".tgz", ".zip"))
    )


RULE = Rule(
    id="CT202",
    name="other-pin",
    severity=Severity.WARNING,
    category=Category.REPRODUCIBILITY,
    summary="Packages of apk, dnf, pip, npm and others can be pinned",
    why="An unpinned package may be another one tomorrow. Off by default: lock files do this better.",
    examples=(
        Bad("FROM alpine:3.20\nRUN apk add --no-cache curl\n", at="2:24-2:28"),
        Good("FROM python:3.12-slim\nRUN pip install --no-cache-dir flask==3.0.3\n"),
        Good("FROM python:3.12-slim\nRUN pip install --no-cache-dir -U pip\n"),
    ),
    same_as=("DL3013", "DL3016", "DL3018", "DL3028", "DL3033", "DL3037", "DL3041", "DL3062"),
    default=False,
    check=check,
)
