from __future__ import annotations

from ctr_ci.dockerfile import Copy, Run
from ctr_ci.lint.rule import Bad, Category, Good, Related, Rule, Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.dockerfile import Word
    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding

_TARS = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".tar.zst")


def check(facts: Facts) -> Iterator[Finding]:
    copied: list[tuple[int, str, Copy, Word]] = []
    for one in facts.each(Copy, Run):
        stage = facts.stage_of(one)
        if stage is None:
            continue
        if isinstance(one, Copy):
            if one.from_ is None:
                copied += [
                    (stage.index, w.text.rpartition("/")[2], one, w)
                    for w in one.sources
                    if w.text.lower().endswith(_TARS)
                ]
            continue
        script = facts.script(one)
        for command in script.commands if script else ():
            if command.name != "tar" or not _extracts(command.values):
                continue
            for index, name, copy, word in copied:
                if index == stage.index and any(text.rpartition("/")[2] == name for text in command.values):
                    yield RULE.at(
                        copy.keyword_span,
                        f"ADD unpacks {word.text} by itself; this way the archive stays in a layer",
                        help="use ADD, and leave out the tar",
                        related=(Related(facts.span(one, command.start, command.end), "unpacked here"),),
                    )


def _extracts(values: tuple[str, ...]) -> bool:
    first = values[0] if values else ""
    return any(
        text in ("--extract", "--get") or (text[:1] == "-" and text[:2] != "--" and "x" in text[1:])
        for text in values
    ) or (bool(first) and first[0] != "-" and "x" in first and "/" not in first and "." not in first)


RULE = Rule(
    id="CT176",
    name="add-unpack",
    severity=Severity.INFO,
    category=Category.SIZE,
    summary="ADD unpacks a local archive without leaving it in a layer",
    why="COPY stores the archive in a layer; unpacking it in the next one keeps both.",
    examples=(
        Bad("FROM alpine:3.20\nCOPY a.tgz /t/\nRUN tar xzf /t/a.tgz\n", at="2:1-2:5"),
        Good("FROM alpine:3.20\nADD a.tgz /t/\n"),
    ),
    same_as=("DL3010", "tally:prefer-add-unpack"),
    check=check,
)
