"""`ctr-ci lint` at its door: paths, formats, exit codes, messages, files written."""

from __future__ import annotations

import io
import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ctr_ci.cli import main

CLEAN = 'FROM debian:12\nUSER 1000\nCMD ["a"]\n'
WARNS = "FROM debian\nUSER 1000\n"


class Ran:
    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    @property
    def json(self) -> dict[str, list[dict[str, object]]]:
        loaded: dict[str, list[dict[str, object]]] = json.loads(self.out)
        return loaded


Lint = Callable[..., Ran]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    monkeypatch.setenv("CTR_CI_CACHE_DIR", str(tmp_path / "cache"))
    (tmp_path / ".git").mkdir()  # the search for a configuration ends here
    return tmp_path


@pytest.fixture
def lint(here: Path, capfd: pytest.CaptureFixture[str]) -> Lint:
    def run(*words: str) -> Ran:
        code = main(["lint", *words])
        sys.stdout.flush()
        out, err = capfd.readouterr()
        return Ran(code, out, err)

    return run


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_a_clean_file_says_nothing_and_ends_with_0(here: Path, lint: Lint) -> None:
    write(here, "Dockerfile", CLEAN)
    ran = lint("Dockerfile")
    assert (ran.code, ran.out, ran.err) == (0, "", "")


def test_a_finding_at_the_threshold_ends_with_1(here: Path, lint: Lint) -> None:
    write(here, "Dockerfile", WARNS)
    assert lint("Dockerfile").code == 1
    assert lint("Dockerfile", "--fail-on", "warning").code == 1
    assert lint("Dockerfile", "--fail-on", "error").code == 0
    assert lint("Dockerfile", "--fail-on=never").code == 0


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("missing", "missing: error: cannot read it: no such file or directory"),
        ("Dockerfile", "Dockerfile: error: a folder; expected a Dockerfile"),
        ("empty", "empty: error: no Dockerfile in this folder"),
    ],
)
def test_what_cannot_be_read_is_one_message_and_ends_with_2(
    here: Path, lint: Lint, name: str, said: str
) -> None:
    if name != "missing":
        (here / name).mkdir()
    ran = lint(name)
    assert ran.code == 2
    assert ran.err.startswith(said)
    assert "Traceback" not in ran.err
    ran = lint(name, "--format", "json")
    assert ran.code == 2
    assert ran.json["errors"][0]["path"] == name


def test_an_unreadable_file_is_told_and_the_others_are_linted(here: Path, lint: Lint) -> None:
    write(here, "Dockerfile", WARNS)
    ran = lint("Dockerfile", "missing", "--format=json")
    assert ran.code == 2
    assert [f["name"] for f in ran.json["findings"]] == ["untagged"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--ignore", "untaged"], "--ignore: error: unknown rule 'untaged'"),
        (["--select", "DL9999"], "--select: error: unknown rule 'DL9999'"),
        (["--format", "jsn"], "error: unknown format 'jsn'"),
        (["--fail-on", "bad"], "error: argument --fail-on: invalid choice: 'bad'"),
        (["--nope"], "error: unrecognized arguments: --nope"),
        (["--jobs", "x"], "error: argument --jobs/-j: invalid int value: 'x'"),
        (["--config-file", "none.yaml"], "none.yaml: error: cannot read the configuration"),
        (["--diff-base", "HEAD"], "Dockerfile: error: git knows no revision 'HEAD'"),
        (["--baseline", "none.json"], "none.json: error: cannot read the baseline"),
    ],
)
def test_a_wrong_option_is_one_message_and_ends_with_2(
    here: Path, lint: Lint, words: list[str], said: str
) -> None:
    write(here, "Dockerfile", WARNS)
    ran = lint("Dockerfile", *words)
    assert ran.code == 2
    assert ran.err.startswith(said)


def test_folders_are_searched_and_gitignore_is_honoured(here: Path, lint: Lint) -> None:
    (here / ".git").rmdir()
    subprocess.run(["git", "init", "-q", "."], check=True)
    write(here, ".gitignore", "skipped/\n")
    for name in (
        "Dockerfile",
        "a/Dockerfile.dev",
        "a/b/x.Dockerfile",
        "skipped/Dockerfile",
        "node_modules/x/Dockerfile",
    ):
        write(here, name, WARNS)
    write(here, "a/Dockerfile.dockerignore", "*")
    ran = lint("--format", "json")
    assert sorted({str(f["path"]) for f in ran.json["findings"]}) == [
        "Dockerfile",
        "a/Dockerfile.dev",
        "a/b/x.Dockerfile",
    ]


def test_without_git_the_folders_own_gitignore_is_honoured(here: Path, lint: Lint) -> None:
    (here / ".git").rmdir()
    write(here, "ctr-ci.yaml", "lint: {exclude: ['old/*']}\n")
    write(here, ".gitignore", "skipped/\n")
    for name in ("Dockerfile", "skipped/Dockerfile", "old/Dockerfile"):
        write(here, name, WARNS)
    assert [f["path"] for f in lint(".", "--format=json").json["findings"]] == ["Dockerfile"]


def test_standard_input_has_the_name_it_is_given(
    here: Path, lint: Lint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(WARNS.encode())))
    ran = lint("-", "--stdin-filename", "x/Dockerfile", "--format", "json")
    assert [f["path"] for f in ran.json["findings"]] == ["x/Dockerfile"]


def test_several_formats_in_one_run(here: Path, lint: Lint) -> None:
    write(here, "Dockerfile", WARNS)
    ran = lint(
        "Dockerfile", "--format", "compact", "--format", "sarif:out.sarif", "--format", "json:out.json"
    )
    assert ran.out == (
        "Dockerfile:1:6: warning: debian has no tag, so it is `latest`: another image next month [untagged]\n"
    )
    assert json.loads((here / "out.sarif").read_text())["version"] == "2.1.0"
    assert json.loads((here / "out.json").read_text())["summary"]["findings"] == 1


def test_fix_writes_in_place_and_keeps_the_mode(here: Path, lint: Lint) -> None:
    path = write(here, "real", "FROM debian:12\nUSER 1\nENV A b\nCMD a\n")
    path.chmod(0o640)
    os.symlink("real", here / "Dockerfile")
    ran = lint("Dockerfile", "--fix")
    assert path.read_text() == "FROM debian:12\nUSER 1\nENV A=b\nCMD a\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert (here / "Dockerfile").is_symlink()
    assert ran.code == 1
    assert "1 fixed" in ran.out
    assert lint("Dockerfile", "--fix", "--unsafe-fixes").code == 0
    assert path.read_text().endswith('CMD ["a"]\n')
    assert sorted(p.name for p in here.iterdir() if "ctr-ci-" in p.name) == []


def test_diff_prints_a_patch_writes_nothing_and_ends_with_1(here: Path, lint: Lint) -> None:
    path = write(here, "Dockerfile", "FROM debian:12\nUSER 1\nENV A b\n")
    before = path.read_text()
    ran = lint("Dockerfile", "--diff")
    assert ran.code == 1
    assert path.read_text() == before
    subprocess.run(["git", "apply", "-"], input=ran.out.encode(), cwd=here, check=True)
    assert path.read_text() == "FROM debian:12\nUSER 1\nENV A=b\n"
    ran = lint("Dockerfile", "--diff")
    assert (ran.code, ran.out) == (0, "")


def test_fix_of_standard_input_prints_the_text(
    here: Path, lint: Lint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"FROM debian:12\nUSER 1\nENV A b\n")))
    assert lint("-", "--fix").out == "FROM debian:12\nUSER 1\nENV A=b\n"


def test_a_read_only_folder_is_told(here: Path, lint: Lint) -> None:
    write(here, "Dockerfile", WARNS)
    ran = lint("Dockerfile", "--format", "json:/proc/nothing/out.json")
    assert ran.code == 2
    assert "cannot write the report" in ran.err


def test_diff_base_reports_what_a_change_touches(here: Path, lint: Lint) -> None:
    (here / ".git").rmdir()
    path = write(here, "Dockerfile", WARNS + "ENV A b\n")
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "add", "."], check=True)
    subprocess.run([*git, "commit", "-qm", "x"], check=True)
    assert lint("Dockerfile", "--diff-base", "HEAD").code == 0
    path.write_text(WARNS + "ENV A b\nENV C d\n")
    ran = lint("Dockerfile", "--diff-base", "HEAD", "--format=json")
    assert [f["line"] for f in ran.json["findings"]] == [4]


def test_a_baseline_hides_what_it_knows_also_when_lines_move(here: Path, lint: Lint) -> None:
    path = write(here, "Dockerfile", WARNS)
    assert lint("Dockerfile", "--write-baseline", "known.json").code == 1
    path.write_text("# moved\n" + WARNS)
    assert lint("Dockerfile", "--baseline", "known.json").code == 0
    path.write_text("# moved\n" + WARNS + "ENV A b\n")
    ran = lint("Dockerfile", "--baseline", "known.json", "--format=json")
    assert [f["name"] for f in ran.json["findings"]] == ["legacy-key-value"]


def test_statistics_count_by_rule(here: Path, lint: Lint) -> None:
    write(here, "Dockerfile", WARNS + "ENV A b\nENV C d\n")
    lines = lint("Dockerfile", "--statistics").out.splitlines()
    assert lines[0].split()[:3] == ["2", "legacy-key-value", "style"]


def test_a_hadolint_users_config_is_read_as_it_stands(here: Path, lint: Lint) -> None:
    write(here, "Dockerfile", WARNS)
    write(here, ".hadolint.yaml", "ignored: [DL3006, DL9999]\nunknown: 1\nfailure-threshold: error\n")
    assert lint("Dockerfile").code == 0
    write(here, "ctr-ci.yaml", "lint: {fail-on: style}\n")
    write(here, "Dockerfile", WARNS + "run echo x\n")
    assert lint("Dockerfile").code == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("lint: {fail-on: bad}\n", "ctr-ci.yaml:1:17: error: 'bad'; expected one of error, warning"),
        ("lint: {fial-on: error}\n", "ctr-ci.yaml:1:8: error: unknown key 'fial-on' in `lint`"),
        ("lint: {ignore: [nope]}\n", "ctr-ci.yaml:1:17: error: unknown rule 'nope'"),
        ("lint: {rules: {untagged: {x: 1}}}\n", "ctr-ci.yaml:1:30: error: untagged has no option 'x'"),
        ("lint: [\n", "ctr-ci.yaml:"),
        ("lnt: {}\n", "ctr-ci.yaml:1:1: error: unknown key 'lnt'"),
    ],
)
def test_a_wrong_configuration_names_its_place(here: Path, lint: Lint, text: str, said: str) -> None:
    write(here, "Dockerfile", CLEAN)
    write(here, "ctr-ci.yaml", text)
    ran = lint("Dockerfile")
    assert ran.code == 2
    assert ran.err.startswith(said)
    assert lint("Dockerfile", "--no-config").code == 0


def test_pyproject_configures_too_and_the_nearest_file_wins(
    here: Path, lint: Lint, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(here, "pyproject.toml", '[tool.ctr-ci.lint]\nignore = ["untagged"]\n')
    write(here, "sub/Dockerfile", WARNS)
    monkeypatch.chdir(here / "sub")
    assert lint("Dockerfile").code == 0
    write(here, "sub/ctr-ci.yaml", "lint: {ignore: [latest]}\n")
    assert lint("Dockerfile").code == 1


def test_many_files_give_the_same_from_many_processes_and_from_the_cache(here: Path, lint: Lint) -> None:
    for number in range(40):
        write(here, f"d{number}/Dockerfile", WARNS + f"ENV A{number} b\n" * (number % 3))
    first = lint(".", "--format=json", "--jobs", "3").json["findings"]
    assert len(first) == 40 + sum(n % 3 for n in range(40))
    assert lint(".", "--format=json").json["findings"] == first
    assert lint(".", "--format=json", "--no-cache", "--jobs=1").json["findings"] == first
    assert (here / "cache").is_dir()
    write(here, "d0/Dockerfile", CLEAN)
    assert len(lint(".", "--format=json").json["findings"]) == len(first) - 1


def test_a_changed_setting_is_not_answered_from_the_cache(here: Path, lint: Lint) -> None:
    for number in range(14):
        write(here, f"d{number}/Dockerfile", WARNS)
    assert lint(".").code == 1
    assert lint(".", "--ignore", "untagged").code == 0


def test_the_seeds_own_dockerfile_is_explained(here: Path, lint: Lint) -> None:
    write(here, "Dockerfile", "FROM ubuntu:18.05\nCOPY ./app\nRUN make /app\nCMD python /app/app.py\n")
    ran = lint("Dockerfile", "--format", "json")
    assert ran.code == 1
    found = {f["name"]: f for f in ran.json["findings"]}
    assert {
        "nonexistent-base-tag",
        "syntax-error",
        "build-in-ship-image",
        "missing-multi-stage",
        "exec-form",
    } <= set(found)
    assert (found["syntax-error"]["line"], found["syntax-error"]["message"]) == (
        2,
        "COPY ./app without a destination; expected COPY source… destination",
    )
    assert "ubuntu:18.04 and ubuntu:18.10 exist" in str(found["nonexistent-base-tag"]["help"])
    assert found["build-in-ship-image"]["line"] == 3
    assert found["exec-form"]["line"] == 4


def test_rules_lists_explains_and_knows_the_nearest_name(
    here: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["rules"]) == 0
    assert "build-in-ship-image" in capfd.readouterr().out
    assert main(["rules", "DL3006"]) == 0
    assert "A base image needs a tag or a digest" in capfd.readouterr().out
    assert main(["rules", "untaged"]) == 2
    assert "did you mean `untagged`?" in capfd.readouterr().err
    assert main(["rules", "--format", "json"]) == 0
    assert all(rule["why"] for rule in json.loads(capfd.readouterr().out))


def test_a_folder_is_searched_for_every_usual_name(here: Path, lint: Lint) -> None:
    found = [
        "Dockerfile",
        "Dockerfile-dev",
        "Dockerfile.dev",
        "Dockerfile_x",
        "a.Dockerfile",
        "containerfile",
    ]
    for name in [*found, "Dockerfile.dockerignore", "dockerfile-lexer.c", "Dockerfile.j2", "dockerfiles"]:
        write(here, f"dockerfile-images/{name}", "FROM debian\n")
    said = lint("--no-config", "--no-cache", "-f", "json", "dockerfile-images").json["findings"]
    assert sorted({Path(str(one["path"])).name for one in said}) == found
