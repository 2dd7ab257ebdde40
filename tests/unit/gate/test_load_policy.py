"""ctr-ci.yaml's stages and gates as values, and what is said of mistakes in them."""

from __future__ import annotations

import pytest

from ctr_ci import document
from ctr_ci.document import Map
from ctr_ci.gate import Gate, Policy, Stage, load
from ctr_ci.gate.policy import (
    Command,
    Healthcheck,
    Labels,
    Lint,
    MaxBuildBytes,
    MaxSize,
    MaxWaste,
    NoFile,
    NonRoot,
    NoSecrets,
    StructureTest,
)
from ctr_ci.problem import InputError
from ctr_ci.source import Source


def policy(text: str) -> Policy:
    node = document.load(Source("ctr-ci.yaml", text))
    assert isinstance(node, Map)
    found = {entry.key: entry.value for entry in node.entries}
    return load(found.get("stages"), found.get("gates"), found.get("publish"), "ctr-ci.yaml")


def test_the_policy_of_the_manual_is_read() -> None:
    found = policy("""\
stages:
  - {name: build, steps: [app]}
  - {name: test, steps: [unit, 2], gate: true}
gates:
  - {name: weight, max-size: 120MB, max-build-bytes: 0}
  - {name: lean, max-waste: 1kB, no-file: ["*.pem", .git/]}
  - {name: clean, no-file: id_rsa}
  - {name: starts, healthcheck: {within: 1m30s}}
  - {name: says-hello, command: [/quickstart.sh], expect: {exit: 3, stdout: Hello}, within: 5s}
  - {name: structure, structure-test: tests/structure.yaml}
  - {name: lint, lint: {fail-on: error}}
  - {name: meta, non-root: true, labels: {team: core, n: 1}, no-secrets: true, images: [app]}
publish: {require: [test, weight], to: registry.example/team}
""")
    assert found == Policy(
        require=("test", "weight"),
        stages=(Stage("build", ("app",)), Stage("test", ("unit", "2"), gate=True)),
        gates=(
            Gate("weight", (MaxSize(120_000_000), MaxBuildBytes(0))),
            Gate("lean", (MaxWaste(1000), NoFile(("*.pem", ".git/")))),
            Gate("clean", (NoFile(("id_rsa",)),)),
            Gate("starts", (Healthcheck(90.0),)),
            Gate("says-hello", (Command(("/quickstart.sh",), None, 3, "Hello", None, 5.0),)),
            Gate("structure", (StructureTest("tests/structure.yaml"),)),
            Gate("lint", (Lint("error"),)),
            Gate("meta", (NonRoot(), NoSecrets(), Labels((("team", "core"), ("n", "1")))), ("app",)),
        ),
    )


def test_an_empty_policy_is_the_implicit_rule() -> None:
    assert policy("lint: {}\n") == Policy()
    assert policy("gates:\nstages: []\n") == Policy()


@pytest.mark.parametrize(
    ("gate", "found", "place"),
    [
        ("{name: x}", "gate 'x' checks nothing", "2:3"),
        ("{max-size: 1MB}", "a gate without a name", "2:3"),
        ("{name: x, max-siz: 1MB}", "unknown key 'max-siz' in a gate", "2:13"),
        ("{name: x, max-size: much}", "'much' is no amount", "2:23"),
        ("{name: x, no-file: [ok, '[z-a]']}", "no-file '[z-a]' has a range that is none", "2:27"),
        ("{name: x, no-file: /}", "no-file '/' is no pattern of files", "2:22"),
        ("{name: x, max-size: 10%}", "'10%' is a share", "2:23"),
        ("{name: x, healthcheck: {within: soon}}", "'soon' is no duration", "2:35"),
        ("{name: x, lint: {fail-on: awful}}", "'awful' is no severity", "2:29"),
        ("{name: x, non-root: maybe}", "non-root is neither true nor false", "2:23"),
        ("{name: x, command: [a], expect: {exit: two}}", "exit is no whole number", "2:42"),
        ("{name: x, command: [a], expect: {stdout: '('}}", "'(' is no pattern", "2:44"),
        ("{name: x, max-size: 1MB, expect: {}}", "expect without a command", "2:28"),
        ("{name: x, labels: 3}", "labels is no map", "2:21"),
        ("x", "a gate is no map", "2:3"),
    ],
)
def test_a_mistake_is_told_at_its_place(gate: str, found: str, place: str) -> None:
    with pytest.raises(InputError) as caught:
        policy(f"gates:\n- {gate}\n")
    told = caught.value.problems[0].render()
    assert told.startswith(f"ctr-ci.yaml:{place}: error: {found}")


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(InputError) as caught:
        policy("gates:\n- {name: a}\n- {name: b}\nstages: 3\n")
    assert [problem.found for problem in caught.value.problems] == [
        "stages is no list",
        "gate 'a' checks nothing",
        "gate 'b' checks nothing",
    ]


def test_two_gates_of_one_name_are_a_mistake() -> None:
    with pytest.raises(InputError, match="a second gate 'a'"):
        policy("gates:\n- {name: a, non-root: true}\n- {name: a, non-root: true}\n")
