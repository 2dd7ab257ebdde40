"""Simple commands: assignments, words, redirections; what they leave in variables; what they start."""

from __future__ import annotations

import re

from ctr_ci.shell.draft import Draft, end_of, moved
from ctr_ci.shell.redirect import RedirectionReader
from ctr_ci.shell.script import Assignment, Pipeline, Unread, Word
from ctr_ci.shell.unwrap import inner_command, inner_script
from ctr_ci.shell.variables import Variables
from ctr_ci.shell.words import DEEPEST, LONGEST_VALUE

_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)(?:\[[^\]\n]*\])?(\+?)=")
_DECLARATIONS = frozenset(["export", "readonly", "local", "declare", "typeset"])


class CommandReader(RedirectionReader):
    """Reads a simple command. `nesting` is what it stands in, `chains` counts the and-or lists."""

    __slots__ = ("chains", "nesting", "pipelines")

    def __init__(self, text: str, variables: Variables, nesting: tuple[str, ...] = ()) -> None:
        super().__init__(text, variables)
        self.pipelines: list[Pipeline | None] = []
        self.chains = 0
        self.nesting = nesting

    def script(self) -> None:
        """Reads the whole text."""
        raise NotImplementedError

    def _simple(self, chain: int) -> Draft | None:
        text = self.text
        draft = Draft(self.at, chain, self.nesting)
        self.drafts.append(draft)
        while self.at < self.size:
            char = text[self.at]
            if char in " \t\r\f\v\\":
                self.blanks()
                if self.at >= self.size:
                    break
                char = text[self.at]
            if char == "#" and (self.at == 0 or text[self.at - 1] in " \t\n;"):
                break
            if char in "<>&{0123456789" and self._redirection(draft):
                continue
            if not draft.words or draft.words[0].value in _DECLARATIONS:
                found = _ASSIGNMENT.match(text, self.at, self.size)
                if found is not None and (not draft.words or self.text.startswith("(", found.end())):
                    self._assign(draft, found)
                    continue
            words = self.words()
            if not words:
                if char == "(" and draft.words:
                    self._odd_parenthesis()
                    continue
                break
            # an unquoted variable that is empty leaves no word: `$SUDO apt-get` runs apt-get
            draft.words += [word for word in words if word.value != "" or word.quoted]
            draft.end = self.at
        if not draft.words and not draft.assignments and not draft.redirections:
            self.drafts.pop()
            return None
        starts = [each.start for each in draft.words[:1]]
        starts += [each.start for each in draft.assignments[:1]]
        starts += [each.start for each in draft.redirections[:1]]
        draft.start = min(starts)
        self._remember(draft)
        self._unwrap(draft)
        return draft

    def _odd_parenthesis(self) -> None:
        """A `(` among the words of a command, as in an unquoted pattern or an array of `declare`."""
        start = self.at
        self.at += 1
        depth = 1
        while self.at < self.size and depth and self.text[self.at] != "\n":
            char = self.text[self.at]
            if char in "'\"$`\\" and self.words():
                continue
            depth += (char == "(") - (char == ")")
            self.at += 1
        self.complain(start, self.at, "a parenthesis among the words of a command")

    def _assign(self, draft: Draft, found: re.Match[str]) -> None:
        start = self.at
        self.at = found.end()
        value: str | None = ""
        if self.text.startswith("(", self.at) and self.at < self.size:
            self.at += 1
            value = None
            while self.at < self.size and self.text[self.at] != ")":
                self._skip_lines()
                if self.at < self.size and self.text[self.at] != ")" and not self.words():
                    self.at += 1
            self.at = min(self.at + 1, self.size)
        elif self.at < self.size and not self.text[self.at].isspace():
            words = self._one_field()
            value = words
        name = found[1]
        if found[2] and value is not None:
            held = self.variables.get(name)
            value = None if held is None else held + value
        if found[0][-2:-1] == "]":
            value = None
        if value is not None and len(value) > LONGEST_VALUE:
            value = None
        draft.assignments.append(Assignment(name, value, start, self.at))
        draft.end = self.at

    def _one_field(self) -> str | None:
        """A word that is not split: the right side of an assignment."""
        start = self.at
        words = self.words()
        if len(words) > 1:
            return (
                re.sub(r"\s+", " ", " ".join([word.value or "" for word in words])) if self.at > start else ""
            )
        return words[0].value if words else ""

    def _remember(self, draft: Draft) -> None:
        if not draft.words:
            for each in draft.assignments:
                self.variables.set(each.name, each.value)
            return
        name = draft.words[0].value
        if name in _DECLARATIONS:
            for word in draft.words[1:]:
                found = _ASSIGNMENT.match(word.text)
                if found is not None:
                    held = None if word.value is None else word.value.partition("=")[2][:LONGEST_VALUE]
                    self.variables.set(found[1], held)
                    draft.assignments.append(Assignment(found[1], held, word.start, word.end))
        elif name in ("read", "unset", "mapfile", "readarray", "getopts"):
            for word in draft.words[1:]:
                if word.value is not None and self.variables.get(word.value) is not None:
                    self.variables.set(word.value, None)

    def _unwrap(self, draft: Draft) -> None:
        if not draft.words or draft.words[0].value is None or self.depth > DEEPEST:
            return
        name = draft.words[0].value.rsplit("/", 1)[-1]
        script = inner_script(name, draft.words)
        if script is not None:
            self._inner_script(draft, name, script)
            return
        for first, stop in inner_command(name, draft.words):
            made = Draft(draft.words[first].start, draft.chain, draft.nesting)
            made.words = draft.words[first:stop]
            made.end = made.words[-1].end
            made.redirections = draft.redirections
            made.wrappers = (*draft.wrappers, name)
            made.origin, draft.inner = draft, made
            self.drafts.append(made)
            self.depth += 1
            self._unwrap(made)
            self.depth -= 1

    def _inner_script(self, draft: Draft, name: str, word: Word) -> None:
        from ctr_ci.shell.quote import handed_on

        text, places = handed_on(word.text, word.start)
        sub = type(self)(text, Variables(), (*self.nesting, "script"))
        sub.depth = self.depth + 1
        sub.script()
        offset, chains = len(self.pipelines), self.chains
        first = len(self.drafts)
        for each in sub.drafts:
            moved(each, places)
            each.chain += chains
            each.pipeline += offset
            each.wrappers = (*draft.wrappers, name, *each.wrappers)
        self.chains += sub.chains
        for pipeline in sub.pipelines:
            if pipeline is not None:
                elements = tuple([tuple([at + first for at in each]) for each in pipeline.elements])
                pipeline = Pipeline(
                    places[pipeline.start],
                    end_of(places, pipeline.end),
                    elements,
                    pipeline.negated,
                    pipeline.nesting,
                )
            self.pipelines.append(pipeline)
        self.drafts += sub.drafts
        self.unread += [Unread(places[each.start], end_of(places, each.end), each.why) for each in sub.unread]
