"""Redirections and here-documents: what a command reads and writes, and the bodies behind a line."""

from __future__ import annotations

import re

from ctr_ci.shell.draft import Awaited, Draft
from ctr_ci.shell.script import Redirection, Word
from ctr_ci.shell.unwrap import reads_script
from ctr_ci.shell.variables import Variables
from ctr_ci.shell.words import WordReader

_REDIRECTION = r"(\d*|\{\w+\})(<<<|<<-|<<|<>|<&|>>|>\||>&|&>>|&>|<(?!\()|>(?!\())"


class RedirectionReader(WordReader):
    """Adds to the words the redirections. `drafts` are the commands read so far."""

    __slots__ = ("drafts",)

    def __init__(self, text: str, variables: Variables) -> None:
        super().__init__(text, variables)
        self.drafts: list[Draft] = []

    def _skip_lines(self) -> None:
        """Blanks, line ends (with the bodies of heredocs behind them) and comments."""
        while self.at < self.size:
            self.blanks()
            char = self.text[self.at : min(self.at + 1, self.size)]
            if char == "\n":
                self.at += 1
                self._bodies()
            elif char == "#":
                end = self.text.find("\n", self.at, self.size)
                end = self.size if end < 0 else end
                self.comments.append((self.at, end))
                self.at = end
            else:
                return

    def _redirection(self, draft: Draft | None) -> bool:
        if not self._may_redirect():
            return False
        found = re.compile(_REDIRECTION).match(self.text, self.at, self.size)
        if found is None:
            return False
        start, operator = self.at, found[2]
        self.at = found.end()
        self.blanks()
        at = self.at
        if operator in ("<<", "<<-"):
            name, quoted = self._delimiter()
            target = Word(self.text[at : self.at], name, at, self.at, quoted)
            made = Redirection(operator, found[1], target, start, self.at)
            self.pending.append(Awaited(made, name, operator == "<<-", quoted, draft))
            if draft is not None:
                draft.redirections.append(made)
                draft.end = self.at
            return True
        words = self.words()
        if not words:
            self.complain(start, self.at, f"nothing follows {operator}")
        target = words[0] if words else Word("", "", at, at)
        if draft is not None:
            draft.redirections.append(Redirection(operator, found[1], target, start, self.at))
            draft.end = self.at
        return True

    def _may_redirect(self) -> bool:
        """A look ahead without a regular expression: most words that begin with a digit are just words."""
        text, at = self.text, self.at
        while at < self.size and text[at].isdigit():
            at += 1
        char = text[at : min(at + 1, self.size)]
        return char in ("<", ">", "{") or (char == "&" and text.startswith("&>", at))

    def _delimiter(self) -> tuple[str, bool]:
        found = re.compile(r"(?:[^\s'\"\\|&;<>()]|\\.|'[^']*'|\"[^\"]*\")+").match(
            self.text, self.at, self.size
        )
        if found is None:
            return "", False
        self.at = found.end()
        return re.sub(r"\\(.)|['\"]", r"\1", found[0]), any(sign in found[0] for sign in "'\"\\")

    def _bodies(self) -> None:
        """The bodies of the heredocs announced on the line that has just ended."""
        pending, self.pending = self.pending, []
        for one in pending:
            made, name = one.redirection, one.name
            start = at = self.at
            while True:
                if at >= self.size:
                    self.complain(made.start, made.end, f"the heredoc {name!r} has no end")
                    stop = self.at = self.size
                    break
                end = self.text.find("\n", at, self.size)
                end = self.size if end < 0 else end
                line = self.text[at:end].rstrip("\r")
                if (line.lstrip("\t") if one.tabs else line) == name:
                    stop, self.at = at, min(end + 1, self.size)
                    break
                at = end + 1
            draft = _placed(one, start, stop)
            if draft is not None and reads_script(draft.words):
                self._heredoc_script(draft, start, stop, one.quoted)
            elif not one.quoted and ("$(" in self.text[start:stop] or "`" in self.text[start:stop]):
                self._substitutions(start, stop)

    def _heredoc_script(self, draft: Draft, start: int, stop: int, quoted: bool) -> None:
        """The body of `bash <<EOF`: commands that the shell reads from its standard input."""
        resume, outer, variables = self.at, self.size, self.variables
        first = len(self.drafts)
        self.at, self.size = start, stop
        if quoted:
            self.variables = Variables()
        self.nested("", "script")
        self.at, self.size, self.variables = resume, outer, variables
        name = (draft.words[0].value or "").rsplit("/", 1)[-1]
        for each in self.drafts[first:]:
            each.wrappers = (*draft.wrappers, name, *each.wrappers)

    def _substitutions(self, start: int, stop: int) -> None:
        """The commands that an unquoted heredoc body runs while it is expanded."""
        resume, outer = self.at, self.size
        self.at, self.size = start, stop
        while self.at < stop:
            found = re.compile(r"\\.|\$\(|`", re.S).search(self.text, self.at, stop)
            if found is None:
                break
            self.at = found.start()
            if found[0][0] == "\\":
                self.at = found.end()
            else:
                self.dollar()
        self.at, self.size = resume, outer


def _placed(one: Awaited, start: int, stop: int) -> Draft | None:
    """Notes where a body lies, and says which command reads it: of `sudo bash <<EOF` the innermost."""
    draft, made = one.draft, one.redirection
    if draft is None:
        return None
    draft.redirections[one.place] = Redirection(
        made.operator, made.descriptor, made.target, made.start, made.end, start, stop
    )
    while draft.inner is not None:
        draft = draft.inner
    return draft
