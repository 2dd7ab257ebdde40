"""How commands are joined, what they stand in, and what starts them."""

from __future__ import annotations

import pytest

from ctr_ci.shell import Command, parse


def by_name(text: str) -> dict[str, Command]:
    return {each.name: each for each in parse(text).commands}


def test_the_operators_beside_a_command() -> None:
    found = by_name("a && b || c; d & e | f\ng")
    assert {name: (each.before, each.after) for name, each in found.items()} == {
        "a": ("", "&&"),
        "b": ("&&", "||"),
        "c": ("||", ";"),
        "d": (";", "&"),
        "e": ("&", "|"),
        "f": ("|", ";"),
        "g": (";", ""),
    }


def test_chains_are_joined_by_and_and_or() -> None:
    found = by_name("a && b; c || d")
    assert found["a"].chain == found["b"].chain != found["c"].chain == found["d"].chain


def test_a_pipeline_knows_the_commands_of_its_elements() -> None:
    script = parse("a | { b; c; } | sudo d $(e)")
    pipeline = script.pipelines[script.commands[0].pipeline]
    assert [[script.commands[at].name for at in element] for element in pipeline.elements] == [
        ["a"],
        ["b", "c"],
        ["sudo", "e", "d"],
    ]
    assert [each.place for each in script.commands if each.name in ("a", "d")] == [0, 2]


@pytest.mark.parametrize(
    ("text", "nesting"),
    [
        ("x", ()),
        ("(x)", ("subshell",)),
        ("{ x; }", ("group",)),
        ("if x; then a; fi", ("if",)),
        ("if a; then x; fi", ("then",)),
        ("if a; then b; else x; fi", ("else",)),
        ("while x; do a; done", ("while",)),
        ("while a; do x; done", ("loop",)),
        ("for a in b; do x; done", ("for",)),
        ("case a in b) x;; esac", ("case",)),
        ("f() { x; }", ("function", "group")),
        ("f() x", ("function",)),
        ("a $(x)", ("substitution",)),
        ("a `x`", ("substitution",)),
        ("a <(x)", ("process",)),
        ("sh -c 'x'", ("script",)),
        ("(if a; then b $(x); fi)", ("subshell", "then", "substitution")),
    ],
)
def test_what_a_command_stands_in(text: str, nesting: tuple[str, ...]) -> None:
    assert by_name(text)["x"].nesting == nesting


@pytest.mark.parametrize(
    ("text", "wrappers"),
    [
        ("sudo x", ("sudo",)),
        ("sudo -E -u root A=1 x -y", ("sudo",)),
        ("env A=1 B=$c x", ("env",)),
        ("env -i -u A x", ("env",)),
        ("nice -n 5 x", ("nice",)),
        ("time -p x", ("time",)),
        ("timeout -k 5 10s x", ("timeout",)),
        ("xargs -r -n 1 x", ("xargs",)),
        ("command x", ("command",)),
        ("exec x", ("exec",)),
        ("eatmydata x", ("eatmydata",)),
        ("gosu www x", ("gosu",)),
        ("su-exec www x", ("su-exec",)),
        ("nohup sudo -u a env B=1 x", ("nohup", "sudo", "env")),
        ("sh -c x", ("sh",)),
        ("sh -ec 'x'", ("sh",)),
        ('bash -o pipefail -lc "x | y"', ("bash",)),
        ("/bin/bash --login -c 'x'", ("bash",)),
        ("su - www -c 'x'", ("su",)),
        ("eval 'x'", ("eval",)),
        ("sudo sh -c 'env x'", ("sudo", "sh", "env")),
        ("find . -type f -exec x {} +", ("find",)),
        ("sudo -- x", ("sudo",)),
        ("busybox x", ("busybox",)),
    ],
)
def test_a_command_behind_others_is_found(text: str, wrappers: tuple[str, ...]) -> None:
    found = by_name(text)
    assert found["x"].wrappers == wrappers
    assert wrappers[0] in found


@pytest.mark.parametrize(
    "text", ["command -v x", "sudo -u $a", "sh x", "timeout 5", "xargs", "find . -exec", "env"]
)
def test_nothing_is_started_where_nothing_is(text: str) -> None:
    assert "x" not in by_name(text)


def test_a_started_command_stands_where_its_starter_stands() -> None:
    found = by_name("a && sudo x $(b) | c")
    assert (found["x"].before, found["x"].after, found["x"].place) == ("&&", "|", 0)
    assert found["x"].pipeline == found["sudo"].pipeline == found["c"].pipeline


@pytest.mark.parametrize(
    "text",
    [
        "sh -c 'cd /a && x -y \"b c\"'",
        'sh -c "cd /a && x -y \\"b c\\""',
        "sh -c cd\\ /a\\ \\&\\&\\ x\\ -y",
        "sh -c 'cd /a; '\"x -y\"",
    ],
)
def test_a_handed_on_script_keeps_its_places(text: str) -> None:
    found = by_name(text)["x"]
    assert text[found.start :].startswith("x")
    assert text[found.words[1].start : found.words[1].end] == "-y"
    assert found.start < found.end <= len(text)


def test_a_variable_of_the_outer_shell_is_left_standing_in_a_handed_on_script() -> None:
    found = by_name("A=1; sh -c \"x $A '$B'\"")["x"]
    assert [word.text for word in found.words] == ["x", "$A", "'$B'"]


@pytest.mark.parametrize("shell", ["bash", "<<E sh -e", "bash -o pipefail", "/bin/sh -s a b", "sudo bash"])
def test_a_script_on_standard_input_is_read(shell: str) -> None:
    text = f"{shell} <<'E' && b\nx | y\nE\nc" if "<<" not in shell else f"{shell} && b\nx | y\nE\nc"
    found = by_name(text)
    assert found["x"].nesting == ("script",)
    assert found["x"].wrappers[-1] in ("bash", "sh")
    assert found["y"].before == "|"
    assert found["c"].wrappers == ()
    assert text[found["x"].start : found["x"].end] == "x"


@pytest.mark.parametrize("command", ["cat", "bash file", "sh -c 'a'", "python3"])
def test_a_heredoc_for_another_command_is_no_script(command: str) -> None:
    assert "x" not in by_name(f"{command} <<'E'\nx\nE\n")
