"""A hadolint user's configuration, before hadolint itself: the same codes on the same lines, at the same
levels, with the same exit code, for what both tools know."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

BIN = Path(sys.executable).parent
TEXT = """\
FROM debian
RUN cd /x && ls
# hadolint ignore=DL3059,DL3003
RUN cd /y && ls
LABEL foo=bar version="nope" org.url=notaurl mail=x
COPY --from=evil.example/a:1 /a /b
ADD a.txt /b
CMD a
"""
# What is on here without a hadolint configuration, and not in hadolint or at another place there, is no
# part of the comparison: it is a rule of ours that carries no code of theirs, or a code that they lack.
CONFIGS = [
    "{}\n",
    "ignored: [DL3006, DL3025]\n",
    "override:\n  error: [DL3006]\n  warning: [DL3020]\n  info: [DL3003]\n  style: [DL3025]\n",
    "failure-threshold: error\nignored: [DL3020, DL3022, DL3026]\n",
    "failure-threshold: error\n",
    "failure-threshold: style\nignored: [DL3020]\n",
    "failure-threshold: none\n",
    "failure-threshold: ignore\n",
    "no-fail: true\n",
    "trustedRegistries: [docker.io]\n",
    "trustedRegistries: ['*.example', docker.io]\n",
    "label-schema:\n  version: semver\n  org.url: url\n  mail: email\n  author: text\n",
    "label-schema:\n  version: semver\n  foo: text\nstrict-labels: true\n",
    "disable-ignore-pragma: true\n",
    "no-color: true\nsome-future-key: 1\n",
    "override:\n  error: [DL3003]\nfailure-threshold: error\nignored: [DL3020, DL3022]\n",
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "Dockerfile").write_text(TEXT)
    (tmp_path / ".git").mkdir()
    return tmp_path


def run(folder: Path, *command: str | Path, **more: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"HOME": str(folder / "home"), "XDG_CONFIG_HOME": str(folder / "xdg")} | more
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


def theirs(folder: Path, **environment: str) -> tuple[set[tuple[str, int, str]], int]:
    done = run(folder, BIN / "hadolint", "-f", "json", "Dockerfile", **environment)
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return {(one["code"], one["line"], one["level"]) for one in found}, done.returncode


def ours(folder: Path, codes: set[str], **environment: str) -> tuple[set[tuple[str, int, str]], int]:
    """Our findings by the codes that hadolint has for them; the exit code is that of those alone."""
    options = ("lint", "--format", "json", "--no-cache", "--extend-ignore", "root,no-dockerignore")
    done = run(folder, BIN / "ctr-ci", *options, "Dockerfile", **environment)
    found = set()
    for one in json.loads(done.stdout)["findings"]:
        known = [alias for alias in one["aliases"] if alias in codes]
        found |= {(code, one["line"], one["severity"]) for code in known[:1]}
    return found, done.returncode


CODES = {"DL3003", "DL3006", "DL3020", "DL3025", "DL3026", "DL3049", "DL3050", "DL3052", "DL3056", "DL3060"}


@pytest.mark.parametrize("config", CONFIGS)
def test_a_configuration_means_the_same(folder: Path, config: str) -> None:
    (folder / ".hadolint.yaml").write_text(config)
    expected, code = theirs(folder)
    found, our_code = ours(folder, CODES)
    assert found == {one for one in expected if one[0] in CODES}
    assert our_code == code


@pytest.mark.parametrize(
    "environment",
    [
        {"HADOLINT_IGNORE": "DL3006,DL3025"},
        {"HADOLINT_OVERRIDE_ERROR": "DL3006"},
        {"HADOLINT_FAILURE_THRESHOLD": "error", "HADOLINT_IGNORE": "DL3020"},
        {"HADOLINT_NOFAIL": "1"},
        {"HADOLINT_TRUSTED_REGISTRIES": "docker.io"},
        {"HADOLINT_FAILURE_THRESHOLD": "none"},
        {"HADOLINT_DISABLE_IGNORE_PRAGMA": "1"},
        {"HADOLINT_REQUIRE_LABELS": "version:semver,author:text", "HADOLINT_STRICT_LABELS": "1"},
    ],
)
def test_the_environment_means_the_same(folder: Path, environment: dict[str, str]) -> None:
    (folder / ".hadolint.yaml").write_text("ignored: [DL3003]\n")
    expected, code = theirs(folder, **environment)
    found, our_code = ours(folder, CODES, **environment)
    assert found == {one for one in expected if one[0] in CODES}
    assert our_code == code


@pytest.mark.parametrize(
    "name", ["json", "checkstyle", "gnu", "sonarqube", "codacy", "sarif", "junit", "tty"]
)
def test_a_format_of_the_configuration_is_used(folder: Path, name: str) -> None:
    (folder / ".hadolint.yaml").write_text(f"format: {name}\n")
    plain = run(folder, BIN / "ctr-ci", "lint", "--no-cache", "Dockerfile").stdout
    asked = run(folder, BIN / "ctr-ci", "lint", "--no-cache", "--format", name, "Dockerfile").stdout
    first = plain.lstrip()[:6]
    assert first == asked.lstrip()[:6]
    hadolint = run(folder, BIN / "hadolint", "Dockerfile").stdout
    assert hadolint
    if name in ("checkstyle", "junit"):
        assert first == hadolint[:6] == "<?xml "
