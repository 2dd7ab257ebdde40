"""The HCL of bake files: what expressions come to, and that no text breaks the reader."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ctr_ci.verbs.lint_hcl import UNKNOWN, NotHcl, read

KNOWN: dict[str, Any] = {"A": "x", "O": {"k": "v"}, "L": ["1"]}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('"a${A}b"', "axb"),
        ('"$${A} %%{ \\"q\\" \\n"', '${A} %{ "q" \n'),
        ("A", "x"),
        ("NOT", UNKNOWN),
        ('"${NOT}"', UNKNOWN),
        ("O.k", "v"),
        ("O.z", UNKNOWN),
        ("null", None),
        ("12", "12"),
        ("true", "true"),
        ('["a", A, # c\n 3,]', ["a", "x", "3"]),
        ('{ a = "b" /* c */, "c" : A\n d = 1 }', {"a": "b", "c": "x", "d": "1"}),
        ('A == "x" ? "yes" : "no"', "yes"),
        ('A != "x" ? "yes" : "no"', "no"),
        ('NOT == "x" ? "yes" : "no"', UNKNOWN),
        ("(A)", "x"),
        ('f("a", ")", [1])', UNKNOWN),
        ('[for a in L : "${a}]"]', UNKNOWN),
        ("{for k, v in O : k => v}", UNKNOWN),
        ("L[0]", UNKNOWN),
        ("!A", UNKNOWN),
        ("<<E\n a ${A}\n  E\n", " a x\n"),
    ],
)
def test_expressions_come_to_their_values(text: str, value: object) -> None:
    (block,) = read(f'target "t" {{\n  a = {text}\n  b = "after"\n}}\n')
    assert block.attributes["a"](KNOWN) == value
    assert block.attributes["b"](KNOWN) == "after"


def test_blocks_have_a_kind_and_a_label_and_inner_blocks_are_passed_over() -> None:
    blocks = read(
        'top = 1\nvariable "V" { validation { condition = V != "" } \n default = 1 }\nfunction f {}\n'
    )
    assert [(one.kind, one.label) for one in blocks] == [("variable", "V"), ("function", "f")]
    assert blocks[0].attributes["default"]({}) == "1"


PIECES = st.sampled_from(
    [*"{}[]()=\"'$%?:.,!-\n\\#", "${", "<<E\n", "E\n", "a", " ", "==", "target", "for", "1"]
)


@given(st.lists(PIECES, max_size=60).map("".join) | st.text(max_size=40))
@example("a = " + "!" * 5000)
@example("a = " + "[" * 5000)
@example("a = " + "1 == " * 5000 + "1")
@example("a = b" + ".c" * 5000)
@example('a = "' + '${"' * 5000)
@example("a { " * 5000)
@example("a = " + "{" * 5000)
@example(
    "a = " + "".join(f"<<A{n}\n${{" for n in range(400)) + "".join(f"}}\nA{n}\n" for n in range(399, -1, -1))
)
@example("a = " + "(" * 50 + "b" + " == c" * 50 + ")" * 50)
def test_no_text_breaks_the_reader(text: str) -> None:
    for whole in (text, f"t {{ a = {text}\n}}"):
        try:
            blocks = read(whole)
        except NotHcl:
            continue
        for block in blocks:
            for said in block.attributes.values():
                said(KNOWN)
