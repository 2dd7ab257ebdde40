"""Our cut of a file against BuildKit's own Go parser (PyPI `dockerfile`): instructions, words, heredocs."""

from __future__ import annotations

from importlib import import_module

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ctr_ci.dockerfile import (
    Add,
    Arg,
    Cmd,
    Copy,
    Entrypoint,
    Env,
    Expose,
    From,
    Instruction,
    Label,
    Maintainer,
    Run,
    Shell,
    Stopsignal,
    User,
    Volume,
    Workdir,
    parse,
)
from ctr_ci.source import Source

buildkit = import_module("dockerfile")
TRICKY = [
    "FROM a\nRUN a \\\n\n# c \\\n && b\nRUN c",
    "FROM a\nRUN a\\\\\nRUN b\\\\\\\nRUN c",
    "FROM a\n\\\nRUN b\n",
    "FROM a\nRUN a \\",
    "FROM a\r\nRUN a \\\r\n  b\r\n",
    "\ufeffFROM a\n",
    "# escape=`\nFROM a\nCOPY a c:\\\nRUN b `\n c\n",
    "# syntax=x\n# escape=`\nFROM a\nRUN b `\n c\n",
    "# hi\n# escape=`\nFROM a\nRUN b \\\n c\n",
    "FROM a\nRUN <<EOF\nFROM evil\nEOF\nRUN b",
    "FROM a\nRUN <<-'E F' cat\n\tx\n\tE F\nRUN b",
    "FROM a\nRUN cat <<A >/x && cat 3<<B >/y\n1\nA\n2\nB\nRUN c",
    'FROM a\nCOPY <<E <<"F" /x/\n1\nE\n2\nF\nRUN c',
    "FROM a\nONBUILD RUN <<E\nx\nE\nRUN c",
    "FROM a\nRUN grep a <<<x\nRUN echo '<<E'\nRUN echo $((1<<2))\nRUN echo ${x^^} <<E",
    'FROM a\nRUN ["cat", "<<E"]\nRUN b',
    'FROM a\nENV a="b c" d=\'e f\' g=h\\ i j=\nENV k l m=n\nLABEL "o p"=q r="s\\"t"',
    'FROM a\nCMD [ "a" , "b\\u0041\\n" ]\nCMD [\'a\']\nCMD ["a",]\nENTRYPOINT []\nCMD',
    "FROM a\nCOPY --from=x --chown='a b':c\\ d a b\nCOPY [\"a b\", \"c\"]\nADD 'a b' c\nCOPY\ta\x0bb",
    'FROM a\nARG a b=1 c="d e"\nEXPOSE 80 443/tcp\nVOLUME /a /b\n',
    'FROM a\nVOLUME ["/c d"]\nUSER a b\nWORKDIR /x # c',
    'FROM --platform=x a AS b\nfrom b\nRun --mount=type=cache,target=/x -- c --d\nSHELL ["a"]',
    "FROM a\nRUN a\u00a0b\u2028c\u2003\n\u00a0RUN d",
    "FROM a\nSTOPSIGNAL SIGTERM \nMAINTAINER a b <c>\n",
]


def words(each: Instruction) -> tuple[str, ...] | None:
    """The arguments as BuildKit's parser lists them; None where its list has another shape."""
    match each:
        case From():
            return tuple(each.arguments.text.split())
        case Run() | Cmd() | Entrypoint():
            if each.json is not None:
                return tuple([word.text for word in each.json])
            return (each.arguments.text,) if each.arguments.text else ()
        case Copy() | Add():
            if each.heredocs:
                return None
            return (*[word.text for word in each.sources], each.destination.text)
        case Env() | Label():
            found: list[str] = []
            for pair in each.pairs:
                found += [pair.key.text, pair.value.text if pair.value else ""]
            return tuple(found)
        case Arg():
            return tuple([pair.word.text for pair in each.pairs])
        case Expose():
            return tuple([word.text for word in each.ports])
        case Volume():
            return tuple([word.text for word in each.paths])
        case Shell():
            return tuple([word.text for word in each.words])
        case User():
            return (each.user.text,)
        case Workdir():
            return (each.path.text,)
        case Stopsignal():
            return (each.signal.text,)
        case Maintainer():
            return (each.author.text,)
        case _:
            return None


def compare(text: str) -> None:
    try:
        theirs = buildkit.parse_string(text)
    except buildkit.GoParseError:
        assert parse(Source("Dockerfile", text)).problems
        return
    dockerfile = parse(Source("Dockerfile", text))
    assert [each.keyword for each in dockerfile.instructions] == [(each.cmd or "").upper() for each in theirs]
    for mine, other in zip(dockerfile.instructions, theirs, strict=True):
        line = mine.span.start.line
        if dockerfile.source.lines[other.start_line - 1].strip(" \t\\`"):
            assert line == other.start_line
        else:  # ours begins where its keyword stands
            assert other.start_line <= line <= other.end_line
        if mine.keyword != "ONBUILD":  # the wheel does not hand these on
            bodies = [(h.name, h.content, h.file_descriptor) for h in other.heredocs]
            assert [(h.name, h.body.text, h.descriptor) for h in mine.heredocs] == bodies
        assert len(mine.flags) == len(other.flags)
        listed = words(mine)
        # older BuildKits, such as the wheel's, took any text behind an array
        behind_json = other.json and getattr(mine, "json", None) is None
        if listed is not None and not behind_json:
            assert listed == tuple(other.value)


@pytest.mark.parametrize("text", TRICKY)
def test_a_tricky_file_is_cut_as_buildkit_cuts_it(text: str) -> None:
    compare(text)


PIECES = [
    *("FROM a", "RUN a", "COPY a b", "ENV a=b", 'CMD ["a"]', "ONBUILD RUN a", "LABEL a b", "USER a", "ARG a"),
    *(" ", "  ", "\t", "\n", "\n\n", "\r\n", "\\\n", " \\ \n", "\\", "# c\n", "#", " <<E", " <<-E", " <<'E'"),
    *(
        "\nE\n",
        "\n\tE\n",
        "E\n",
        "--from=x ",
        " && b",
        "'",
        '"',
        "\\ ",
        "$",
        "${A}",
        "${A:-b}",
        "x",
        "é",
        "EOF",
    ),
    *("# escape=`\n", "`\n", "\nRUN ", "\nFROM b\n", "\nENV ", "\nCOPY "),
]


@settings(max_examples=1500, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=25).map("".join))
def test_any_file_is_cut_as_buildkit_cuts_it(text: str) -> None:
    compare(text)
