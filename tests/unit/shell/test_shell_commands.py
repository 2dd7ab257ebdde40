"""Which commands a script runs, with their words and places."""

from __future__ import annotations

import pytest

from ctr_ci.shell import Command, Script, parse


def names(text: str) -> list[str]:
    return [each.name for each in parse(text).commands]


def command(text: str, name: str) -> tuple[Script, Command]:
    script = parse(text)
    return script, next(each for each in script.commands if each.name == name)


VALID = {
    "a; b & c\nd": "a b c d",
    "a && b || c": "a b c",
    "a | b |& c": "a b c",
    "! a": "a",
    "time a": "time a",
    "time { a; }": "a",
    "{ a; b; } > x": "a b",
    "(a; b) && c": "a b c",
    "((a)); b": "b",
    "( (a) )": "a",
    "if a; then b; elif c; then d; else e; fi": "a b c d e",
    "if ! a; then b; fi": "a b",
    "while a; do b; done < x": "a b",
    "until a; do b; done": "a b",
    "for i in a b $(c); do d; done": "c d",
    "for i; do a; done": "a",
    "for i do a; done": "a",
    "for ((i=0; i<3; i++)); do a; done": "a",
    "select i in a b; do c; done": "c",
    "case $x in a) b ;; (c|d) e ;& *) f ;; esac; g": "b e f g",
    "case x in esac; a": "a",
    "case $(a) in b) c; esac": "a c",
    "f() { a; }; f": "a f",
    "f () ( a )": "a",
    "function f { a; }": "a",
    "function f() { a; }": "a",
    "[ a ] && b": "[ b",
    "[[ a && b || ! ( c ) ]] && d": "[[ d",
    "[[ a =~ ^(b|c)$ ]] && d": "[[ d",
    "[[ a < b ]] || c": "[[ c",
    "a $(b $(c))": "a b c",
    'a `b` "`c`" "$(d "$(e)")"': "a b c d e",
    "a <(b) >(c)": "a b c",
    "a $((1 + $(b)))": "a b",
    "a $((1 + (2 * 3))) && b": "a b",
    "a ${b:-$(c)} ${d#'}'} && e": "a c e",
    "a=1 b=$(c) d": "d c",
    "a=(1 2 $(b)) ; c": " b c",
    "a+=(x); b": " b",
    "a[1]=x; b": " b",
    "export A=$(b); c": "export b c",
    "coproc a; b": "a b",
    "cat <<E && b\n$(c) `d`\nE\ne": "cat b c d e",
    "cat <<'E'; b\n$(c)\nE\nd": "cat b d",
    "cat <<-E\n\tx\n\tE\na": "cat a",
    "cat <<A <<B\n1\nA\n2\nB\na": "cat a",
    "cat <<\\E\nx\nE\na": "cat a",
    'cat <<< "$(a)"; b': "cat a b",
    "a 2>&1 >/dev/null &>x; b": "a b",
    "> x; a": " a",
    "a # b; c\nd": "a d",
    "a#b; c": "a#b c",
    "# a\nb": "b",
    "a \\\n  b; c": "a c",
    "a 'b; c' \"d && e\" f\\;g; h": "a h",
    "a $'b\\'; c'; d": "a d",
    "echo } ; a": "echo a",
    "echo if then; a": "echo a",
    "a {b,c}; d": "a d",
    "find . -exec a {} \\; ; b": "find a b",
    "find . -exec a {} + -o -execdir b {} \\;": "find a b",
    "a;\nb\n\n\nc;": "a b c",
    "\n\na": "a",
    "": "",
    "  # only": "",
    "trap 'a' EXIT; b": "trap b",
    "[ -f x ] || { a; exit 1; }": "[ a exit",
    "if (a); then b; fi": "a b",
    "x=$(a | b) && c": " a b c",
    "a && ! b": "a b",
    "{ a; } && { b; }": "a b",
    "/usr/bin/a; ./b": "a b",
    "\\rm -f x": "rm",
    "'a' \"b\"": "a",
    "$A b": "",
    "a\tb\n": "a",
    "set -eux; \ta; \tb": "set a b",
}


@pytest.mark.parametrize(("text", "expected"), VALID.items())
def test_the_commands_of_a_valid_script(text: str, expected: str) -> None:
    script = parse(text)
    assert " ".join([each.name for each in script.commands]) == expected
    assert script.unread == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("if a; then b", "a b"),
        ("a )", "a"),
        ("a; fi; b", "a b"),
        ("a 'b", "a"),
        ('a "b', "a"),
        ("a $(b", "a b"),
        ("a `b", "a b"),
        ("a ${b", "a"),
        ("a && ", "a"),
        ("cat <<E\nx", "cat"),
        ("case x in a b; c", ""),
        ("( a", "a"),
        ("{ a", "a"),
        ("[[ a", "[["),
        ("a > ; b", "a b"),
        ("a ;;; b", "a b"),
        ("done", ""),
    ],
)
def test_a_broken_script_is_read_as_far_as_it_goes_and_says_so(text: str, expected: str) -> None:
    script = parse(text)
    found = [each.name for each in script.commands]
    assert all(name in found for name in expected.split())
    assert script.unread


def test_words_have_values_and_places() -> None:
    text = 'cp \'a b\' "c"d e\\ f $x "$y"z *.txt'
    _, found = command(text, "cp")
    assert [word.value for word in found.words] == ["cp", "a b", "cd", "e f", None, None, "*.txt"]
    assert [text[word.start : word.end] for word in found.words] == [word.text for word in found.words]
    assert [word.quoted for word in found.words] == [False, True, True, True, False, True, False]
    assert [word.glob for word in found.words][-1]


def test_an_unknown_word_keeps_its_known_beginning() -> None:
    _, found = command("rm -rf /var/lib/$x/* $y", "rm")
    assert [(word.value, word.prefix) for word in found.arguments] == [
        ("-rf", ""),
        (None, "/var/lib/"),
        (None, ""),
    ]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("d='gcc make'; x $d", ("gcc", "make")),
        ("d='gcc make'; x \"$d\"", ("gcc make",)),
        ("d=1; x a$d", ("a1",)),
        ("d=1; x ${d}b", ("1b",)),
        ("d=1; x ${d:-2}", ("1",)),
        ("d=; x ${d:-2}", ("2",)),
        ("d=; x $d", ()),
        ("d=; x \"$d\" ''", ("", "")),
        ("d=; $d x y", ("y",)),
        ("d=; x a $d$d", ("a",)),
        ("d=1; d=$d$d; x $d", ("11",)),
        ("d=1; d+=2; x $d", ("12",)),
        ('d="$(y)"; x $d', ("",)),
        ("(d=1); x $d", ("",)),
        ("if y; then d=1; fi; x $d", ("",)),
        ("d=0; if y; then d=1; fi; x $d", ("",)),
        ("for d in 1 2; do x $d; done", ("",)),
        ("d=1 y; x $d", ("",)),
        ("export d=1; x $d", ("1",)),
        ("d=1; unset d; x $d", ("",)),
        ("d='a  b\n c'; x $d", ("a", "b", "c")),
        ("d=1; x '$d' \\$d", ("$d", "$d")),
        ("d=1; x \"\\$d\" $'\\x41'", ("$d", "A")),
        ("x $OUTER/$OTHER", ("",)),
        ("x $OUTER", ("out",)),
    ],
)
def test_variables_set_in_the_script_are_known_behind_it(text: str, values: tuple[str, ...]) -> None:
    script = parse(text, {"OUTER": "out", "OTHER": None}.get)
    found = next(each for each in script.commands if each.name == "x")
    assert found.values == values


def test_words_of_one_variable_share_its_place() -> None:
    text = "d='gcc make'; apt-get install $d git"
    _, found = command(text, "apt-get")
    assert [(word.value, text[word.start : word.end]) for word in found.words[2:]] == [
        ("gcc", "$d"),
        ("make", "$d"),
        ("git", "git"),
    ]


def test_redirections_and_heredoc_bodies() -> None:
    text = "cat <<'E' >/x 2>>y && a\nbody\nE\n"
    _, found = command(text, "cat")
    assert [(r.operator, r.descriptor, r.target.value) for r in found.redirections] == [
        ("<<", "", "E"),
        (">", "", "/x"),
        (">>", "2", "y"),
    ]
    heredoc = found.redirections[0]
    assert text[heredoc.body_start : heredoc.body_end] == "body\n"


def test_comments_are_remembered() -> None:
    text = "a # one\n# two\nb"
    assert [text[start:end] for start, end in parse(text).comments] == ["# one", "# two"]
