"""Laws that hold for any text."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from ctr_ci.shell import Script, parse

PIECES = [
    *("a", "b", "sudo ", "sh -c ", "env ", "find . -exec ", "xargs ", "echo ", "A=", "A+=", "1", "$A", "${A"),
    *(
        "${A:-",
        "}",
        "{",
        "{ ",
        " }",
        "(",
        ")",
        "((",
        "))",
        "$(",
        "$((",
        "`",
        "'",
        '"',
        "$'",
        "\\",
        "\\\n",
        "\n",
    ),
    *(
        ";",
        ";;",
        "&&",
        "||",
        "|",
        "&",
        "<",
        ">",
        ">>",
        "2>&1",
        "<<E",
        "<<-'E'",
        "\nE\n",
        "<<<",
        "<(",
        "!",
        " ",
    ),
    *("\t", "#", "=~", "if ", "then ", "else ", "elif ", "fi", "for i in ", "do ", "done", "while ", "case "),
    *(" in ", "esac", "[[ ", " ]]", "[ ", " ]", "f() ", "function ", "time ", "coproc ", "export ", "*", "?"),
    *("é", "😀", "\x00", "\r", "~"),
]
texts = st.lists(st.sampled_from(PIECES), max_size=40).map("".join)


def check(script: Script) -> None:
    size = len(script.text)
    for each in script.commands:
        assert 0 <= each.start <= each.end <= size
        for word in each.words:
            assert 0 <= word.start <= word.end <= size
        for assignment in each.assignments:
            assert 0 <= assignment.start <= assignment.end <= size
        for redirection in each.redirections:
            assert 0 <= redirection.start <= redirection.end <= size
        assert 0 <= each.pipeline < len(script.pipelines)
        elements = script.pipelines[each.pipeline].elements
        assert each.place < len(elements) or "function" in each.nesting
    for pipeline in script.pipelines:
        for element in pipeline.elements:
            assert all(0 <= at < len(script.commands) for at in element)
    for unread in script.unread:
        assert 0 <= unread.start <= unread.end <= size


@settings(max_examples=600, deadline=None)
@given(texts)
def test_no_text_is_too_much(text: str) -> None:
    check(parse(text, {"A": "x y", "B": None}.get))


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=60))
def test_nor_any_other_text(text: str) -> None:
    check(parse(text))


@settings(max_examples=200, deadline=None)
@given(texts)
def test_every_prefix_is_read(text: str) -> None:
    for end in range(0, len(text), 3):
        check(parse(text[:end]))


@settings(max_examples=200, deadline=None)
@given(texts, texts)
def test_a_whole_script_reads_the_same_with_more_behind_it(text: str, more: str) -> None:
    alone = parse(text)
    if (
        alone.unread
        or "<<" in text
        or "\\" in text[-1:]
        or text.rstrip(" \t").endswith(("&&", "||", "|", "!"))
    ):
        return
    both = parse(f"{text}\n:\n{more}")
    assert [each.words for each in both.commands[: len(alone.commands)]] == [
        each.words for each in alone.commands
    ]


def test_deep_nesting_comes_to_an_end() -> None:
    for piece in ("$(", "(", "{ ", "if a; then ", "`", "${a:-", "sh -c '", "((", "sudo ", '"$('):
        check(parse(piece * 3000))
