"""The pre-commit hooks as a table, and `.pre-commit-hooks.yaml` made from it. Pure.

File names by pattern, not by identify's `dockerfile` tag: that one misses `app.dockerfile`,
`containerfile` and `Dockerfile-dev`, and takes `Dockerfile.dockerignore` for one.
"""

from __future__ import annotations

from dataclasses import dataclass

DOCKERFILES = r"(?i)(^|/)((docker|container)file([._-][^/]*)?|[^/]+\.(docker|container)file)$"
NOT_DOCKERFILES = r"(?i)\.(dockerignore|md|j2|tmpl)$"
CLOUDBUILDS = r"(^|/)cloudbuild[^/]*\.(ya?ml|json)$"


@dataclass(frozen=True, slots=True)
class Hook:
    """One hook. `serial`: one process for all files, since the files matter to each other."""

    id: str
    name: str
    help: str
    entry: str
    files: str
    exclude: str = ""
    stages: tuple[str, ...] = ("pre-commit", "pre-merge-commit", "pre-push", "manual")
    pass_filenames: bool = True
    serial: bool = True


HOOKS = (
    Hook(
        "ctr-ci-lint",
        "lint Dockerfiles",
        "What would ship that only built it, and other mistakes. Needs no Docker and no network.",
        "ctr-ci lint",
        DOCKERFILES,
        NOT_DOCKERFILES,
    ),
    Hook(
        "ctr-ci-fix",
        "fix Dockerfiles",
        "Repairs what can be repaired safely, and fails when it did.",
        "ctr-ci lint --fix",
        DOCKERFILES,
        NOT_DOCKERFILES,
    ),
    Hook(
        "ctr-ci-cloudbuild",
        "check cloudbuild.yaml",
        "Validates Cloud Build configs: fields, steps, substitutions. Runs nothing.",
        "ctr-ci-hook cloudbuild",
        CLOUDBUILDS,
    ),
    Hook(
        "ctr-ci-run",
        "run cloudbuild.yaml",
        "Runs the build in containers before a push; pushes nothing. Needs a Docker engine.",
        "ctr-ci run .",
        "",
        stages=("pre-push", "manual"),
        pass_filenames=False,
    ),
)


def render() -> str:
    """The text of .pre-commit-hooks.yaml."""
    lines = ["# Made from src/ctr_ci/reference/hooks_yaml.py by scripts/reference.py."]
    for hook in HOOKS:
        lines += [f"- id: {hook.id}", f"  name: {_quoted(hook.name)}", f"  description: {_quoted(hook.help)}"]
        lines += [f"  entry: {hook.entry}", "  language: python", "  types: [text]"]
        if hook.files:
            lines.append(f"  files: {_quoted(hook.files)}")
        if hook.exclude:
            lines.append(f"  exclude: {_quoted(hook.exclude)}")
        if not hook.pass_filenames:
            lines += ["  pass_filenames: false", "  always_run: true"]
        if hook.serial:
            lines.append("  require_serial: true")
        lines += [f"  stages: [{', '.join(hook.stages)}]", "  minimum_pre_commit_version: '3.2.0'"]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
