"""The nouns of a shell script: commands, their words, how they are joined, and what could not be read.

Offsets count characters of the text that was parsed. Knows no Dockerfile.
"""

from __future__ import annotations

from ctr_ci.value import value


@value
class Word:
    """A word: `text` as written, `value` what the command receives, None where that is not known.

    An unquoted variable with a known value of several words gives several `Word`s with the same
    place. `quoted` says that some part of it is quoted; `glob` that it holds an unquoted `* ? [`.
    `prefix` is the literal beginning of a word whose value is not known.
    """

    text: str
    value: str | None
    start: int
    end: int
    quoted: bool = False
    glob: bool = False
    prefix: str = ""


@value
class Assignment:
    """`name=value` before a command or alone; `value` None where it is not known."""

    name: str
    value: str | None
    start: int
    end: int


@value
class Redirection:
    """`operator` is `<`, `>`, `>>`, `>|`, `<>`, `<&`, `>&`, `&>`, `&>>`, `<<`, `<<-` or `<<<`."""

    operator: str
    descriptor: str
    target: Word
    start: int
    end: int
    body_start: int = -1
    body_end: int = -1


@value
class Command:
    """A simple command. `name` is the last path part of its first word, "" when that is not known.

    `before` and `after` are the operators that join it to its neighbours in its list: "", "&&",
    "||", ";", "&", "|", "|&"; a line end is ";". `pipeline` numbers the pipeline it is part of
    (index into `Script.pipelines`), `place` its element there. `chain` numbers the list of
    pipelines joined by && and ||. `nesting` says what it stands in, outermost first: "subshell",
    "group", "if" (the condition), "then", "else", "while" (the condition), "for", "loop", "case",
    "function", "substitution", "process", "script" (a `sh -c` text). `wrappers` are the commands
    that start it (`sudo`, `env`, `xargs`, …), outermost first: each is a `Command` of the script
    as well.
    """

    name: str
    words: tuple[Word, ...]
    assignments: tuple[Assignment, ...]
    redirections: tuple[Redirection, ...]
    start: int
    end: int
    before: str = ""
    after: str = ""
    pipeline: int = 0
    place: int = 0
    chain: int = 0
    nesting: tuple[str, ...] = ()
    wrappers: tuple[str, ...] = ()

    @property
    def arguments(self) -> tuple[Word, ...]:
        return self.words[1:]

    @property
    def values(self) -> tuple[str, ...]:
        """The arguments' values, "" for what is not known."""
        return tuple([word.value or "" for word in self.words[1:]])


@value
class Pipeline:
    """`elements` hold for each part the indices of its commands in `Script.commands`."""

    start: int
    end: int
    elements: tuple[tuple[int, ...], ...]
    negated: bool = False
    nesting: tuple[str, ...] = ()


@value
class Unread:
    """A stretch that the parser could not make sense of, and why."""

    start: int
    end: int
    why: str


@value
class Script:
    """`commands` flat, in the order of the text; `variables` those that it sets, as they stand at its end.

    `comments` are the places of comments in the text.
    """

    text: str
    commands: tuple[Command, ...]
    pipelines: tuple[Pipeline, ...]
    unread: tuple[Unread, ...] = ()
    comments: tuple[tuple[int, int], ...] = ()
    variables: tuple[tuple[str, str | None], ...] = ()
