"""The grammar of sh and bash, as far as a linter needs it: which commands run, and in which context.

A recursive descent over the text that notes each simple command as it passes. It never raises: what
it cannot read is noted, skipped, and reading goes on behind it.
"""

from __future__ import annotations

import re

from ctr_ci.shell.script import Assignment, Command, Pipeline, Redirection, Script, Unread, Word
from ctr_ci.shell.unwrap import inner_command, inner_script, reads_script
from ctr_ci.shell.words import DEEPEST, LONGEST_VALUE, PLAIN, WordReader

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_REDIRECTION = r"(\d*|\{\w+\})(<<<|<<-|<<|<>|<&|>>|>\||>&|&>>|&>|<(?!\()|>(?!\())"
_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)(?:\[[^\]\n]*\])?(\+?)=")
_FUNCTION = r"([^\s'\"\\$`|&;<>()=]+)[ \t]*\([ \t]*\)"
_ENDS = frozenset(["then", "elif", "else", "fi", "do", "done", "esac", "}", "in"])
_STARTS = ("{", "!", "[[", "if", "while", "until", "for", "case", "select", "function", "time", "coproc")
_WORDS = _ENDS.union(_STARTS)
_DECLARATIONS = frozenset(["export", "readonly", "local", "declare", "typeset"])
_REGEX_WORD = r"(?:[^\s()'\"\\]|\\.|'[^']*'|\"(?:[^\"\\]|\\.)*\"|\((?:[^()'\"]|\([^()]*\))*\))+"


class _Draft:
    """A command that is still being read."""

    __slots__ = (
        "after",
        "assignments",
        "before",
        "chain",
        "end",
        "nesting",
        "origin",
        "pipeline",
        "place",
        "redirections",
        "start",
        "words",
        "wrappers",
    )

    def __init__(self, start: int, chain: int, nesting: tuple[str, ...]) -> None:
        self.start = self.end = start
        self.chain = chain
        self.nesting = nesting
        self.words: list[Word] = []
        self.assignments: list[Assignment] = []
        self.redirections: list[Redirection] = []
        self.wrappers: tuple[str, ...] = ()
        self.origin: _Draft | None = None  # the command that starts this one, in the same place
        self.before = self.after = ""
        self.pipeline = self.place = 0


class Parser(WordReader):
    """Reads a script; the results are in `drafts` and `pipelines`."""

    __slots__ = ("chains", "drafts", "nesting", "pipelines")

    def __init__(self, text: str, variables: dict[str, str | None], nesting: tuple[str, ...] = ()) -> None:
        super().__init__(text, variables)
        self.drafts: list[_Draft] = []
        self.pipelines: list[Pipeline | None] = []
        self.chains = 0
        self.nesting = nesting

    # lists

    def script(self) -> None:
        while True:
            self._list("")
            if self.at >= self.size:
                break
            word = self._reserved()
            end = self.at + (len(word) or 1)
            self.complain(self.at, end, f"{self.text[self.at : end]!r} has nothing to close")
            self.at = end
        self._bodies()

    def _list(self, closer: str) -> None:
        """Commands up to a closing word or sign, which is left standing."""
        before = ""
        while True:
            self._skip_lines()
            if self.at >= self.size or self._closes():
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

    def _closes(self) -> bool:
        char = self.text[self.at]
        if char == ")" or self.text.startswith((";;", ";&"), self.at):
            return True
        return self._reserved() in _ENDS

    def _reserved(self) -> str:
        """The reserved word at this place, "" when there is none."""
        found = PLAIN.match(self.text, self.at, self.size)
        if found is None or found[0] not in _WORDS:
            return ""
        end = found.end()
        return found[0] if end >= self.size or self.text[end] not in "'\"\\$`" else ""

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

    def _and_or(self, before: str) -> _Draft | None:
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

    def _pipeline(self, before: str, chain: int) -> _Draft | None:
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
        rest = self.text[end : self.size].lstrip(" \t")
        return rest.startswith(("(", "[[")) or rest.split(" ", 1)[0] in _COMPOUNDS

    # compound commands

    def _command(self, chain: int) -> _Draft | None:
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
                read = _COMPOUNDS.get(word)
                if read is not None:
                    self.at += len(word)
                    saved = dict(self.variables)
                    read(self)
                    self._forget(saved)
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
        if found is None or not self.text[found.end() : self.size].lstrip(" \t").startswith("("):
            return None
        return re.compile(_FUNCTION).match(self.text, self.at, self.size)

    def _within(self, label: str, closer: str = "") -> None:
        outer = self.nesting
        self.nesting = (*outer, label)
        self._list(closer)
        self.nesting = outer

    def _forget(self, saved: dict[str, str | None]) -> None:
        """Behind a branch a variable that it set is unknown."""
        for name, held in self.variables.items():
            if name not in saved or saved[name] != held:
                self.variables[name] = None

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
        saved = dict(self.variables)
        self._within("subshell", ")")
        self.variables = saved
        if self.text.startswith(")", self.at) and self.at < self.size:
            self.at += 1
        else:
            self._stray(start, "( is not closed")
        self._after_compound()

    def _stray(self, start: int, why: str) -> None:
        """What was opened at `start` is not closed here."""
        self.complain(start, min(start + 1, self.size), why)

    def nested(self, closer: str, label: str) -> None:
        start = self.at
        pending, self.pending = self.pending, []
        double, self.in_double = self.in_double, False
        self.depth += 1
        outer, saved = self.nesting, dict(self.variables)
        if self.depth > DEEPEST:
            self.complain(start, self.size, "nested too deeply")
            self.at = self.size
        else:
            self.nesting = (*outer, label)
            while True:
                self._list(closer)
                if self.at >= self.size or (closer and self.text[self.at] == closer):
                    break
                self.complain(self.at, self.at + 1, f"{self.text[self.at]!r} is out of place")
                self.at += 1
        self.nesting, self.variables = outer, saved
        self.depth -= 1
        self.pending, self.in_double = pending, double
        if closer and self.at < self.size:
            self.at += 1
        elif closer:
            self.complain(max(start - 1, 0), start, f"{closer} is missing")

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
            self.variables[name[0].value] = None
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
        saved = dict(self.variables)
        outer = self.nesting
        self.nesting = (*outer, "function")
        draft = self._command(chain)
        if draft is not None:
            draft.pipeline = len(self.pipelines) - 1
        self.nesting = outer
        self._forget(saved)

    def _after_compound(self) -> None:
        """The redirections behind a compound command."""
        while True:
            self.blanks()
            if not self._redirection(None):
                return

    def _test(self, chain: int) -> _Draft:
        """`[[ … ]]`, as a command whose words are its operands and operators."""
        draft = _Draft(self.at, chain, self.nesting)
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

    # simple commands

    def _simple(self, chain: int) -> _Draft | None:
        text = self.text
        draft = _Draft(self.at, chain, self.nesting)
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
            draft.words += words
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

    def _assign(self, draft: _Draft, found: re.Match[str]) -> None:
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

    def _remember(self, draft: _Draft) -> None:
        if not draft.words:
            for each in draft.assignments:
                self.variables[each.name] = each.value
            return
        name = draft.words[0].value
        if name in _DECLARATIONS:
            for word in draft.words[1:]:
                found = _ASSIGNMENT.match(word.text)
                if found is not None:
                    held = None if word.value is None else word.value.partition("=")[2][:LONGEST_VALUE]
                    self.variables[found[1]] = held
                    draft.assignments.append(Assignment(found[1], held, word.start, word.end))
        elif name in ("read", "unset", "mapfile", "readarray", "getopts"):
            for word in draft.words[1:]:
                if word.value in self.variables:
                    self.variables[word.value] = None

    def _redirection(self, draft: _Draft | None) -> bool:
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
            self.pending.append((made, name, operator == "<<-", quoted))
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
        for made, name, tabs, quoted in pending:
            start = at = self.at
            while True:
                if at >= self.size:
                    self.complain(made.start, made.end, f"the heredoc {name!r} has no end")
                    stop = self.at = self.size
                    break
                end = self.text.find("\n", at, self.size)
                end = self.size if end < 0 else end
                line = self.text[at:end].rstrip("\r")
                if (line.lstrip("\t") if tabs else line) == name:
                    stop, self.at = at, min(end + 1, self.size)
                    break
                at = end + 1
            draft = self._placed(made, start, stop)
            if draft is not None and reads_script(draft.words):
                self._heredoc_script(draft, start, stop, quoted)
            elif not quoted and ("$(" in self.text[start:stop] or "`" in self.text[start:stop]):
                self._substitutions(start, stop)

    def _heredoc_script(self, draft: _Draft, start: int, stop: int, quoted: bool) -> None:
        """The body of `bash <<EOF`: commands that the shell reads from its standard input."""
        resume, outer, saved = self.at, self.size, self.variables
        first = len(self.drafts)
        self.at, self.size = start, stop
        self.variables = {} if quoted else dict(saved)
        self.nested("", "script")
        self.at, self.size, self.variables = resume, outer, saved
        name = (draft.words[0].value or "").rsplit("/", 1)[-1]
        for each in self.drafts[first:]:
            each.wrappers = (*draft.wrappers, name, *each.wrappers)

    def _placed(self, made: Redirection, start: int, stop: int) -> _Draft | None:
        """Notes where a body lies, and says which command it belongs to."""
        for draft in reversed(self.drafts):
            if made in draft.redirections:
                at = draft.redirections.index(made)
                draft.redirections[at] = Redirection(
                    made.operator, made.descriptor, made.target, made.start, made.end, start, stop
                )
                return draft
        return None

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

    # commands that start others

    def _unwrap(self, draft: _Draft) -> None:
        if not draft.words or draft.words[0].value is None or self.depth > DEEPEST:
            return
        name = draft.words[0].value.rsplit("/", 1)[-1]
        script = inner_script(name, draft.words)
        if script is not None:
            self._inner_script(draft, name, script)
            return
        for first, stop in inner_command(name, draft.words):
            made = _Draft(draft.words[first].start, draft.chain, draft.nesting)
            made.words = draft.words[first:stop]
            made.end = made.words[-1].end
            made.redirections = draft.redirections
            made.wrappers = (*draft.wrappers, name)
            made.origin = draft
            self.drafts.append(made)
            self.depth += 1
            self._unwrap(made)
            self.depth -= 1

    def _inner_script(self, draft: _Draft, name: str, word: Word) -> None:
        from ctr_ci.shell.quote import handed_on

        text, places = handed_on(word.text, word.start)
        sub = Parser(text, {}, (*self.nesting, "script"))
        sub.depth = self.depth + 1
        sub.script()
        offset, chains = len(self.pipelines), self.chains
        first = len(self.drafts)
        for each in sub.drafts:
            _move(each, places)
            each.chain += chains
            each.pipeline += offset
            each.wrappers = (*draft.wrappers, name, *each.wrappers)
        self.chains += sub.chains
        for pipeline in sub.pipelines:
            if pipeline is not None:
                elements = tuple([tuple([at + first for at in each]) for each in pipeline.elements])
                pipeline = Pipeline(
                    places[pipeline.start],
                    _end(places, pipeline.end),
                    elements,
                    pipeline.negated,
                    pipeline.nesting,
                )
            self.pipelines.append(pipeline)
        self.drafts += sub.drafts
        self.unread += [Unread(places[each.start], _end(places, each.end), each.why) for each in sub.unread]


def _end(places: list[int], end: int) -> int:
    return places[end - 1] + 1 if end else places[0]


def _move(draft: _Draft, places: list[int]) -> None:
    """A command read from a handed-on script, put where it stands in the text around it."""
    start, end = draft.start, draft.end
    draft.start, draft.end = places[start], max(_end(places, end), places[start])
    draft.words = [
        Word(w.text, w.value, places[w.start], _end(places, w.end), w.quoted, w.glob, w.prefix)
        for w in draft.words
    ]
    draft.assignments = [
        Assignment(a.name, a.value, places[a.start], _end(places, a.end)) for a in draft.assignments
    ]
    moved: list[Redirection] = []
    for r in draft.redirections:
        w = r.target
        target = Word(w.text, w.value, places[w.start], _end(places, w.end), w.quoted, w.glob, w.prefix)
        moved.append(Redirection(r.operator, r.descriptor, target, places[r.start], _end(places, r.end)))
    draft.redirections = moved


_COMPOUNDS = {
    "{": Parser._group,
    "if": Parser._if,
    "while": Parser._while,
    "until": Parser._while,
    "for": Parser._for,
    "select": Parser._for,
    "case": Parser._case,
    "function": Parser._function,
}


def parse(text: str, variables: Mapping[str, str | None] = {}) -> Script:
    """The commands of a script. `variables` are those set outside: None for "set, value unknown"."""
    parser = Parser(text, dict(variables))
    parser.script()
    commands: list[Command] = []
    for draft in parser.drafts:
        origin = draft.origin
        if origin is not None:
            draft.before, draft.after = origin.before, origin.after
            draft.pipeline, draft.place = origin.pipeline, origin.place
        first = draft.words[0].value if draft.words else None
        commands.append(
            Command(
                (first or "").rsplit("/", 1)[-1],
                tuple(draft.words),
                tuple(draft.assignments),
                tuple(draft.redirections),
                draft.start,
                draft.end,
                draft.before,
                draft.after,
                draft.pipeline,
                draft.place,
                draft.chain,
                draft.nesting,
                draft.wrappers,
            )
        )
    pipelines = tuple([each or Pipeline(0, 0, ()) for each in parser.pipelines])
    return Script(
        text,
        tuple(commands),
        pipelines,
        tuple(parser.unread),
        tuple(parser.comments),
        tuple(parser.variables.items()),
    )
