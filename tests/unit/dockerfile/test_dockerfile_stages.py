"""Stages, what they are built on, what they need, and the state that each instruction meets."""

from __future__ import annotations

import pytest

from ctr_ci.dockerfile import Dockerfile, Stage, State, parse
from ctr_ci.source import Source


def read(text: str) -> Dockerfile:
    return parse(Source("Dockerfile", text))


def before_last(text: str) -> State:
    dockerfile = read(text)
    return dockerfile.before(dockerfile.instructions[-1])


def indices(stages: tuple[Stage, ...]) -> list[int]:
    return [stage.index for stage in stages]


def test_a_stage_is_found_by_its_lowered_name() -> None:
    dockerfile = read("FROM a AS Base\nFROM base\nFROM Base\n")
    assert [stage.name for stage in dockerfile.stages] == ["base", None, None]
    assert [(stage.parent, stage.image) for stage in dockerfile.stages] == [
        (None, "a"),
        (0, None),
        (None, "Base"),
    ]


def test_a_stage_knows_its_instructions_and_the_globals_are_apart() -> None:
    dockerfile = read("ARG A=1\nFROM a\nRUN x\nARG B\nFROM b\nRUN y\n")
    assert [[i.arguments.text for i in stage.instructions] for stage in dockerfile.stages] == [
        ["x", "B"],
        ["y"],
    ]
    assert [arg.pairs[0].key.text for arg in dockerfile.arguments] == ["A"]
    assert dockerfile.stage_of(dockerfile.instructions[0]) is None
    assert dockerfile.stage_of(dockerfile.instructions[3]) is dockerfile.stages[0]


@pytest.mark.parametrize(
    ("text", "image"),
    [
        ("ARG B=debian\nFROM $B", "debian"),
        ("ARG V=1\nARG B=debian:$V\nFROM ${B}", "debian:1"),
        ("FROM a:${V:-3}", "a:3"),
        ("ARG V\nFROM a:$V", None),
        ("FROM a:$V", "a:"),
        ("FROM --platform=$BUILDPLATFORM a-$TARGETARCH", None),
        ('FROM "a:1"', "a:1"),
    ],
)
def test_the_image_is_expanded_with_the_global_arguments(text: str, image: str | None) -> None:
    assert read(text).stages[0].image == image


def test_a_stage_is_reached_through_a_variable() -> None:
    assert read("ARG N=1\nFROM a AS img1\nFROM img$N").stages[1].parent == 0


def test_the_last_of_equal_names_wins() -> None:
    dockerfile = read("FROM a AS x\nFROM b AS X\nFROM x\n")
    assert dockerfile.stages[2].parent == 1
    found = dockerfile.find("x")
    assert found is not None
    assert found.index == 1


@pytest.mark.parametrize(("name", "index"), [("Build", 0), ("0", 0), ("1", 1), ("2", None), ("none", None)])
def test_find_takes_any_case_and_an_index(name: str, index: int | None) -> None:
    found = read("FROM a AS build\nFROM b\n").find(name)
    assert (found.index if found else None) == index


def test_needs_and_reached_follow_base_copy_and_mount() -> None:
    dockerfile = read(
        "FROM a AS one\nFROM a AS two\nFROM a AS lost\nFROM one AS three\n"
        "RUN --mount=from=two,target=/x y\nFROM a\nCOPY --from=THREE / /\nCOPY --from=busybox / /\n"
    )
    assert indices(dockerfile.needs(dockerfile.stages[3])) == [0, 1]
    assert indices(dockerfile.reached()) == [0, 1, 3, 4]
    assert indices(dockerfile.reached(dockerfile.stages[2])) == [2]
    assert indices(dockerfile.chain(dockerfile.stages[3])) == [3, 0]


def test_a_cycle_of_copies_comes_to_an_end() -> None:
    dockerfile = read("FROM a AS x\nCOPY --from=y / /\nFROM a AS y\nCOPY --from=x / /\n")
    assert indices(dockerfile.reached()) == [0, 1]


def test_state_passes_from_stage_to_stage() -> None:
    state = before_last(
        'FROM a AS x\nSHELL ["/bin/bash", "-c"]\nWORKDIR /w\nWORKDIR b\nUSER 1000\nENV E=1 F=$E\nARG G=2\n'
        "FROM x\nRUN y\n"
    )
    assert (state.shell, state.workdir, state.user, state.image) == (("/bin/bash", "-c"), "/w/b", "1000", "a")
    assert dict(state.env) == {"E": "1", "F": None}
    assert dict(state.arguments) == {"G": "2"}


def test_nothing_is_known_of_a_base_image() -> None:
    state = before_last("FROM a\nRUN x")
    assert (state.shell, state.workdir, state.user) == (None, None, None)
    assert before_last("FROM scratch\nCOPY a b").workdir == "/"


@pytest.mark.parametrize(
    ("lines", "workdir"),
    [
        ("WORKDIR a", None),
        ("WORKDIR /a\nWORKDIR b/../c/", "/a/c"),
        ("WORKDIR /a/", "/a"),
        ("WORKDIR $X/a", "$X/a"),
        ("ARG X=/q\nWORKDIR $X/a", "/q/a"),
        ("WORKDIR C:/x", "C:/x"),
        ('WORKDIR "/a b"', "/a b"),
    ],
)
def test_workdir(lines: str, workdir: str | None) -> None:
    assert before_last(f"FROM a\n{lines}\nRUN x").workdir == workdir


@pytest.mark.parametrize(
    ("lines", "word", "value", "unset"),
    [
        ("ENV A=1\nENV A=2 B=$A", "$A$B", "21", ()),
        ("ARG A=1\nENV A=2", "$A", "2", ()),
        ("ENV A=2\nARG A=1", "$A", "2", ()),
        ("ARG A", "$A", None, ()),
        ("ARG G", "$G", "g", ()),
        ("ARG A=1\nARG A", "$A", "1", ()),
        ("", "$G", None, ("G",)),
        ("ARG TARGETARCH", "x-$TARGETARCH", None, ()),
        ("", "${U:-/x}/", "/x/", ()),
        ("", "${U:+a}b", "b", ()),
        ("ENV U=", "${U:-a}${U-b}", "a", ()),
        ("", "$HOME/a", None, ("HOME",)),
        (
            "ENV A=a.tar.gz",
            "${A%.*} ${A%%.*} ${A#*.} ${A##*.} ${A/a/b} ${A//a/b}",
            "a.tar a tar.gz gz b.tar.gz b.tbr.gz",
            (),
        ),
        ("ENV A=1", "'$A' \"$A\" \\$A", "$A 1 $A", ()),
        ("ENV 'A B'=1", "x", "x", ()),
    ],
)
def test_expansion(lines: str, word: str, value: str | None, unset: tuple[str, ...]) -> None:
    found = before_last(f"ARG G=g\nFROM a\n{lines}\nRUN x").expand(word)
    assert (found.value, found.unset) == (value, unset)


def test_on_scratch_an_unset_variable_is_empty() -> None:
    assert before_last("FROM scratch\nCOPY a b").expand("a$X").value == "a"


def test_a_word_that_cannot_be_expanded_says_why() -> None:
    found = before_last("FROM a\nRUN x").expand("${x")
    assert found.value is None
    assert "closing" in found.problem


def test_the_escape_character_is_the_directives() -> None:
    state = before_last("# escape=`\nFROM a\nENV A=1\nRUN x")
    assert state.expand("c:\\`$A$A").value == "c:\\$A1"


def test_before_an_instruction_within_onbuild() -> None:
    dockerfile = read("FROM a\nENV A=1\nONBUILD COPY a $A\n")
    onbuild = dockerfile.instructions[-1]
    assert dockerfile.before(onbuild.inner).expand("$A").value == "1"  # type: ignore[union-attr]
