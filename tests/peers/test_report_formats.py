"""The linter's reports before the programs that judge such files: Microsoft's SARIF validator with GitHub's
rules, xmllint with the XSD by which Jenkins (and pytest) judge JUnit files."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ctr_ci.lint import all_rules
from testbed import debian

MULTITOOL = "@microsoft/sarif-multitool-linux"
PINNED = "5.7.0"
RULES = ("--rule-kind", "Sarif;Ghas", "--level", "Error;Warning", "--log", "ForceOverwrite", "--quiet")
# The validator wants an address of the tool, which the project has not.
NO_ADDRESS = {"SARIF2005"}

Judge = Callable[[Path], list[tuple[str, str]]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every example of every rule as a file, and names and bytes that a report must spell with care."""
    made = tmp_path_factory.mktemp("examples")
    for rule in all_rules():
        for number, example in enumerate(rule.examples):
            (made / f"{rule.name}.{number}.Dockerfile").write_text(example.text)
    (made / "ü b").mkdir()
    (made / "ü b" / "a&<:%.Dockerfile").write_bytes(
        b"\xef\xbb\xbfFROM debian\r\nENV A \xff\x01\x1b[0m<&>\r\n"
    )
    return made


@pytest.fixture(scope="module")
def reports(folder: Path) -> Path:
    formats = [word for name in ("sarif", "junit") for word in ("--format", f"{name}:{name}.report")]
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "ctr_ci",
            "lint",
            "--no-config",
            "--no-cache",
            "--select",
            "all",
            *formats,
            ".",
        ],
        cwd=folder,
        capture_output=True,
    )
    assert done.returncode == 1, done.stderr
    return folder


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Judge:
    """What the validator says of a SARIF file: pairs of level and rule."""
    place = tmp_path_factory.mktemp("multitool")
    npm = debian.command("npm")
    subprocess.run(
        [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", f"{MULTITOOL}@{PINNED}"],
        cwd=place,
        check=True,
        capture_output=True,
    )
    program = place / "node_modules" / MULTITOOL / "Sarif.Multitool"
    program.chmod(0o755)

    def run(report: Path) -> list[tuple[str, str]]:
        said = place / "said.sarif"
        subprocess.run(
            [program, "validate", report, "--output", said, *RULES],
            env=os.environ | {"DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1"},
            capture_output=True,
            check=False,
        )
        (found,) = json.loads(said.read_text("utf-8-sig"))["runs"]
        return [(one.get("level", "warning"), one["ruleId"]) for one in found.get("results", ())]

    return run


def test_sarif_satisfies_the_schema_and_github(reports: Path, judge: Judge, tmp_path: Path) -> None:
    report = tmp_path / "lint.sarif"
    report.write_bytes((reports / "sarif.report").read_bytes())
    said = judge(report)
    assert {rule for _, rule in said} <= NO_ADDRESS, said
    assert not [rule for level, rule in said if level == "error"]


def test_the_validator_sees_a_broken_file(reports: Path, judge: Judge, tmp_path: Path) -> None:
    report: dict[str, Any] = json.loads((reports / "sarif.report").read_text())
    (run,) = report["runs"]
    run["results"] = run["results"][:1]
    run["results"][0]["locations"][0]["physicalLocation"]["region"]["startLine"] = 0
    broken = tmp_path / "broken.sarif"
    broken.write_text(json.dumps(report))
    assert [rule for level, rule in judge(broken) if level == "error"]


def test_junit_satisfies_the_schema_of_jenkins(reports: Path, tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "virtualenv", "-q", tmp_path / "v"], check=True)
    sdist_of = ["download", "-q", "--no-deps", "--no-binary", ":all:", "-d", str(tmp_path)]
    pip = str(tmp_path / "v" / "bin" / "pip")
    subprocess.run([pip, *sdist_of, f"pytest=={pytest.__version__}"], check=True, capture_output=True)
    (sdist,) = tmp_path.glob("pytest-*.tar.gz")
    with tarfile.open(sdist) as archive:
        (name,) = [one for one in archive.getnames() if one.endswith("/junit-10.xsd")]
        member = archive.extractfile(name)
        assert member
        (tmp_path / "junit.xsd").write_bytes(member.read())
    xmllint = [debian.command("xmllint"), "--noout", "--schema", str(tmp_path / "junit.xsd")]
    done = subprocess.run([*xmllint, str(reports / "junit.report")], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    broken = tmp_path / "broken.xml"
    broken.write_text((reports / "junit.report").read_text().replace(' tests="', ' test="', 2))
    assert subprocess.run([*xmllint, str(broken)], capture_output=True).returncode != 0
