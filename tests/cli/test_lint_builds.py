"""How a repository builds its Dockerfiles, as compose and bake files and options say: what ships, which
arguments and contexts are given, which .dockerignore rules."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ctr_ci.cli import main

STAGES = (
    "FROM golang:1.23 AS build\nCOPY . /src\nRUN cd /src && go build -o /app\n"
    'FROM build AS shell\nCMD ["/app"]\n'
    "FROM alpine:3.20 AS odd\nRUN true\n"
    'FROM alpine:3.20\nCOPY --from=build /app /app\nUSER 1000\nCMD ["/app"]\n'
)
NAMES = ("build-in-ship-image", "builder-stage-unused", "sdk-base-ships", "arg-from", "copy-from-unknown")

Found = Callable[..., list[tuple[str, str, int]]]


@pytest.fixture
def found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Found:
    """`found({file: text}, *options)`: name, path and line of each finding."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CTR_CI_CACHE_DIR", str(tmp_path / "cache"))
    (tmp_path / ".git").mkdir()

    def run(files: dict[str, str], *options: str) -> list[tuple[str, str, int]]:
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        paths = [name for name in files if name.endswith("Dockerfile")]
        code = main(["lint", "--no-config", "--format", "json", *options, *paths])
        sys.stdout.flush()
        out, err = capfd.readouterr()
        assert code in (0, 1), err
        return [(one["name"], one["path"], one["line"]) for one in json.loads(out)["findings"]]

    return run


def unused(findings: list[tuple[str, str, int]]) -> list[int]:
    return [line for name, _, line in findings if name == "builder-stage-unused"]


def ships(findings: list[tuple[str, str, int]]) -> bool:
    return any(name == "build-in-ship-image" for name, _, _ in findings)


COMPOSE = "services:\n  a:\n    build:\n      context: .\n      target: {}\n"
BAKE = 'target "a" {{\n  target = "{}"\n{}}}\n'


def test_without_such_files_only_the_last_stage_ships(found: Found) -> None:
    findings = found({"Dockerfile": STAGES})
    assert unused(findings) == [4, 6]
    assert not ships(findings)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("compose.yaml", COMPOSE.format("shell")),
        ("docker-compose.prod.yml", COMPOSE.format('"${TARGET:-shell}"')),
        ("compose.yaml", "x-b: &b {context: ., target: shell}\nservices: {a: {build: *b}}\n"),
        ("compose.yaml", COMPOSE.format("odd") + "  b: {extends: a, build: {target: shell}}\n"),
        ("docker-bake.hcl", BAKE.format("shell", "")),
        ("docker-bake.hcl", 'variable "T" {\n  default = "sh"\n}\n' + BAKE.format("${T}ell", "")),
        ("docker-bake.hcl", 'target "b" { target = "shell" }\ntarget "a" { inherits = ["b"] }\n'),
        (
            "docker-bake.hcl",
            'target "a" {\n name = "a-${t}"\n matrix = { t = ["odd", "shell"] }\n target = t\n}\n',
        ),
        ("docker-bake.json", '{"target": {"a": {"target": "shell"}}}'),
    ],
)
def test_a_stage_that_is_built_for_itself_ships(found: Found, name: str, text: str) -> None:
    assert ships(found({"Dockerfile": STAGES, name: text}))


def test_every_target_of_several_services_ships(found: Found) -> None:
    services = COMPOSE.format("shell") + "  b: {build: {context: ., target: odd}}\n  c: {build: .}\n"
    findings = found({"Dockerfile": STAGES, "compose.yaml": services})
    assert unused(findings) == []
    assert ships(findings)


def test_a_target_whose_image_is_not_kept_is_used_and_does_not_ship(found: Found) -> None:
    text = BAKE.format("shell", '  output = ["type=cacheonly"]\n')
    findings = found({"Dockerfile": STAGES, "docker-bake.hcl": text})
    assert unused(findings) == [6]
    assert not ships(findings)


def test_only_the_dockerfile_that_is_named_is_built_so(found: Found) -> None:
    text = "services: {a: {build: {context: ., dockerfile: one/Dockerfile, target: shell}}}\n"
    findings = found({"one/Dockerfile": STAGES, "two/Dockerfile": STAGES, "compose.yaml": text})
    assert {path for name, path, _ in findings if name == "build-in-ship-image"} == {"one/Dockerfile"}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("compose.yaml", "services: {a: {build: {context: ., dockerfile_inline: FROM x, target: shell}}}\n"),
        ("compose.yaml", "services: {a: {build: {context: 'https://e/x.git', target: shell}}}\n"),
        ("compose.yaml", "services: [shell\n target: shell"),
        ("compose.yaml", "a: &a [*a]\nbuild: target\n"),
        ("docker-bake.hcl", BAKE.format("shell", '  dockerfile-inline = "FROM x"\n')),
        ("docker-bake.hcl", 'target "a" {\n  target = "shell"\n'),
        ("docker-bake.json", '{"target": '),
    ],
)
def test_what_builds_another_file_or_cannot_be_read_changes_nothing(
    found: Found, name: str, text: str
) -> None:
    assert unused(found({"Dockerfile": STAGES, name: text})) == [4, 6]


DOUBLED = 'variable "v0" {{ default = {} }}\n{}target "t" {{\n  target = v60\n  output = v60\n}}\n'
DOUBLES = 'variable "v{}" {{ default = {} }}\n'


def doubled(first: str, twice: str) -> str:
    """A bake file whose 60th variable would be 2^60 times the first."""
    more = "".join(DOUBLES.format(n, twice.replace("V", f"v{n - 1}")) for n in range(1, 61))
    return DOUBLED.format(first, more)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("docker-bake.hcl", doubled('"word"', '"${V}${V}"')),
        ("docker-bake.hcl", doubled('["word"]', "[V, V]")),
        ("docker-bake.hcl", 'variable "a" { default = f(' + "/* " * 300_000),
        (
            "docker-bake.hcl",
            'target "a" { matrix = { a = [' + "1," * 200 + "], b = [" + "1," * 100_000 + "] } }",
        ),
        ("docker-bake.hcl", "".join(f'target "t{n}" {{ inherits = ["t{n - 1}"] }}\n' for n in range(3_000))),
        ("compose.yaml", 'services:\n  a:\n    build: "${' + "a" * 900_000 + '"\n'),
        (
            "compose.yaml",
            "services:\n"
            + "".join(
                f"  s{n}: {{build: ., extends: {{file: compose.yaml, service: s0}}}}\n" for n in range(12)
            ),
        ),
        ("compose.yaml", "services:\n" + "".join(f"  s{n}: {{extends: s{n + 1}}}\n" for n in range(1_500))),
    ],
    ids=lambda said: said[:20],
)
def test_a_hostile_neighbour_takes_neither_time_nor_memory(found: Found, name: str, text: str) -> None:
    alone = found({"Dockerfile": STAGES})
    assert unused(found({name: text, "Dockerfile": STAGES})) == unused(alone)


def test_a_neighbour_that_is_no_file_is_not_waited_for(found: Found, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "Makefile")
    os.mkfifo(tmp_path / ".dockerignore")
    (tmp_path / "compose.yaml").symlink_to("/dev/zero")
    assert unused(found({"Dockerfile": STAGES}))


def test_a_service_extends_one_of_its_own_file_by_its_name(found: Found) -> None:
    text = "services:\n  a: {extends: {file: ./compose.yaml, service: b}}\n  b: {build: {target: shell}}\n"
    assert ships(found({"compose.yaml": text, "Dockerfile": STAGES}))


def test_an_override_adds_to_the_service_of_the_first_file(found: Found) -> None:
    files = {
        "api/Dockerfile": STAGES,
        "compose.yaml": "services: {a: {build: ./api}}\n",
        "compose.override.yaml": "services: {a: {build: {target: shell}}}\n",
    }
    assert ships(found(files))


def test_arguments_that_a_build_gives_are_not_missed(found: Found) -> None:
    text = "ARG V\nFROM alpine:$V\nUSER 1000\n"
    assert "arg-from" in [name for name, _, _ in found({"Dockerfile": text})]
    given = "services: {a: {build: {context: ., args: ['V=3.20']}}}\n"
    assert "arg-from" not in [name for name, _, _ in found({"Dockerfile": text, "compose.yaml": given})]


def test_named_contexts_are_no_unknown_stages(found: Found) -> None:
    text = "FROM base\nCOPY --from=node /a /b\nUSER 1000\n"
    plain = [name for name, _, _ in found({"Dockerfile": text})]
    assert {"copy-from-unknown", "untagged"} <= set(plain)
    contexts = ("--build-context", "base=../base", "--build-context", "node=docker-image://node:20")
    assert not {"copy-from-unknown", "untagged"} & {n for n, _, _ in found({"Dockerfile": text}, *contexts)}
    said = 'target "a" {\n contexts = { base = "target:b", node = "docker-image://node:20" }\n}\n'
    named = found({"Dockerfile": text, "docker-bake.hcl": said})
    assert not {"copy-from-unknown", "untagged"} & {name for name, _, _ in named}


def test_the_dockerignore_of_the_builds_own_context_rules(found: Found) -> None:
    files = {
        "docker/Dockerfile": "FROM alpine:3.20\nCOPY secret.txt /a\nCOPY kept.txt /b\nUSER 1000\n",
        "docker/.dockerignore": "kept.txt\n",
        ".dockerignore": "*.txt\n!kept.txt\n",
        "compose.yaml": "services: {a: {build: {context: ., dockerfile: docker/Dockerfile}}}\n",
    }
    assert [line for name, _, line in found(files) if name == "copy-ignored"] == [2]


def test_a_build_argument_takes_the_place_of_a_default(found: Found) -> None:
    files = {"Dockerfile": "ARG B=alpine:3.20\nFROM $B\nUSER 1000\n"}
    assert "untagged" not in [name for name, _, _ in found(files)]
    assert "untagged" in [name for name, _, _ in found(files, "--build-arg", "B=alpine")]


def test_a_build_argument_without_a_value_comes_from_the_environment(
    found: Found, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {"Dockerfile": "ARG B=alpine:3.20\nFROM $B\nUSER 1000\n"}
    assert "untagged" not in [name for name, _, _ in found(files, "--build-arg", "B")]
    monkeypatch.setenv("B", "alpine")
    assert "untagged" in [name for name, _, _ in found(files, "--build-arg", "B")]


def test_the_stage_of_target_ships_alone(found: Found) -> None:
    assert ships(found({"Dockerfile": STAGES}, "--target", "shell"))
    assert ships(found({"Dockerfile": STAGES}, "--target", "1"))
    assert not ships(found({"Dockerfile": STAGES}, "--target", "3"))


def test_wrong_build_options_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "Dockerfile").write_text("ARG VERSION=1\n" + STAGES)
    assert main(["lint", "--no-config", "--target", "shel", "Dockerfile"]) == 2
    said = capfd.readouterr().err
    assert "Dockerfile: error: no stage 'shel'; expected one of build, shell, odd" in said
    assert "did you mean `shell`?" in said
    assert main(["lint", "--no-config", "--build-context", "base", "Dockerfile"]) == 2
    assert "expected NAME=VALUE" in capfd.readouterr().err
    assert main(["lint", "--no-config", "--build-arg", "VERSON=2", "Dockerfile"]) == 1
    assert "notice: --build-arg VERSON: no ARG takes it; did you mean `VERSION`?" in capfd.readouterr().err


IGNORED = (
    "FROM alpine:3.20 AS b\n"
    "COPY a.txt /a\n"  # 2: left out
    "COPY <<a.txt /b\nhi\na.txt\n"  # the file is made here
    "COPY --from=b a.txt /c\n"  # from a stage
    "COPY ./src/x src/ /d/\n"  # 7: both
    "COPY dir /e\n"  # dir/keep comes with it
    "COPY dir/other /f\n"  # 9
    'COPY ["a.txt", "/g"]\n'  # 10
    "ADD https://example.com/a.txt /h\n"
    "ADD a.txt /i\n"  # 12
    "COPY --chown=1 x/y.log /j\n"  # 13
    "ONBUILD COPY a.txt /k\n"  # 14, by the build that is FROM this one
    "COPY . $DIR/a.txt /l/\nUSER 1000\n"
)


def test_a_copy_of_what_dockerignore_leaves_out_is_told(found: Found) -> None:
    ignore = "*.txt\n/src\ndir\n!dir/keep\n**/*.log\n"
    lines = [
        n for name, _, n in found({"Dockerfile": IGNORED, ".dockerignore": ignore}) if name == "copy-ignored"
    ]
    assert lines == [2, 7, 7, 9, 10, 12, 13, 14]


def test_a_dockerfile_s_own_dockerignore_takes_the_place_of_the_folders(found: Found) -> None:
    files = {"Dockerfile": IGNORED, ".dockerignore": "*\n", "Dockerfile.dockerignore": "dir/other\n"}
    assert [line for name, _, line in found(files) if name == "copy-ignored"] == [9]
