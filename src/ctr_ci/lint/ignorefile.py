"""`.dockerignore`, as moby/patternmatcher reads it."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re


class Ignore:
    """The patterns of a `.dockerignore`; the last that matches a path or a folder above it decides."""

    def __init__(self, text: str) -> None:
        self.patterns: list[tuple[bool, re.Pattern[str], str]] = []
        for line in text.removeprefix("\ufeff").split("\n"):
            if line.startswith("#"):
                continue
            pattern = line.strip()
            if not pattern or pattern == "!":
                continue
            takes_in = pattern.startswith("!")
            clean = _clean(pattern[1:].strip() if takes_in else pattern)
            if clean:
                self.patterns.append((takes_in, _compiled(clean), clean))

    def ignored(self, path: str) -> bool:
        """Whether a path, relative to the context, is left out."""
        clean = _clean(path)
        parts = clean.split("/")
        above = ["/".join(parts[: n + 1]) for n in range(len(parts))]
        out = False
        for takes_in, pattern, _ in self.patterns:
            if out == takes_in and any(pattern.fullmatch(one) for one in above):
                out = not takes_in
        return out

    def may_take_in_below(self, path: str) -> bool:
        """Whether some `!` pattern may bring back files below a folder that is left out."""
        clean = _clean(path)
        return any(takes_in and (p.startswith(f"{clean}/") or "*" in p) for takes_in, _, p in self.patterns)


def _clean(path: str) -> str:
    parts: list[str] = []
    for part in path.split("/"):
        if part == ".." and parts:
            parts.pop()
        elif part not in ("", ".", ".."):
            parts.append(part)
    return "/".join(parts)


def _compiled(glob: str) -> re.Pattern[str]:
    import re

    made = []
    at = 0
    while at < len(glob):
        sign = glob[at]
        if glob.startswith("**", at):
            at += 2
            if glob.startswith("/", at):
                at += 1
                made.append("(?:.*/)?")
            else:
                made.append(".*")
            continue
        if sign == "*":
            made.append("[^/]*")
        elif sign == "?":
            made.append("[^/]")
        elif sign == "[" and "]" in glob[at + 1 :]:
            end = glob.index("]", at + 1)
            inner = glob[at + 1 : end]
            made.append("[" + inner.replace("\\", "\\\\") + "]")
            at = end
        elif sign == "\\" and at + 1 < len(glob):
            at += 1
            made.append(re.escape(glob[at]))
        else:
            made.append(re.escape(sign))
        at += 1
    try:
        return re.compile("".join(made))
    except re.error:
        return re.compile(re.escape(glob))
