"""The formats of findings: what each must hold, on one run with every kind of finding."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from ctr_ci.dockerfile import parse
from ctr_ci.lint import Linted, Outcome, check
from ctr_ci.problem import Problem
from ctr_ci.report.finding import FORMATS, HADOLINT_NAMES, render
from ctr_ci.report.fingerprint import line_hashes
from ctr_ci.report.place import Shown
from ctr_ci.settings import LintSettings
from ctr_ci.source import Source

TEXT = 'FROM golang:1.23\nCOPY . .\nRUN apt-get update && go build -o /app\n\tENV A b\nCMD /app "ü" <&>|`*\n'


def outcome(text: str = TEXT, path: str = "./a b/Dockerfile") -> Outcome:
    source = Source(path, text)
    findings = check(parse(source), LintSettings())
    return Outcome((Linted(path, source, findings),), (Problem("cannot read it", path="x"),), 0.25)


@pytest.mark.parametrize("name", [*FORMATS, *HADOLINT_NAMES])
@pytest.mark.parametrize("text", [TEXT, "", "FROM alpine:3.20\n", "\x1b[31m \udcff\nFROM debian\n"])
def test_every_format_renders_every_run(name: str, text: str) -> None:
    rendered = render(name, outcome(text))
    rendered.encode("utf-8")
    assert rendered == "" or rendered.endswith("\n")


def test_json_has_the_contracts_keys() -> None:
    said = json.loads(render("json", outcome()))
    assert set(said) >= {"version", "findings", "errors", "summary"}
    assert set(said["summary"]) >= {"files", "findings", "fixable", "seconds"}
    assert said["errors"][0]["message"] == "cannot read it"
    keys = "rule name aliases severity path line column end_line end_column message help url stage bytes fix"
    for finding in said["findings"]:
        assert set(keys.split()) <= set(finding)
        assert finding["path"] == "a b/Dockerfile"
    env = next(finding for finding in said["findings"] if finding["name"] == "legacy-key-value")
    assert env["fix"]["safe"] is True
    places = {"start": {"line": 4, "column": 7}, "end": {"line": 4, "column": 9}}
    places = {"start": {"line": 4, "column": 7}, "end": {"line": 4, "column": 9}}
    assert env["fix"]["edits"] == [places | {"text": "=b"}]
    assert (env["line"], env["column"], env["end_line"], env["end_column"]) == (4, 6, 4, 9)


def test_sarif_is_within_githubs_limits() -> None:
    said = json.loads(render("sarif", outcome()))
    run = said["runs"][0]
    driver = run["tool"]["driver"]
    assert said["version"] == "2.1.0"
    assert driver["name"] == "ctr-ci"
    for rule in driver["rules"]:
        assert rule["shortDescription"]["text"]
        assert 0 < len(rule["fullDescription"]["text"]) <= 1024
        assert rule["help"]["text"]
        assert rule["help"]["markdown"]
        assert len(rule["properties"]["tags"]) <= 10
    for result in run["results"]:
        assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        place = result["locations"][0]["physicalLocation"]
        assert place["artifactLocation"]["uri"] == "a%20b/Dockerfile"
        region = place["region"]
        assert (region["endLine"], region["endColumn"]) > (region["startLine"], region["startColumn"])
        assert re.fullmatch(r"[0-9a-f]+:\d+", result["partialFingerprints"]["primaryLocationLineHash"])
    assert not run["invocations"][0]["executionSuccessful"]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_line_hashes_are_those_of_codeql_action(end: str) -> None:
    text = "FROM debian:12\nRUN apt-get update\nRUN apt-get update\n".replace("\n", end)
    assert line_hashes("") == {1: "c129715d7a2bc9a3:1"}
    found = line_hashes(text)
    assert [found[n] for n in (1, 2, 3)] == ["8ae5cadf844d1401:1", "889d7e9b3fa2bb5b:1", "4fd077e53557f2a7:1"]


def test_github_keeps_ten_annotations_of_each_level_and_says_how_many_are_left() -> None:
    text = "FROM debian:12\n" + "RUN pip install x\n" * 15
    lines = render("github", outcome(text)).splitlines()
    assert sum(line.startswith("::warning ") for line in lines) == 10
    assert sum(line.startswith("::notice ") for line in lines) <= 10
    assert any("more findings are in the log" in line for line in lines)
    first = next(line for line in lines if line.startswith("::warning "))
    assert "file=a b/Dockerfile,line=2,endLine=2,col=5,endColumn=16,title=pip-cache" in first


def test_github_escapes_what_could_be_a_command() -> None:
    lines = render("github", outcome("FROM debian:12\nENV A%0A::set-output b\n")).splitlines()
    assert all(line.startswith(("::warning ", "::notice ", "::error ")) for line in lines)


def test_gitlab_fingerprints_are_unique_and_stay_when_lines_move() -> None:
    first = json.loads(render("gitlab", outcome()))
    moved = json.loads(render("gitlab", outcome("# one more line\n" + TEXT)))
    prints = [issue["fingerprint"] for issue in first]
    assert len(set(prints)) == len(prints)
    assert set(prints) == {issue["fingerprint"] for issue in moved}
    assert {issue["severity"] for issue in first} <= {"info", "minor", "major", "critical", "blocker"}


@pytest.mark.parametrize("name", ["checkstyle", "junit"])
def test_xml_parses_and_counts(name: str) -> None:
    run = outcome()
    tree = ElementTree.fromstring(render(name, run))
    count = len(tree.findall(".//error" if name == "checkstyle" else ".//failure"))
    assert count == run.findings > 3


def test_a_clean_file_is_a_passed_junit_case() -> None:
    run = Outcome((Linted("Dockerfile", Source("Dockerfile", ""), ()),), (), 0.0)
    tree = ElementTree.fromstring(render("junit", run))
    assert len(tree.findall(".//testcase")) == 1
    assert not tree.findall(".//failure")


def test_markdown_cells_hold_no_markup() -> None:
    for row in render("markdown", outcome()).splitlines()[2:]:
        assert row.count(" | ") == 3


def test_text_marks_the_place_under_the_source_line() -> None:
    lines = render("text", outcome()).splitlines()
    at = next(i for i, line in enumerate(lines) if "(legacy-key-value)" in line)
    assert lines[at + 1] == "  4 |     ENV A b"
    assert lines[at + 2] == "    |         ^^^"


def test_text_sends_no_control_characters_of_the_file() -> None:
    rendered = render("text", outcome("FROM debian:12\nENV A \x1b]0;evil\x07\nWORKDIR a\x1b[2Jb\n"))
    assert "\x1b" not in rendered
    assert "\x07" not in rendered


def test_text_groups_repeats() -> None:
    rendered = render("text", outcome("FROM debian:12\nENV A b\nENV A b\nENV A b\n"))
    assert rendered.count("(legacy-key-value)") == 1
    assert "also at 3:5, 4:5" in rendered


def test_colour_only_when_asked() -> None:
    assert "\x1b[" not in render("text", outcome())
    assert "\x1b[" in render("text", outcome(), Shown(color=True))


def test_a_file_name_begins_no_line_of_the_compact_report(tmp_path: Path) -> None:
    name = "Dockerfile.a\n::error file=x::pwned"
    (tmp_path / name).write_text("FROM debian\n")
    done = subprocess.run(
        [sys.executable, "-m", "ctr_ci", "lint", "--no-config", "--format", "compact", "."],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "pwned" in done.stdout
    assert all(line.startswith("Dockerfile.a") for line in done.stdout.splitlines())


def test_sonarqube_has_columns_from_0_and_no_empty_places() -> None:
    (*issues,) = json.loads(render("sonarqube", outcome("FROM debian:12\nENV A b\nRUN a \\\n\n b\n")))[
        "issues"
    ]
    env = next(issue for issue in issues if issue["ruleId"] == "legacy-key-value")
    assert env["primaryLocation"]["filePath"] == "a b/Dockerfile"
    places = {"startLine": 2, "endLine": 2, "startColumn": 4, "endColumn": 7}
    assert env["primaryLocation"]["textRange"] == places
    for issue in issues:
        place = issue["primaryLocation"]["textRange"]
        assert (
            place.get("endColumn", 1) > place.get("startColumn", 0) or place["endLine"] > place["startLine"]
        )
    assert {issue["severity"] for issue in issues} <= {"INFO", "MINOR", "MAJOR", "CRITICAL", "BLOCKER"}
    assert {issue["type"] for issue in issues} <= {"BUG", "VULNERABILITY", "CODE_SMELL"}


def test_codacy_has_one_object_a_line() -> None:
    run = outcome()
    issues = [json.loads(line) for line in render("codacy", run).splitlines()]
    assert len(issues) == run.findings
    assert {*issues[0]} == {"filename", "line", "message", "patternId"}


def test_the_summary_says_whether_it_fails_and_what_can_be_repaired() -> None:
    run = outcome("FROM debian:12\nENV A b\nWORKDIR x\n")

    def last(**shown: Any) -> list[str]:
        return render("text", run, Shown(**shown)).splitlines()

    assert last()[-1].startswith("2 findings in 1 file: ")
    assert "passes (--fail-on error)" in last(fail_on="error")[-1]
    assert "fails (--fail-on style)" in last(fail_on="style")[-1]
    assert "passes (--fail-on never)" in last(fail_on="never")[-1]
    assert last()[-1].endswith("--fix repairs 1, with --unsafe-fixes 2")
    assert "ctr-ci rules" in last(terminal=True)[-1]
    assert "ctr-ci rules" not in last()[-1]


def test_a_person_is_told_that_nothing_was_found() -> None:
    run = Outcome((Linted("Dockerfile", Source("Dockerfile", ""), ()),), (), 0.0)
    assert render("text", run) == ""
    assert render("text", run, Shown(terminal=True)) == "no findings in 1 file\n"


def test_a_hadolint_user_sees_the_codes_known_from_there() -> None:
    run = outcome("FROM debian\n")
    assert "(untagged)" in render("text", run)
    assert "(untagged [DL3006])" in render("text", run, Shown(codes=True))
