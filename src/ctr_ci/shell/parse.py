"""The grammar of sh and bash, as far as a linter needs it: which commands run, and in which context.

A recursive descent over the text that notes each simple command as it passes. It never raises: what
it cannot read is noted, skipped, and reading goes on behind it. `WordReader` reads words,
`RedirectionReader` adds redirections, `CommandReader` simple commands, `CompoundReader` compound
ones, and `Parser` here the lists and pipelines that join them.
"""

from __future__ import annotations

from ctr_ci.shell.compound import COMPOUNDS, LONGEST_KEYWORD, CompoundReader
from ctr_ci.shell.draft import Draft
from ctr_ci.shell.script import Pipeline, Script
from ctr_ci.shell.variables import Variables, unset
from ctr_ci.shell.words import DEEPEST

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class Parser(CompoundReader):
    """Reads a script; the results are in `drafts` and `pipelines`."""

    __slots__ = ()

    def script(self) -> None:
        while True:
            self.commands()
            if self.at >= self.size:
                break
            word = self._reserved()
            end = self.at + (len(word) or 1)
            self.complain(self.at, end, f"{self.text[self.at : end]!r} has nothing to close")
            self.at = end
        self._bodies()

    def commands(self) -> None:
        """Commands up to a closing word or sign, which is left standing."""
        before = ""
        while True:
            self._skip_lines()
            if self.at >= self.size or self.closes():
                return
            start = self.at
            last = self._and_or(before)
            self.blanks()
            before = ";"
            if self.at < self.size:
                char = self.text[self.at]
                if self.text.startswith(";;", self.at) or self.text.startswith(";&", self.at):
                    return
                if char in ";&":
                    before = char
                    self.at += 1
                    if last is not None:
                        last.after = char
                elif char == "\n" and last is not None:
                    last.after = ";"
            if self.at == start:
                self.complain(start, start + 1, f"{self.text[start]!r} is out of place")
                self.at += 1

    def _and_or(self, before: str) -> Draft | None:
        self.chains += 1
        chain = self.chains
        while True:
            last = self._pipeline(before, chain)
            self.blanks()
            operator = self.text[self.at : min(self.at + 2, self.size)]
            if operator not in ("&&", "||"):
                return last
            if last is not None:
                last.after = operator
            before = operator
            self.at += 2
            self._skip_lines()
            if self.at >= self.size:
                self.complain(self.at - 1, self.size, f"nothing follows {operator}")
                return last

    def _pipeline(self, before: str, chain: int) -> Draft | None:
        number = len(self.pipelines)
        self.pipelines.append(None)
        start, negated = self.at, False
        elements: list[tuple[int, ...]] = []
        while True:
            word = self._reserved()
            if word not in ("!", "time", "coproc"):
                break
            if word == "time" and not self._is_keyword(self.at + 4):
                break
            negated = negated != (word == "!")
            self.at += len(word)
            self.blanks()
        while True:
            first, began = len(self.drafts), self.at
            draft = self._command(chain)
            if self.at == began and before in ("&&", "||", "|", "|&"):
                self.complain(began - 1, began, f"no command follows {before}")
            if draft is not None:
                draft.before, draft.pipeline, draft.place = before, number, len(elements)
            elements.append(tuple(range(first, len(self.drafts))))
            end = self.at
            self.blanks()
            if (
                not self.text.startswith("|", self.at)
                or self.text.startswith("||", self.at)
                or self.at >= self.size
            ):
                break
            before = "|&" if self.text.startswith("|&", self.at) else "|"
            if draft is not None:
                draft.after = before
            self.at += len(before)
            self._skip_lines()
        self.pipelines[number] = Pipeline(start, end, tuple(elements), negated, self.nesting)
        return draft

    def _is_keyword(self, end: int) -> bool:
        """Whether `time` stands before a compound command: before a simple one it is a wrapper."""
        end = self.behind_blanks(end)
        rest = self.text[end : min(end + LONGEST_KEYWORD + 1, self.size)]
        return rest.startswith(("(", "[[")) or rest.split(" ", 1)[0] in COMPOUNDS

    def nested(self, closer: str, label: str) -> None:
        start = self.at
        pending, self.pending = self.pending, []
        double, self.in_double = self.in_double, False
        self.depth += 1
        outer, mark = self.nesting, self.variables.mark()
        if self.depth > DEEPEST:
            self.complain(start, self.size, "nested too deeply")
            self.at = self.size
        else:
            self.nesting = (*outer, label)
            while True:
                self.commands()
                if self.at >= self.size or (closer and self.text[self.at] == closer):
                    break
                self.complain(self.at, self.at + 1, f"{self.text[self.at]!r} is out of place")
                self.at += 1
        self.nesting = outer
        self.variables.take_back(mark)
        self.depth -= 1
        self.pending, self.in_double = pending, double
        if closer and self.at < self.size:
            self.at += 1
        elif closer:
            self.complain(max(start - 1, 0), start, f"{closer} is missing")


def parse(text: str, outside: Callable[[str], str | None] = unset) -> Script:
    """The commands of a script. `outside` is asked for variables that the script has not set."""
    parser = Parser(text, Variables(outside))
    parser.script()
    return Script(
        text,
        tuple([draft.finished() for draft in parser.drafts]),
        tuple([each or Pipeline(0, 0, ()) for each in parser.pipelines]),
        tuple(parser.unread),
        tuple(parser.comments),
        parser.variables.all(),
    )
