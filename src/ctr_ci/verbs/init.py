"""Writes the files a repository needs to start: workflow, pre-commit entry, cloudbuild.yaml.

`files` decides from what the repository holds and is pure; `init` looks, writes and tells. What
exists is never changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from ctr_ci import __version__
from ctr_ci.oci import Repository
from ctr_ci.problem import Exit, InputError, Problem
from ctr_ci.verbs.lint_search import search
from ctr_ci.workspace import git_facts

SKIPPED = {"vendor", "testdata", ".ctr-ci"}  # Dockerfiles there are not the repository's to build
CONFIGS = ("cloudbuild.yaml", "cloudbuild.yml", "cloudbuild.json")


@dataclass(frozen=True, slots=True)
class Request:
    """`registry` is HOST/TEAM, or None: no publishing job."""

    folder: Path
    dry_run: bool
    registry: str | None


@dataclass(frozen=True, slots=True)
class Facts:
    """What the repository holds: Dockerfiles as paths from its root, its default branch, its name, its
    build config ("" none)."""

    dockerfiles: tuple[str, ...]
    branch: str
    name: str
    registry: str | None
    config: str = ""

    @property
    def builds(self) -> bool:
        return bool(self.dockerfiles or self.config)


def files(facts: Facts) -> dict[str, str]:
    """The text of each file that a repository with these facts starts with, by path."""
    made = {
        ".github/workflows/ctr-ci.yml": _workflow(facts),
        ".pre-commit-config.yaml": _pre_commit(),
    }
    if facts.dockerfiles:
        made["cloudbuild.yaml"] = _cloudbuild(facts)
    return made


def init(request: Request, out: TextIO) -> Exit:
    """Writes what is missing in `request.folder` and says what to do next.

    Raises InputError where the folder is none, or the registry is not HOST/TEAM.
    """
    folder = request.folder
    if not folder.is_dir():
        raise InputError(Problem(f"{folder} is not a folder", expected="the folder of a repository"))
    if request.registry is not None:
        Repository.parse(f"{request.registry}/app")
    git = git_facts(folder)
    name = re.sub(r"[^a-z0-9]+", "-", (git.repo or folder.resolve().name).lower()).strip("-") or "app"
    config = _taken(folder, CONFIGS[0])
    facts = Facts(tuple(_dockerfiles(folder)), git.branch or "main", name, request.registry, config)
    for path, text in files(facts).items():
        target = folder / path
        taken = _taken(folder, path)
        if taken:
            out.write(f"kept     {taken} (it exists; `ctr-ci init --dry-run` shows what it could say)\n")
        if request.dry_run:
            out.write(f"--- {path}\n{text}")
        elif not taken:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
            out.write(f"written  {path}\n")
    if not request.dry_run:
        out.write("\n" + _next(facts))
    return Exit.DONE


def _dockerfiles(folder: Path) -> Iterable[str]:
    found, _ = search((str(folder),), ())
    inside = (Path(path).relative_to(folder) for path in found)
    kept = (path.as_posix() for path in inside if SKIPPED.isdisjoint(path.parts))
    return sorted(kept, key=lambda path: (path.count("/"), path))


def _taken(folder: Path, path: str) -> str:
    """The file that already plays the part of `path`, "" where there is none."""
    names = CONFIGS if path in CONFIGS else (path, re.sub(r"\.yml$", ".yaml", path))
    return next((name for name in names if (folder / name).exists()), "")


def _image(dockerfile: str, name: str) -> str:
    """The image's name of a Dockerfile: the repository's, or that of the folder or suffix it has."""
    folder, _, file = dockerfile.rpartition("/")
    suffix = re.sub(r"(?i)^dockerfile[._-]?|\.?dockerfile$|^containerfile[._-]?|\.?containerfile$", "", file)
    own = "-".join(part for part in (folder.replace("/", "-"), suffix) if part)
    return re.sub(r"[^a-z0-9]+", "-", own.lower()).strip("-") or name


def _one_image(facts: Facts) -> str:
    return _image(facts.dockerfiles[0], facts.name) if facts.dockerfiles else facts.name


def _cloudbuild(facts: Facts) -> str:
    steps, images = [], []
    for dockerfile in facts.dockerfiles:
        image = _image(dockerfile, facts.name)
        folder, _, file = dockerfile.rpartition("/")
        given = "" if file == "Dockerfile" else f", -f, '{dockerfile}'"
        steps.append(
            f"- id: build {image}\n"
            f"  name: gcr.io/cloud-builders/docker\n"
            f"  args: [build, -t, '{image}'{given}, '{folder or '.'}']\n"
            f"  waitFor: ['-']\n"
            f"# The test decides whether the image may be published: it must run the image that was built.\n"
            f"# Say here how to try yours.\n"
            f"- id: test {image}\n"
            f"  name: '{image}'\n"
            f"  waitFor: ['build {image}']\n"
        )
        images.append(f"- '{image}'\n")
    return (
        "# Runs on Google Cloud Build, and anywhere with `ctr-ci run`.\n"
        f"steps:\n{''.join(steps)}images:\n{''.join(images)}"
    )


def _workflow(facts: Facts) -> str:
    build = ""
    if facts.builds:
        publish = packages = ""
        if facts.registry:
            several = len(facts.dockerfiles) > 1  # images of several names go below what is given
            to = facts.registry if several else f"{facts.registry}/{_one_image(facts)}"
            publish = (
                "          # Of a pull request nothing is pushed.\n"
                f"          publish-to: ${{{{ github.event_name == 'push' && '{to}' || '' }}}}\n"
            )
            if facts.registry.startswith("ghcr.io/"):
                packages = "      packages: write\n"
                publish += "          credential: github\n"
            else:
                publish += "".join(
                    f"          {name}: ${{{{ github.event_name == 'push' && secrets.{secret} || '' }}}}\n"
                    for name, secret in (("username", "REGISTRY_USER"), ("password", "REGISTRY_PASSWORD"))
                )
        build = f"""
  build:
    needs: lint
    runs-on: ubuntu-latest
    permissions:
      contents: read
{packages}    steps:
      - uses: actions/checkout@v7
        with:
          persist-credentials: false
      - uses: org/ctr-action@v1
        with:
          dockerfile: none
          config: {facts.config or CONFIGS[0]}
{publish}"""
    return f"""\
name: ctr-ci
on:
  pull_request:
  push:
    branches: ['{facts.branch}']
permissions: {{}}
jobs:
  lint:
    runs-on: ubuntu-latest
    permissions:
      contents: read
    steps:
      - uses: actions/checkout@v7
        with:
          persist-credentials: false
      - uses: org/ctr-action@v1
        with:
          dockerfile: .
{build}"""


def _pre_commit() -> str:
    return f"""\
repos:
- repo: https://github.com/org/ctr-action
  rev: v{__version__}
  hooks:
  - id: ctr-ci-lint
  - id: ctr-ci-cloudbuild
"""


def _next(facts: Facts) -> str:
    if facts.config:
        return "next: `ctr-ci lint .`, then `ctr-ci run .`: what no step tests, `ctr-ci publish` refuses\n"
    if not facts.dockerfiles:
        return "no Dockerfile yet: write one, then run `ctr-ci init` again for a cloudbuild.yaml\n"
    return "next: `ctr-ci lint .`, then say in cloudbuild.yaml how to test the image, then `ctr-ci run .`\n"
