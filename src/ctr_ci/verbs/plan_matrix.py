"""`ctr-ci plan --matrix github`: finds a monorepo's builds and puts them in an order."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TextIO

from ctr_ci.dockerfile import Copy, Run, parse
from ctr_ci.plan import Job, Plan, made, matrices, options, waves
from ctr_ci.problem import CtrCiError, Exit, InputError, Problem
from ctr_ci.source import Source
from ctr_ci.value import replace
from ctr_ci.verbs.build_inputs import BuildChoice, planned
from ctr_ci.verbs.lint_search import files, is_dockerfile
from ctr_ci.workspace import GitFacts

CONFIG = re.compile(r"cloudbuild[^/]*\.(?:ya?ml|json)")  # as the pre-commit hook's


def matrix(
    folder: Path,
    choice: BuildChoice,
    facts: GitFacts,
    environment: Mapping[str, str],
    build_id: str,
    out: TextIO,
    err: TextIO,
) -> Exit:
    """Prints a line of JSON: a list of matrices, each for a job of a workflow that needs the one before.
    Raises InputError with the problems of all configs."""
    if choice.config is not None or choice.tag is not None:
        raise InputError(Problem("--matrix with one build", "a folder, whose builds are looked for"))
    if not folder.is_dir():
        raise InputError(Problem(f"{folder} is no folder", "a folder with several builds"))
    root = str(folder)
    configs = [_inside(path, root) for path in sorted(files(root, lambda name: bool(CONFIG.fullmatch(name))))]
    if not configs:
        raise InputError(Problem("no cloudbuild.yaml here or below", "one for each build", path=root))
    homes = {os.path.dirname(config) for config in configs}
    dockerfiles: dict[str, list[str]] = {home: [] for home in homes}
    for path in sorted(files(root, is_dockerfile)):
        home = _home(_inside(path, root), homes)
        if home is not None:
            dockerfiles[home].append(path)
    jobs: list[Job] = []
    problems: list[Problem] = []
    for config in configs:
        home = os.path.dirname(config)
        try:
            plan, warnings = planned(
                replace(choice, config=os.path.join(root, config)), folder, facts, environment, build_id
            )
        except CtrCiError as error:
            problems += error.problems
            continue
        for warning in warnings:
            err.write(warning.render() + "\n")
        # A folder whose config is called otherwise has more than one build.
        plain = Path(config).stem == "cloudbuild" and bool(home)
        jobs.append(
            Job(
                name=home if plain else config,
                source=_source(plan, home),
                config=config,
                images=made(plan),
                bases=tuple(
                    base
                    for path in dict.fromkeys((*dockerfiles[home], *_told(plan, root, home)))
                    for base in _bases(path, plan)
                ),
            )
        )
    if problems:
        raise InputError(*problems)
    out.write(json.dumps(matrices(waves(tuple(jobs)))) + "\n")
    return Exit.DONE


def _inside(path: str, root: str) -> str:
    return os.path.relpath(path, root).replace(os.sep, "/")


def _home(path: str, homes: set[str]) -> str | None:
    """The nearest folder above a file that has a config."""
    while path:
        path = path.rpartition("/")[0]
        if path in homes:
            return path
    return None


def _source(plan: Plan, home: str) -> str:
    """The folder that a build is given: its config's own, but where its steps name that folder as it is
    seen from the top, the top."""
    below = re.compile(rf"(?<![\w./-])(?:\./)?{re.escape(home)}/")
    for step in plan.steps:
        last = (step.args or ("",))[-1].removeprefix("./")
        folder = step.workdir.removeprefix("/workspace/")
        if home and (
            home == last or f"{folder}/".startswith(f"{home}/") or any(map(below.search, step.words))
        ):
            return "."
    return home or "."


def _told(plan: Plan, root: str, home: str) -> Iterator[str]:
    """The Dockerfiles that the steps name with -f, as they are seen from the top or from the folder."""
    for told in options(plan, "-f", "--file"):
        for folder in (root, os.path.join(root, home)):
            path = os.path.normpath(os.path.join(folder, told.removeprefix("/workspace/")))
            if os.path.isfile(path):
                yield path


def _bases(path: str, plan: Plan) -> Iterator[str]:
    """The images that a Dockerfile's stages start from, copy from and mount."""
    given = dict(word.partition("=")[::2] for word in options(plan, "--build-arg"))
    try:
        source = Source.decode(path, Path(path).read_bytes())
    except OSError:
        return
    for stage in parse(source, given).stages:
        if stage.image:
            yield stage.image
        for one in stage.instructions:
            if isinstance(one, Copy) and one.from_:
                yield one.from_.text
            elif isinstance(one, Run):
                yield from (mount.from_.text for mount in one.mounts if mount.from_ is not None)
