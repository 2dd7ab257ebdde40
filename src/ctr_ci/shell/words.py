"""Reads words: quotes of all kinds, variables, substitutions; and what is known of their values."""

from __future__ import annotations

import re

from ctr_ci.shell.script import Unread, Word

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ctr_ci.shell.draft import Awaited
    from ctr_ci.shell.variables import Variables

PLAIN = re.compile(r"[^ \t\n\r\f\v'\"\\$`|&;<>()]+")
_NAME = r"[A-Za-z_]\w*|[0-9]|[@*#?$!-]"
_IN_DOUBLE = re.compile(r"[^\"\\$`]+")
_BRACED = r"\$\{([A-Za-z_]\w*)(?:\}|(:?[-+])([^'\"\\$`{}]*)\})"
DEEPEST = 40
LONGEST_VALUE = 4096  # characters of a variable; a longer one is taken as unknown


def _is_glob(text: str) -> bool:
    return "*" in text or "?" in text or ("[" in text and "]" in text[text.index("[") + 2 :])


class WordReader:
    """A place in a text, and the reading of one word from there.

    `variables` are the values known so far.
    """

    __slots__ = (
        "at",
        "budget",
        "comments",
        "depth",
        "in_double",
        "pending",
        "size",
        "text",
        "unread",
        "variables",
    )

    def __init__(self, text: str, variables: Variables) -> None:
        self.text = text
        self.at = 0
        self.size = len(text)
        self.depth = 0
        self.in_double = False
        self.budget = 20 * len(text) + 1000  # characters that may be looked at for the end of `((`
        self.variables = variables
        self.unread: list[Unread] = []
        self.comments: list[tuple[int, int]] = []
        self.pending: list[Awaited] = []

    def nested(self, closer: str, label: str) -> None:
        """Reads the commands of a substitution up to its closer, which it takes."""
        raise NotImplementedError

    def complain(self, start: int, end: int, why: str) -> None:
        self.unread.append(Unread(start, end, why))

    def blanks(self) -> None:
        text, at, size = self.text, self.at, self.size
        while at < size and (text[at] in " \t\r\f\v" or (text[at] == "\\" and text.startswith("\\\n", at))):
            at += 2 if text[at] == "\\" else 1
        self.at = min(at, size)

    def behind_blanks(self, at: int) -> int:
        """The first place from `at` that holds no blank."""
        while at < self.size and self.text[at] in " \t":
            at += 1
        return at

    def words(self) -> list[Word]:
        """The word at this place: none, one, or several when a known variable holds several."""
        start = self.at
        plain = PLAIN.match(self.text, start, self.size)
        if plain is not None:
            end = plain.end()
            if end >= self.size or self.text[end] not in "'\"\\$`()":
                if end < self.size and self.text[end] in "<>" and plain[0].isdigit():
                    return []
                self.at = end
                text = plain[0]
                return [Word(text, text, start, end, False, _is_glob(text))]
        return self._pieces(start)

    def _pieces(self, start: int) -> list[Word]:
        text = self.text
        fields = [""]
        known, quoted, glob, prefix = True, False, False, ""
        while self.at < self.size:
            at = self.at
            char = text[at]
            plain = PLAIN.match(text, at, self.size)
            value: str | None
            if plain is not None:
                value = plain[0]
                self.at = plain.end()
                glob = glob or _is_glob(value)
            elif char == "'":
                quoted, value = True, self._single()
            elif char == '"':
                quoted, value = True, self._double()
            elif char == "\\":
                follows = text[at + 1 : min(at + 2, self.size)]
                self.at = at + 2 if follows else at + 1
                value = "" if follows == "\n" else follows
                quoted = quoted or follows != "\n"
            elif char == "$" and text.startswith(("$'", '$"'), at):
                self.at += 1
                quoted = True
                value = self._single(ansi=True) if text[at + 1] == "'" else self._double()
            elif char in "$`":
                value = self.dollar()
                if value is not None and known and re.search(r"[ \t\n]", value):
                    parts = re.split(r"[ \t\n]+", value)
                    fields[-1] += parts[0]
                    fields += parts[1:]
                    continue
            elif char in "<>" and text.startswith("(", at + 1) and at + 1 < self.size:
                value = None
                self.at += 2
                self.nested(")", "process")
            else:
                break
            if value is None and known:
                known, prefix = False, "".join(fields) if len(fields) == 1 else ""
            fields[-1] += value or ""
        end = self.at
        if end == start:
            return []
        written = text[start:end]
        if not known:
            return [Word(written, None, start, end, quoted, glob, prefix)]
        kept = [field for field in fields if field] if len(fields) > 1 else fields
        if kept == [""] and not quoted and "$" in written:
            return [Word(written, "", start, end)]
        return [Word(written, field, start, end, quoted, glob) for field in kept]

    def _single(self, ansi: bool = False) -> str:
        start = self.at + 1
        if ansi:
            found = re.compile(r"(?:[^'\\]|\\.)*", re.S).match(self.text, start, self.size)
            end = found.end() if found and self.text.startswith("'", found.end()) else -1
        else:
            end = self.text.find("'", start, self.size)
        if end < 0 or end >= self.size:
            self.complain(self.at, self.size, "a single quote is not closed")
            end = self.size
        self.at = min(end + 1, self.size)
        body = self.text[start:end]
        if not ansi:
            return body
        from ctr_ci.shell.quote import ansi_decoded

        return ansi_decoded(body)

    def _double(self) -> str | None:
        text, start = self.text, self.at
        self.at += 1
        out: list[str] = []
        known = True
        while self.at < self.size:
            found = _IN_DOUBLE.match(text, self.at, self.size)
            if found is not None:
                out.append(found[0])
                self.at = found.end()
                continue
            char = text[self.at]
            if char == '"':
                self.at += 1
                return "".join(out) if known else None
            if char == "\\":
                follows = text[self.at + 1 : min(self.at + 2, self.size)]
                self.at += 1 + len(follows)
                if follows != "\n":
                    out.append(follows if follows in ("$", "`", '"', "\\") else "\\" + follows)
            else:
                outer, self.in_double = self.in_double, True
                value = self.dollar()
                self.in_double = outer
                known = known and value is not None
                out.append(value or "")
        self.complain(start, self.size, "a double quote is not closed")
        return "".join(out) if known else None

    def dollar(self) -> str | None:
        """The value of `$…` or of a backquoted text at this place, None when it is not known."""
        if self.depth > DEEPEST:
            self.complain(self.at, self.size, "nested too deeply")
            self.at = self.size
            return None
        self.depth += 1
        value = self._expansion()
        self.depth -= 1
        return value

    def _expansion(self) -> str | None:
        text, at = self.text, self.at
        if text[at] == "`":
            return self._backquoted()
        if text.startswith("((", at + 1) and self._arithmetic(at + 3):
            return None
        if text.startswith("(", at + 1) and at + 1 < self.size:
            self.at = at + 2
            self.nested(")", "substitution")
            return None
        if text.startswith("{", at + 1) and at + 1 < self.size:
            return self._braced()
        name = re.compile(_NAME).match(text, at + 1, self.size)
        if name is None:
            self.at = at + 1
            return "$"
        self.at = name.end()
        return self.variables.get(name[0])

    def _braced(self) -> str | None:
        text, start = self.text, self.at
        simple = re.compile(_BRACED).match(text, start, self.size)
        if simple is not None:
            self.at = simple.end()
            held = self.variables.get(simple[1])
            operator = simple[2]
            if operator is None or held is None:
                return held
            empty = operator[0] == ":" and held == ""
            if operator[-1] == "-":
                return simple[3] if empty else held
            return "" if empty else simple[3]
        self.at += 2
        while self.at < self.size:
            char = text[self.at]
            if char == "}":
                self.at += 1
                return None
            if char == "'":
                self._quiet_single()
            elif char == '"':
                self._double()
            elif char == "\\":
                self.at += 2
            elif char in "$`":
                self.dollar()
            else:
                self.at += 1
        self.at = self.size
        self.complain(start, self.size, "a ${ is not closed")
        return None

    def _quiet_single(self) -> None:
        """A quote within `${…}`: in double quotes it may be an apostrophe, so it must close before `}`."""
        end = self.text.find("'", self.at + 1, self.size)
        closing = self.text.find("}", self.at + 1, self.size)
        quotes = end >= 0 and (not self.in_double or end < closing)
        self.at = end + 1 if quotes else self.at + 1

    def _backquoted(self) -> str | None:
        found = re.compile(r"`(?:[^`\\]|\\.)*", re.S).match(self.text, self.at, self.size)
        end = found.end() if found else self.size
        if end >= self.size or self.text[end] != "`":
            self.complain(self.at, self.at + 1, "a backquote is not closed")
            end = self.size
        outer = self.size
        self.at, self.size = self.at + 1, end
        self.nested("", "substitution")
        self.at, self.size = min(end + 1, outer), outer
        return None

    def _arithmetic(self, start: int) -> bool:
        """Takes `…))` from `start`, if that is how it ends; else nothing (it is a subshell then)."""
        text, at, depth = self.text, start, 0
        inner: list[int] = []
        while at < self.size and self.budget > 0:
            self.budget -= 1
            char = text[at]
            if char == "\\":
                at += 1
            elif char == "'":
                end = text.find("'", at + 1, self.size)
                at = end if end >= 0 else at
            elif text.startswith("$(", at) and not text.startswith("$((", at):
                inner.append(at)
                depth += 1
                at += 1
            elif char == "(":
                depth += 1
            elif char == ")":
                if depth == 0:
                    if not text.startswith("))", at) or at + 1 >= self.size:
                        return False
                    self._inside(inner, at)
                    self.at = at + 2
                    return True
                depth -= 1
            at += 1
        return False

    def _inside(self, places: list[int], end: int) -> None:
        """Reads the substitutions that stand in an arithmetic expression."""
        for place in places:
            if place >= self.at:
                self.at = place
                self.dollar()
