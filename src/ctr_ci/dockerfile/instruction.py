"""The nouns of a Dockerfile: each instruction as a typed record with the place of every part.

An instruction that lacks what it cannot do without (`COPY a`) is an `Unknown` with the keyword it
has; the Dockerfile's `problems` say what is wrong with it.
"""

from __future__ import annotations

from ctr_ci.dockerfile.text import Text, Word
from ctr_ci.source import Source, Span
from ctr_ci.value import value


@value
class Comment:
    """A comment line: `text` without `#` and outer blanks; the place is from `#` to the line's end.

    `inside`: it stands between the lines of a continued instruction.
    """

    text: str
    start: int
    end: int
    source: Source
    inside: bool = False

    @property
    def span(self) -> Span:
        return self.source.span(self.start, self.end)

    @property
    def line(self) -> int:
        return self.source.position(self.start).line

    def __repr__(self) -> str:
        return f"Comment({self.text!r}, {self.start}, {self.end})"


@value
class Flag:
    """`--name=value` as BuildKit reads it: `value` has no quotes, None without `=`; `word` as written.

    `argument` is the value as written, for its place.
    """

    name: str
    value: str | None
    word: Word
    argument: Word | None

    @property
    def span(self) -> Span:
        return self.word.span


@value
class Heredoc:
    """One here-document: `word` is `<<EOF` as written, `body` its lines raw, up to the terminator.

    `expand` is false when the delimiter is quoted; `chomp` is true for `<<-`; `end` is the offset
    behind the terminator (or the file's end when it is missing: `terminated` is false).
    """

    name: str
    word: Word
    body: Text
    end: int
    expand: bool = True
    chomp: bool = False
    descriptor: int = 0
    terminated: bool = True

    @property
    def content(self) -> str:
        """The body as COPY writes it: without leading tabs when it was asked for with `<<-`."""
        if not self.chomp:
            return self.body.text
        return "\n".join([line.lstrip("\t") for line in self.body.text.split("\n")])


@value
class Line:
    """What every instruction has, whatever its keyword.

    `arguments` is all that follows keyword and flags, without continuations and comments. `above`
    are the comments since the instruction before; `comments` stand within the continuation, and
    `blanks` are the numbers of blank lines within it. `end` is behind the last heredoc, `head_end`
    behind the last continued line. `last_line` is the line where the continuation ends.
    """

    source: Source
    start: int
    head_end: int
    end: int
    keyword: Word
    flags: tuple[Flag, ...]
    arguments: Text
    heredocs: tuple[Heredoc, ...] = ()
    above: tuple[Comment, ...] = ()
    comments: tuple[Comment, ...] = ()
    blanks: tuple[int, ...] = ()
    last_line: int = 0


class Common:
    """The parts that all instructions share, read from their `line`."""

    __slots__ = ()
    line: Line

    @property
    def keyword(self) -> str:
        """In upper case; `line.keyword` has it as written."""
        return self.line.keyword.text.upper()

    @property
    def keyword_span(self) -> Span:
        return self.line.keyword.span

    @property
    def span(self) -> Span:
        return self.line.source.span(self.line.start, self.line.end)

    @property
    def start(self) -> int:
        return self.line.start

    @property
    def end(self) -> int:
        return self.line.end

    @property
    def flags(self) -> tuple[Flag, ...]:
        return self.line.flags

    @property
    def heredocs(self) -> tuple[Heredoc, ...]:
        return self.line.heredocs

    @property
    def arguments(self) -> Text:
        return self.line.arguments

    def flag(self, name: str) -> Flag | None:
        """The last flag of that name (`"from"` for `--from=x`)."""
        for flag in reversed(self.line.flags):
            if flag.name == name:
                return flag
        return None


@value
class Pair:
    """`key=value` of ENV, LABEL, ARG: `value` as written, with its quotes; None for a bare `ARG X`."""

    key: Word
    value: Word | None
    word: Word

    @property
    def span(self) -> Span:
        return self.word.span


@value
class Mount:
    """`--mount=…` read to fields; a value that holds `$` is kept as written. `target` "" is absent.

    `keys` are all `key[=value]` fields in order.
    """

    type: str
    source: str
    target: str
    from_: Word | None
    id: str
    read_only: bool
    sharing: str
    required: bool
    env: str | None
    mode: str
    uid: str
    gid: str
    size: str
    keys: tuple[tuple[str, str | None], ...]
    word: Word

    @property
    def span(self) -> Span:
        return self.word.span


@value
class From(Common):
    """`image` as written; `name` is the stage's word after AS, as written; `as_` the word AS itself."""

    line: Line
    image: Word
    as_: Word | None = None
    name: Word | None = None
    platform: Word | None = None


@value
class Run(Common):
    """`json` are the strings of the JSON form, else None.

    `script` is what a shell is given, mapped to the source: the arguments, with the heredocs that
    belong to it behind them; or the heredoc alone (`heredoc_script`) where it is the whole script;
    or the third string of `["sh", "-c", "…"]`. None when no shell reads it. `interpreter` is the
    `#!` line (without `#!`) of a heredoc that is run as a file.
    """

    line: Line
    json: tuple[Word, ...] | None
    script: Text | None
    mounts: tuple[Mount, ...] = ()
    heredoc_script: bool = False
    interpreter: str | None = None


@value
class Copy(Common):
    """`sources` without heredocs (these are in `heredocs`); `from_` is the value of `--from`."""

    line: Line
    sources: tuple[Word, ...]
    destination: Word
    json: bool = False
    from_: Word | None = None
    chown: Word | None = None
    chmod: Word | None = None
    link: bool = False
    parents: bool = False
    excludes: tuple[Word, ...] = ()


@value
class Add(Common):
    """As `Copy`; `unpack` and `keep_git_dir` are None when not said."""

    line: Line
    sources: tuple[Word, ...]
    destination: Word
    json: bool = False
    chown: Word | None = None
    chmod: Word | None = None
    link: bool = False
    excludes: tuple[Word, ...] = ()
    checksum: Word | None = None
    unpack: bool | None = None
    keep_git_dir: bool | None = None


@value
class Env(Common):
    """`legacy`: the form `ENV key value` without `=`."""

    line: Line
    pairs: tuple[Pair, ...]
    legacy: bool = False


@value
class Arg(Common):
    line: Line
    pairs: tuple[Pair, ...]


@value
class Label(Common):
    line: Line
    pairs: tuple[Pair, ...]
    legacy: bool = False


@value
class Workdir(Common):
    line: Line
    path: Word


@value
class User(Common):
    line: Line
    user: Word


@value
class Cmd(Common):
    """`json` are the strings of the JSON form; else `script` is the text for the shell (may be "")."""

    line: Line
    json: tuple[Word, ...] | None
    script: Text | None


@value
class Entrypoint(Common):
    line: Line
    json: tuple[Word, ...] | None
    script: Text | None


@value
class Expose(Common):
    line: Line
    ports: tuple[Word, ...]


@value
class Volume(Common):
    line: Line
    paths: tuple[Word, ...]
    json: bool = False


@value
class Shell(Common):
    line: Line
    words: tuple[Word, ...]


@value
class Healthcheck(Common):
    """`kind` is "NONE" or "CMD"; its word is `kind_word`."""

    line: Line
    kind: str
    kind_word: Word
    json: tuple[Word, ...] | None = None
    script: Text | None = None


@value
class Stopsignal(Common):
    line: Line
    signal: Word


@value
class Onbuild(Common):
    """`inner` is the instruction it holds, with its own places; heredocs are the inner one's too."""

    line: Line
    inner: Instruction


@value
class Maintainer(Common):
    line: Line
    author: Word


@value
class Unknown(Common):
    """No instruction that BuildKit knows, or one that lacks what it needs."""

    line: Line


Instruction = (
    From
    | Run
    | Copy
    | Add
    | Env
    | Arg
    | Label
    | Workdir
    | User
    | Cmd
    | Entrypoint
    | Expose
    | Volume
    | Shell
    | Healthcheck
    | Stopsignal
    | Onbuild
    | Maintainer
    | Unknown
)
