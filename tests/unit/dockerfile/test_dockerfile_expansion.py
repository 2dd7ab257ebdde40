"""Variables with every modifier, patterns, quotes; and what cannot be expanded."""

from __future__ import annotations

import pytest

from ctr_ci.dockerfile import Run, Scope, parse
from ctr_ci.dockerfile.variables import Variables
from ctr_ci.source import Source

ENV = Variables([("A", "x/y.tar.gz"), ("E", ""), ("U", None), ("S", "a*b?c")])
SCOPE = Scope(ENV, Variables([("G", "g")]), "\\", open=False)


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("$A", "x/y.tar.gz"),
        ("${A}b", "x/y.tar.gzb"),
        ("$G$N", "g"),
        ("$", "$"),
        ("a$ b", "a$ b"),
        ("$1$10$@", ""),
        ("${A:-d}${E:-d}${E-d}${N-d}", "x/y.tar.gzdd"),
        ("${A:+d}${E:+d}${E+d}${N+d}", "dd"),
        ("${A:?no}", "x/y.tar.gz"),
        ("${E?no}", ""),
        ("${N:-${A:-d}}", "x/y.tar.gz"),
        ("${N:-'a b'}", "a b"),
        ('${N:-"$G}"}', "g}"),
        ("${A#*/}|${A##*.}|${A%/*}|${A%%.*}", "y.tar.gz|gz|x|x/y"),
        ("${A#z}|${A%z*q}", "x/y.tar.gz|x/y.tar.gz"),
        ("${A#?}", "/y.tar.gz"),
        ("${S#a\\*}|${S%\\?c}", "b?c|a*b"),
        ("${A/y/z}|${A//./_}|${A/\\//-}", "x/z.tar.gz|x/y_tar_gz|x-y.tar.gz"),
        ("${N#a}|${N/a/b}", "|"),
        ("'$A'\"'$G'\"", "$A'g'"),
        ('"\\$A\\"\\a\\\\"', '$A"\\a\\'),
        ("\\$A\\a", "$Aa"),
        ("a<b <<c", "a<b <<c"),
        ("$U", None),
        ("a${U}b", None),
        ("${U:-d}", None),
        ("${U:+d}", None),
        ("${U+d}", "d"),
        ("${U#a}", None),
        ("${U/a/b}", None),
    ],
)
def test_what_a_word_comes_to(word: str, value: str | None) -> None:
    found = SCOPE.expand(word)
    assert (found.value, found.problem) == (value, "")


@pytest.mark.parametrize(
    ("word", "problem"),
    [
        ("${", "no closing }"),
        ("${A", "no closing }"),
        ("${A:-b", "no closing }"),
        ("${A/b", "no closing / or }"),
        ("${A/b/c", "no closing / or }"),
        ("${}", "bad substitution"),
        ("${:a}", "bad substitution"),
        ("${{A}}", "bad substitution"),
        ("${A^^}", "unsupported modifier (^)"),
        ("${A:1:2}", "unsupported modifier (:1)"),
        ("${A:#b}", "unsupported modifier (:#)"),
        ("${A#\\a}", "invalid escape"),
        ("${N?}", "is not allowed to be unset"),
        ("${N:?set it}", "set it"),
        ("${E:?}", "is not allowed to be empty"),
        ("'a", "single quote"),
        ('"a', "double quote"),
        ("${N:-'a}", "single quote"),
    ],
)
def test_what_cannot_be_expanded(word: str, problem: str) -> None:
    found = SCOPE.expand(word)
    assert found.value is None
    assert problem in found.problem


def test_the_variables_of_a_word_are_named() -> None:
    found = SCOPE.expand("$A ${N} ${M:-1} ${A#x}")
    assert found.names == ("A", "N", "M", "A")
    assert found.unset == ("N",)
    assert SCOPE.holds("G")
    assert (SCOPE.known("G"), SCOPE.known("N")) == ("g", None)


@pytest.mark.parametrize("array", ["[1]", '["a", 1]', '[["a"]]', "[null]", '["a", {"b": []}]', "[true]"])
def test_an_array_of_other_things_is_a_problem(array: str) -> None:
    problems = parse(Source("Dockerfile", f"FROM a\nRUN {array}\n")).problems
    assert [problem.found for problem in problems] == ["an array with something other than strings in RUN"]


@pytest.mark.parametrize("array", ["[NaN]", "[1", "[" * 3000, '["a" "b"]', '["\\x"]', '["a\tb"]', "[,]"])
def test_what_is_no_array_is_for_the_shell(array: str) -> None:
    dockerfile = parse(Source("Dockerfile", f"FROM a\nRUN {array}\n"))
    run = dockerfile.instructions[1]
    assert isinstance(run, Run)
    assert not dockerfile.problems
    assert run.json is None


def test_a_lone_surrogate_is_replaced_as_go_does() -> None:
    run = parse(Source("Dockerfile", 'FROM a\nRUN ["\\ud800x"]\n')).instructions[1]
    assert isinstance(run, Run)
    assert run.json is not None
    assert run.json[0].text == "\ufffdx"


def test_a_json_script_over_a_continued_line_is_placed_as_a_whole() -> None:
    source = Source("Dockerfile", 'FROM a\nRUN ["sh", "-c", "make \\\n install"]\n')
    run = parse(source).instructions[1]
    assert isinstance(run, Run)
    assert run.script is not None
    assert run.script.text == "make  install"
    assert str(run.script.span(6, 13)) == "2:19-3:9"


def test_values_that_double_line_by_line_are_not_followed_without_end() -> None:
    lines = ["ARG A0=xx", *(f"ARG A{n}=$A{n - 1}$A{n - 1}" for n in range(1, 60)), "FROM $A59"]
    dockerfile = parse(Source("Dockerfile", "\n".join(lines) + "\n"))
    assert dockerfile.stages[0].image is None
    assert dockerfile.globals.known("A3") == "x" * 16


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("${V//" + "a*" * 12 + "b/c}", "a" * 3000),
        ("${V#" + "a*" * 12 + "b}", "a" * 3000),
        ("${V%%" + "a*" * 12 + "b}", "a" * 3000),
        ("${V/" + "a*" * 12 + "/c}", "c"),
        ("${W//a/$W}", None),
        ("${W//a*b/c}", None),
    ],
)
def test_a_pattern_takes_neither_ages_nor_all_memory(word: str, value: str | None) -> None:
    env = Variables([("V", "a" * 3000), ("W", "a" * 60_000)])
    assert Scope(env, Variables(()), "\\", open=False).expand(word).value == value


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("${A/*a*r/-}", "-.gz"),
        ("${A/a*r*/-}", "x/y.t-"),
        ("${A#*.}", "tar.gz"),
        ("${A##*.*}", ""),
        ("${A%.*}", "x/y.tar"),
        ("${A%%.*}", "x/y"),
        ("${A##*/*a?}", ".gz"),
    ],
)
def test_stars_take_what_they_can_only_at_the_end(word: str, value: str) -> None:
    assert SCOPE.expand(word).value == value


def test_variables_nested_too_deeply_are_a_problem_and_no_crash() -> None:
    deep = "${A:-" * 9_000 + "a" + "}" * 9_000
    dockerfile = parse(Source("Dockerfile", f"FROM a\nENV X={deep}\n"))
    assert "nested more than 100 deep" in dockerfile.problems[0].found
    assert "nested more than 100 deep" in SCOPE.expand(deep).problem
