"""SARIF as its readers use it: alerts that stay the same, fixes that can be applied, links that open."""

from __future__ import annotations

import gzip
import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from ctr_ci.dockerfile import parse
from ctr_ci.lint import Linted, Outcome, Safety, check, fix
from ctr_ci.report import sarif
from ctr_ci.report.finding import render
from ctr_ci.report.place import Shown
from ctr_ci.settings import LintSettings
from ctr_ci.source import Source

ROOT = Path(__file__).parents[3]
TEXT = (
    "FROM debian:12 as build\n"
    "MAINTAINER me\n"
    "# ü 😀\n"
    "ENV A b\n"
    "RUN apt-get update && \\\n"
    "\n"
    "    apt-get install -y curl # 😀\n"
    "RUN apt-get update && apt-get install -y wget && rm -rf /var/lib/apt/lists/*\n"
    "ENV C  d e\n"
)


def run_of(text: str, path: str = "Dockerfile", folder: str = "") -> dict[str, Any]:
    source = Source(path, text)
    found = Outcome((Linted(path, source, check(parse(source), LintSettings())),), (), 0.1)
    return dict(json.loads(render("sarif", found, Shown(folder=folder)))["runs"][0])


def alerts(text: str) -> list[tuple[str, str]]:
    return [
        (r["ruleId"], r["partialFingerprints"]["primaryLocationLineHash"]) for r in run_of(text)["results"]
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_an_alert_stays_the_same_when_lines_are_put_above_it_or_line_ends_change(end: str) -> None:
    moved = "# a new line\n\n# and another\n" + TEXT
    assert len(alerts(TEXT)) > 6
    assert alerts(moved.replace("\n", end)) == alerts(TEXT)


def test_an_alert_is_another_when_its_line_changes() -> None:
    assert alerts("FROM debian\n") != alerts("FROM ubuntu\n")


@pytest.mark.parametrize("text", [TEXT, TEXT.replace("\n", "\r\n"), "from debian:12\nENV a b\nENV c d\n"])
def test_safe_fixes_applied_from_the_report_give_what_fix_gives(text: str) -> None:
    source = Source("Dockerfile", text)
    expected = fix(source, LintSettings(), Safety.SAFE).source.text
    assert expected != text
    for _ in range(10):
        results = run_of(text)["results"]
        fixes = [one for result in results for one in result.get("fixes", ()) if one["properties"]["safe"]]
        if not fixes:
            break
        text = applied(text, fixes)
    assert text == expected


def applied(text: str, fixes: list[dict[str, Any]]) -> str:
    """What an editor does with fixes: each whole or, where it meets one already taken, not at all."""
    starts = [0]
    for line in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    taken: list[tuple[int, int, str]] = []
    for one in fixes:
        (change,) = one["artifactChanges"]
        edits = []
        for replacement in change["replacements"]:
            region = replacement["deletedRegion"]
            first = starts[region["startLine"] - 1] + region["startColumn"] - 1
            last = starts[region["endLine"] - 1] + region["endColumn"] - 1
            edits.append((first, last, replacement["insertedContent"]["text"]))
        if not any((a < d and c < b) or (a, b) == (c, d) for a, b, _ in edits for c, d, _ in taken):
            taken += edits
    for first, last, new in sorted(taken, reverse=True):
        text = text[:first] + new + text[last:]
    return text


def test_an_unsafe_fix_says_so() -> None:
    (result,) = [
        one for one in run_of("FROM debian:12\nWORKDIR app\n")["results"] if one["ruleId"] == "CT103"
    ]
    (one,) = result["fixes"]
    assert one["properties"] == {"safe": False}
    assert "unsafe" in one["description"]["text"]


def test_the_worst_results_come_first_and_no_more_than_github_takes() -> None:
    source = Source("Dockerfile", "FROM debian\n" + "ENV A b\n" * 40)
    some = check(parse(source), LintSettings())
    files = tuple(Linted(f"{number}/Dockerfile", source, some) for number in range(620))
    text = render("sarif", Outcome(files, (), 0.1))
    (run,) = json.loads(text)["runs"]
    assert len(run["results"]) == sarif.RESULTS == 25_000
    assert run["properties"]["findingsLeftOut"] == 620 * len(some) - 25_000
    levels = [("error", "warning", "note").index(result["level"]) for result in run["results"]]
    assert levels == sorted(levels)
    assert len(gzip.compress(text.encode(), 6)) < 10_000_000


def test_paths_outside_the_folder_are_file_uris() -> None:
    def uri(path: str) -> str:
        (result, *_) = run_of("FROM debian\n", path, "/w")["results"]
        return str(result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"])

    assert uri("/w/a b/Dockerfile") == "a%20b/Dockerfile"
    assert uri("/other/Dockerfile") == "file:///other/Dockerfile"
    assert uri("./c:d/Dockerfile") == "c%3Ad/Dockerfile"


def test_a_rule_explains_itself_and_links_only_to_what_the_project_declares() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    home = tuple(project.get("urls", {}).values())
    for rule in run_of(TEXT)["tool"]["driver"]["rules"]:
        assert "```dockerfile" in rule["help"]["markdown"]
        if not home:
            assert "helpUri" not in rule
        else:
            assert rule["helpUri"].startswith(home)
