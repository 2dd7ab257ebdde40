"""Documents: values as written, places to the character, mistakes where they are."""

from __future__ import annotations

import json
import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ctr_ci.document import List, Map, Node, Scalar, load, nearest
from ctr_ci.problem import InputError, Problem
from ctr_ci.source import Source


def read(text: str, path: str = "a.yaml") -> Node:
    return load(Source(path, text))


def problems(text: str, path: str = "a.yaml") -> tuple[Problem, ...]:
    with pytest.raises(InputError) as error:
        read(text, path)
    return error.value.problems


def at(node: Node, *path: str | int) -> Node:
    for step in path:
        if isinstance(step, int):
            assert isinstance(node, List)
            node = node.items[step]
        else:
            assert isinstance(node, Map)
            entry = node.entry(step)
            assert entry
            node = entry.value
    return node


def plain(node: Node) -> object:
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, List):
        return [plain(item) for item in node.items]
    return {entry.key: plain(entry.value) for entry in node.entries}


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("3.10", "float", 3.1),
        ("010", "int", 8),
        ("1:30", "int", 90),
        ("0x1f", "int", 31),
        ("1_000", "int", 1000),
        ("yes", "bool", True),
        ("Off", "bool", False),
        ("~", "null", None),
        ("", "null", None),
        ("2020-01-02", "date", "2020-01-02"),
        ("'3.10'", "text", "3.10"),
        ('"a\\n"', "text", "a\n"),
        ("!!str 3", "text", "3"),
        ("=", "text", "="),
        ("1e3", "text", "1e3"),
    ],
)
def test_scalars_of_yaml_1_1_keep_what_is_written(text: str, kind: str, value: object) -> None:
    node = at(read(f"a: {text}\n"), "a")
    assert isinstance(node, Scalar)
    assert (node.kind, node.value) == (kind, value)
    if kind not in ("text", "null"):
        assert node.text == text


def test_places_count_characters_after_a_mark_and_with_crlf() -> None:
    source = Source(
        "a.yaml", "\ufeff# é😀\r\nsteps:\r\n- name: '😀x'\r\n  script: |\r\n    a\r\n\r\n  id: b # c\r\n"
    )
    root = load(source)
    name, script = at(root, "steps", 0, "name"), at(root, "steps", 0, "script")
    assert str(name.span) == "3:9-3:13"
    assert source.slice(name.span) == "'😀x'"
    assert source.slice(script.span) == "|\r\n    a"
    assert isinstance(script, Scalar)
    assert script.value == "a\n"
    assert str(root.span) == "2:1-7:8"
    steps = at(root, "steps")
    assert source.slice(steps.span).endswith("id: b")


def test_keys_have_places_and_are_text() -> None:
    root = read("on: 1\n2: x\n'q r': y\n")
    assert isinstance(root, Map)
    assert [(entry.key, str(entry.key_span)) for entry in root.entries] == [
        ("on", "1:1-1:3"),
        ("2", "2:1-2:2"),
        ("q r", "3:1-3:6"),
    ]


def test_merges_yield_to_what_is_written() -> None:
    root = read("a: &a {x: 1, y: 2}\nb: &b {y: 3, z: 4}\nc:\n  <<: [*a, *b]\n  x: 5\n")
    assert plain(at(root, "c")) == {"y": 2, "z": 4, "x": 5}
    assert problems("c:\n  <<: 1\n")[0].found == "a merge (`<<`) of what is no map"


def test_an_alias_is_its_anchor() -> None:
    root = read("a: &a [1]\nb: *a\n")
    assert at(root, "a") is at(root, "b")


def test_aliases_cannot_unfold_without_end() -> None:
    bomb = "a0: &a0 [x, x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)
    )
    assert "unfold to more than" in problems(bomb)[0].found
    assert "inside its own anchor" in problems("a: &a [*a]\n")[0].found


@pytest.mark.parametrize("path", ["a.yaml", "a.json"])
def test_depth_has_an_end(path: str) -> None:
    assert "nested" in problems("[" * 5000 + "]" * 5000, path)[0].found


def test_every_duplicate_key_is_told_with_both_places() -> None:
    shown = [problem.render() for problem in problems("a: 1\nb: {c: 1, c: 2}\na: 3\n")]
    assert shown[0].startswith("a.yaml:2:11: error: duplicate key 'c', first given at 2:5")
    assert shown[1].startswith("a.yaml:3:1: error: duplicate key 'a', first given at 1:1")
    assert "duplicate key 'a'" in problems('{"a": 1, "a": 2}', "a.json")[0].found


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("a: 'x\n", "1:4", "a text whose opening ' is never closed"),
        ('a:\n- "x\n', "2:3", 'a text whose opening " is never closed'),
        ("a: b: c\n", "1:5", "a second `:` in one line"),
        ("a:\n\t- b\n", "2:1", "a tab"),
        ("a: 1\n---\nb: 1\n", "2:1", "a second document"),
        ("a: @x\n", "1:4", "cannot start a value"),
        ("a: [1, 2\n", "2:1", "does not follow a comma"),
        ("a: {{ x }}\n", "1:5", "a list or map as a key"),
        ("a: !foo x\n", "1:4", "the tag !foo"),
        ("a: !!binary eA==\n", "1:4", "the tag !!binary"),
        ("a: !!int x\n", "1:4", "'x' is no int"),
        ("a: *x\n", "1:4", "an alias of an anchor that was not defined"),
        ("a: \udcff\n", "1:4", "the byte 0xff, which is no UTF-8"),
        ("a: \x00\n", "1:4", "the control character U+0000"),
        ('a: "\\q"\n', "1:5", "an unknown escape"),
        ("a:\n  b: 1\n c: 2\n", "3:2", "does not line up"),
        ("a\nb: 1\n", "2:2", "a second `:`"),
    ],
)
def test_mistakes_are_told_at_their_place(text: str, place: str, words: str) -> None:
    problem = problems(text)[0]
    assert problem.span
    assert (f"{problem.span.start.line}:{problem.span.start.column}", words in problem.found) == (
        place,
        True,
    ), problem.render()
    assert problem.expected


def test_a_quote_that_swallows_lines_is_suspected() -> None:
    problem = problems("steps:\n- name: 'x\n  args: ['a']\n")[0]
    assert problem.help == "the ' opened at 2:9 is closed on a later line: is a quote missing in line 2?"


def test_json_and_its_mistakes() -> None:
    source = Source("a.json", '{"a": [1, "\\ud83d\\ude00", {"b": null}], "c": 1.50}')
    root = load(source)
    assert plain(root) == {"a": [1, "😀", {"b": None}], "c": 1.5}
    assert source.slice(at(root, "a", 2).span) == '{"b": null}'
    found = at(root, "c")
    assert isinstance(found, Scalar)
    assert found.text == "1.50"
    assert (
        problems('{"a": 1 "b": 2}', "a.json")[0]
        .render()
        .startswith("a.json:1:9: error: '\"'; expected `,` or `}`")
    )
    assert (
        problems('{"a": "x}', "a.json")[0].render().startswith("a.json:1:7: error: a text that is not closed")
    )


def test_json_is_read_as_gcloud_reads_it() -> None:
    assert plain(read('# a comment\n{"a": 1,}\n', "a.json")) == {"a": 1}


def test_toml_and_its_places() -> None:
    text = """a = 1\r
[x."y z"]\r
b = "q" # c\r
d.e = [1, 2,\r
  'three']\r
[[t]]\r
k = {m = 1.50, n = 2020-01-01}\r
[[t]]\r
s = \"\"\"a "quoted" word\"\"\"\r
"""
    source = Source("a.toml", text)
    root = load(source)
    assert plain(root) == {
        "a": 1,
        "x": {"y z": {"b": "q", "d": {"e": [1, 2, "three"]}}},
        "t": [{"k": {"m": 1.5, "n": "2020-01-01"}}, {"s": 'a "quoted" word'}],
    }
    assert source.slice(at(root, "x", "y z", "d", "e", 2).span) == "'three'"
    assert source.slice(at(root, "t", 0, "k").span) == "{m = 1.50, n = 2020-01-01}"
    wrong = problems("a = 1\nb = \n", "a.toml")[0]
    assert wrong.span
    assert str(wrong.span.start) == str(Source("", "a = 1\nb = \n").position(10))
    assert problems("a = 1\na = 2\n", "a.toml")


def test_an_empty_document_is_null() -> None:
    for text in ("", "# nothing\n", "---\n"):
        node = read(text)
        assert isinstance(node, Scalar)
        assert node.kind == "null"


@pytest.mark.parametrize(
    ("word", "expected"),
    [("wait_for", "waitFor"), ("argz", "args"), ("entrpoint", "entrypoint"), ("zzz", None)],
)
def test_the_nearest_name(word: str, expected: str | None) -> None:
    assert nearest(word, ["waitFor", "args", "entrypoint"]) == expected


TEXTS = st.text(
    st.characters(codec="utf-8", exclude_characters="\x7f", exclude_categories=["Cc", "Cs", "Cn"])
)
SCALARS = st.none() | st.booleans() | st.integers(-(10**9), 10**9) | TEXTS
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(VALUES)
def test_json_reads_alike_in_both_readers_and_every_place_is_the_value(value: object) -> None:
    text = json.dumps(value, ensure_ascii=False, indent=1).replace("\x85", "").replace("\u2028", "")
    value = json.loads(text)
    as_json, as_yaml = Source("a.json", text), Source("a.yaml", text)
    for source in (as_json, as_yaml):
        node = load(source)
        assert plain(node) == value
        for part in walk(node):
            assert json.loads(source.slice(part.span)) == plain(part)


KEYS = st.text("abcXYZ_- é.", min_size=1)


@settings(max_examples=100, deadline=None)
@given(
    st.dictionaries(
        KEYS, st.booleans() | st.integers(-999, 999) | TEXTS | st.lists(st.integers(0, 9)), max_size=5
    )
)
def test_toml_reads_as_the_library_does(table: dict[str, object]) -> None:
    lines = [f"{json.dumps(key, ensure_ascii=False)} = {json.dumps(value)}" for key, value in table.items()]
    text = "\n".join(["[one]", *lines, "[two.three]", *lines]) + "\n"
    try:
        expected = tomllib.loads(text)
    except tomllib.TOMLDecodeError:  # JSON's surrogate pairs
        return
    assert plain(load(Source("a.toml", text))) == expected


def walk(node: Node) -> list[Node]:
    inner: list[Node] = []
    if isinstance(node, List):
        inner = list(node.items)
    elif isinstance(node, Map):
        inner = [entry.value for entry in node.entries]
    return [node, *(part for one in inner for part in walk(one))]


@settings(max_examples=200, deadline=None)
@given(st.text(st.sampled_from(list("ab:- \n\t'\"[]{}&*!|>#,$\\é\r"))))
def test_any_text_is_a_document_or_a_problem_with_a_place(text: str) -> None:
    for path in ("a.yaml", "a.json", "a.toml"):
        source = Source(path, text)
        try:
            node = load(source)
        except InputError as error:
            for problem in error.problems:
                assert problem.span
                assert problem.span.start <= problem.span.end
        else:
            assert isinstance(node, Scalar | List | Map)
