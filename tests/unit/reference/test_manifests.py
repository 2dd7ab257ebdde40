"""action.yml and .pre-commit-hooks.yaml: made from declarations, up to date, and of the right form."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from ctr_ci.reference import INPUTS, action_yml, hooks_yaml
from ctr_ci.reference.hooks_yaml import CLOUDBUILDS, DOCKERFILES, NOT_DOCKERFILES

ROOT = Path(__file__).parents[3]


def test_what_is_checked_in_is_what_the_declarations_say() -> None:
    script = [sys.executable, "scripts/reference.py", "--check"]
    done = subprocess.run(script, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_input_reaches_the_action_through_the_environment_only() -> None:
    made = action_yml(lambda command, option: f"help of {command} {option}")
    for item in INPUTS:
        assert f"        {item.variable}: ${{{{ inputs.{item.name} }}}}" in made
    (run,) = [line for line in made.splitlines() if line.strip().startswith("run:")]
    assert "${{" not in run


def test_no_secret_has_a_default_in_the_action() -> None:
    assert {item.name: item.default for item in INPUTS if "pass" in item.name or "secret" in item.name} == {
        "password": "",
        "secrets": "",
    }


@pytest.mark.parametrize(
    "tool", [("check-jsonschema", "--builtin-schema", "vendor.github-actions", "action.yml")]
)
def test_the_action_has_the_form_that_github_wants(tool: tuple[str, ...]) -> None:
    program = Path(sys.executable).with_name(tool[0])
    done = subprocess.run([program, *tool[1:]], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_the_hooks_have_the_form_that_pre_commit_wants() -> None:
    program = Path(sys.executable).with_name("pre-commit")
    done = subprocess.run(
        [program, "validate-manifest", ROOT / ".pre-commit-hooks.yaml"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout
    assert hooks_yaml().count("- id:") == 4


@pytest.mark.parametrize(
    "name",
    [
        "Dockerfile",
        "a/Dockerfile",
        "app.dockerfile",
        "containerfile",
        "Dockerfile-dev",
        "Dockerfile_dev",
        "x/Dockerfile.prod",
    ],
)
def test_a_dockerfile_by_any_name_is_linted(name: str) -> None:
    assert re.search(DOCKERFILES, name)
    assert not re.search(NOT_DOCKERFILES, name)


@pytest.mark.parametrize(
    "name", ["Dockerfile.dockerignore", "Dockerfile.md", "Dockerfile.j2", "x.Dockerfile.tmpl"]
)
def test_what_only_looks_like_one_is_not(name: str) -> None:
    assert re.search(NOT_DOCKERFILES, name)


@pytest.mark.parametrize("name", ["mydockerfiles/readme", "Dockerfiles", "dockerfile/main.go", "makefile"])
def test_other_files_are_left_alone(name: str) -> None:
    assert not re.search(DOCKERFILES, name)


def test_cloud_build_configs_are_found() -> None:
    assert all(re.search(CLOUDBUILDS, name) for name in ("cloudbuild.yaml", "a/cloudbuild-dev.json"))
    assert not re.search(CLOUDBUILDS, "notcloudbuild.yaml")
