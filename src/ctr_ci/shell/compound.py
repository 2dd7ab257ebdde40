"""Compound commands: groups, subshells, if, loops, case, functions, `[[ ]]`."""

from __future__ import annotations

import re

from ctr_ci.shell.draft import Draft
from ctr_ci.shell.script import Word
from ctr_ci.shell.simple import CommandReader
from ctr_ci.shell.words import DEEPEST, PLAIN

_FUNCTION = r"([^\s'\"\\$`|&;<>()=]+)[ \t]*\([ \t]*\)"
_ENDS = frozenset(["then", "elif", "else", "fi", "do", "done", "esac", "}", "in"])
_STARTS = ("{", "!", "[[", "if", "while", "until", "for", "case", "select", "function", "time", "coproc")
_WORDS = _ENDS.union(_STARTS)
_REGEX_WORD = r"(?:[^\s()'\"\\]|\\.|'[^']*'|\"(?:[^\"\\]|\\.)*\"|\((?:[^()'\"]|\([^()]*\))*\))+"


class CompoundReader(CommandReader):
    """Reads any command: a compound one, or else a simple one."""

    __slots__ = ()

    def commands(self) -> None:
        """Reads a list of commands up to a closing word or sign, which is left standing."""
        raise NotImplementedError

    def _reserved(self) -> str:
        """The reserved word at this place, "" when there is none."""
        found = PLAIN.match(self.text, self.at, self.size)
        if found is None or found[0] not in _WORDS:
            return ""
        end = found.end()
        return found[0] if end >= self.size or self.text[end] not in "'\"\\$`" else ""

    def closes(self) -> bool:
        char = self.text[self.at]
        if char == ")" or self.text.startswith((";;", ";&"), self.at):
            return True
        return self._reserved() in _ENDS

    def _command(self, chain: int) -> Draft | None:
        text = self.text
        if self.at >= self.size:
            return None
        if self.depth > DEEPEST:
            self.complain(self.at, self.size, "nested too deeply")
            self.at = self.size
            return None
        self.depth += 1
        try:
            if text[self.at] == "(":
                if text.startswith("((", self.at) and self._arithmetic(self.at + 2):
                    self._after_compound()
                    return None
                self._subshell()
                return None
            word = self._reserved()
            if word:
                if word == "[[":
                    return self._test(chain)
                read = COMPOUNDS.get(word)
                if read is not None:
                    self.at += len(word)
                    mark = self.variables.mark()
                    read(self)
                    self.variables.forget(mark)
                    self._after_compound()
                    return None
            function = self._function_name()
            if function is not None:
                self.at = function.end()
                self._body_of_function(chain)
                return None
            return self._simple(chain)
        finally:
            self.depth -= 1

    def _function_name(self) -> re.Match[str] | None:
        """`name ()`, where it stands here."""
        found = PLAIN.match(self.text, self.at, self.size)
        if found is None:
            return None
        end = self.behind_blanks(found.end())
        if end >= self.size or self.text[end] != "(":
            return None
        return re.compile(_FUNCTION).match(self.text, self.at, self.size)

    def _within(self, label: str) -> None:
        outer = self.nesting
        self.nesting = (*outer, label)
        self.commands()
        self.nesting = outer

    def _expect(self, *words: str) -> str:
        """Takes one of the closing words, if it stands here."""
        self._skip_lines()
        found = self._reserved()
        if found in words:
            self.at += len(found)
            return found
        shown = self.text[self.at : min(self.at + 12, self.size)].split("\n")[0] or "the end"
        self.complain(self.at, min(self.at + 1, self.size), f"{words[-1]} was expected, not {shown}")
        return ""

    def _subshell(self) -> None:
        start = self.at
        self.at += 1
        mark = self.variables.mark()
        self._within("subshell")
        self.variables.take_back(mark)
        if self.text.startswith(")", self.at) and self.at < self.size:
            self.at += 1
        else:
            self._stray(start, "( is not closed")
        self._after_compound()

    def _stray(self, start: int, why: str) -> None:
        """What was opened at `start` is not closed here."""
        self.complain(start, min(start + 1, self.size), why)

    def _group(self) -> None:
        self._within("group")
        self._expect("}")

    def _if(self) -> None:
        self._within("if")
        self._expect("then")
        self._within("then")
        while True:
            word = self._expect("elif", "else", "fi")
            if word == "elif":
                self._within("if")
                self._expect("then")
                self._within("then")
            elif word == "else":
                self._within("else")
            else:
                return

    def _while(self) -> None:
        self._within("while")
        self._loop("loop")

    def _loop(self, label: str) -> None:
        self._skip_lines()
        if self.text.startswith(";", self.at) and self.at < self.size:
            self.at += 1
        if self._expect("do", "{") in ("do", ""):
            self._within(label)
            self._expect("done")
        else:
            self._within(label)
            self._expect("}")

    def _for(self) -> None:
        self.blanks()
        if self.text.startswith("((", self.at) and self._arithmetic(self.at + 2):
            self._loop("for")
            return
        name = self.words()
        if name and name[0].value:
            self.variables.set(name[0].value, None)
        self._skip_lines()
        if self._reserved() == "in":
            self.at += 2
            while True:
                self.blanks()
                if not self.words():
                    break
        self._loop("for")

    def _case(self) -> None:
        self.blanks()
        self.words()
        self._expect("in")
        while True:
            self._skip_lines()
            if self.at >= self.size:
                self._expect("esac")
                return
            if self._reserved() == "esac":
                self.at += 4
                return
            if not self._patterns():
                return
            self._within("case")
            for end in (";;&", ";;", ";&"):
                if self.text.startswith(end, self.at) and self.at < self.size:
                    self.at += len(end)
                    break

    def _patterns(self) -> bool:
        """The patterns of one case, with the `)` behind them."""
        start = self.at
        if self.text[self.at] == "(":
            self.at += 1
        while self.at < self.size:
            self.blanks()
            if self.at >= self.size:
                break
            char = self.text[self.at]
            if char == ")":
                self.at += 1
                return True
            if char in "|(":
                self.at += 1
            elif not self.words():
                break
        self.complain(start, min(self.at + 1, self.size), "the patterns of a case do not end in )")
        self.at = min(self.at + 1, self.size) if self.at == start else self.at
        return self.at < self.size

    def _function(self) -> None:
        self.blanks()
        self.words()
        self.blanks()
        found = re.compile(r"\([ \t]*\)").match(self.text, self.at, self.size)
        if found:
            self.at = found.end()
        self._body_of_function(self.chains)

    def _body_of_function(self, chain: int) -> None:
        self._skip_lines()
        mark = self.variables.mark()
        outer = self.nesting
        self.nesting = (*outer, "function")
        draft = self._command(chain)
        if draft is not None:
            draft.pipeline = len(self.pipelines) - 1
        self.nesting = outer
        self.variables.forget(mark)

    def _after_compound(self) -> None:
        """The redirections behind a compound command."""
        while True:
            self.blanks()
            if not self._redirection(None):
                return

    def _test(self, chain: int) -> Draft:
        """`[[ … ]]`, as a command whose words are its operands and operators."""
        draft = Draft(self.at, chain, self.nesting)
        self.drafts.append(draft)
        text = self.text
        draft.words.append(Word("[[", "[[", self.at, self.at + 2))
        self.at += 2
        while True:
            self._skip_lines()
            if self.at >= self.size:
                self._stray(draft.start, "[[ is not closed")
                break
            start = self.at
            if text.startswith("]]", start):
                self.at += 2
                break
            if draft.words[-1].text == "=~":
                found = re.compile(_REGEX_WORD, re.S).match(text, start, self.size)
                if found is not None:
                    self.at = found.end()
                    draft.words.append(Word(found[0], None, start, self.at))
                    continue
            if text.startswith(("&&", "||"), start):
                self.at += 2
            elif text[start] in "()<>;&|":
                self.at += 1
            else:
                read = self.words()
                draft.words += read
                if not read:
                    self.at += 1
                continue
            draft.words.append(Word(text[start : self.at], text[start : self.at], start, self.at))
        draft.end = self.at
        self._after_compound()
        return draft


COMPOUNDS = {
    "{": CompoundReader._group,
    "if": CompoundReader._if,
    "while": CompoundReader._while,
    "until": CompoundReader._while,
    "for": CompoundReader._for,
    "select": CompoundReader._for,
    "case": CompoundReader._case,
    "function": CompoundReader._function,
}
LONGEST_KEYWORD = max(map(len, COMPOUNDS))
