"""What `run` and `plan` are given, and the plan that follows from it: one way for both."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ctr_ci import cloudbuild, document, plan, settings
from ctr_ci.plan import Plan
from ctr_ci.problem import InputError, Problem
from ctr_ci.source import Source
from ctr_ci.value import value
from ctr_ci.workspace import GitFacts

CONFIGS = ("cloudbuild.yaml", "cloudbuild.yml", "cloudbuild.json")
PROJECT = "local-project"
REGION = "global"


@value
class BuildChoice:
    """The options that say what a build is; None where not given.

    `config` and `payload` are paths, `rules` is "manual" or "trigger", `config_file` the user's
    ctr-ci.yaml ("" for the one that is found), `use_config` False reads none.
    """

    config: str | None = None
    substitutions: tuple[str, ...] = ()
    tag: str | None = None
    project: str | None = None
    project_number: str | None = None
    region: str | None = None
    branch_name: str | None = None
    tag_name: str | None = None
    commit: str | None = None
    repo: str | None = None
    rules: str = "manual"
    payload: str | None = None
    timeout: str | None = None
    config_file: str = ""
    use_config: bool = True


def planned(
    choice: BuildChoice, folder: Path, facts: GitFacts, environment: Mapping[str, str], build_id: str
) -> tuple[Plan, tuple[Problem, ...]]:
    """The plan of the build that lies in `folder`, and warnings. Raises InputError."""
    flags = cloudbuild.parse_substitutions(choice.substitutions)
    timeout = cloudbuild.parse_timeout(choice.timeout) if choice.timeout is not None else None
    payload = (
        document.load(_read(Path(choice.payload), "a JSON file with the event"))
        if choice.payload is not None
        else None
    )
    if choice.tag is not None and choice.config is not None:
        raise InputError(Problem("--tag and --config together", "one of the two"))
    if choice.tag is not None:
        build = cloudbuild.for_tag(choice.tag)
    else:
        build = cloudbuild.load(config(folder, choice.config))
    ours = settings.find(str(folder), environment, choice.config_file, choice.use_config)
    return plan.make(
        build,
        flags,
        builtins(choice, facts, environment, build_id, build.source.path),
        rules=cloudbuild.Rules(choice.rules),
        payload=payload,
        timeout=timeout,
        stages=plan.read_stages(ours.section("stages"), ours.path),
    )


def config(folder: Path, given: str | None) -> Source:
    """The config's text: the file that was named, or the first of `CONFIGS` in the folder."""
    if given is not None:
        return _read(Path(given), "a build config")
    if not folder.is_dir():
        raise InputError(Problem(f"{folder} is no folder", "a folder with the source"))
    for name in CONFIGS:
        if (folder / name).exists():
            return _read(folder / name, "a build config")
    dockerfile = (folder / "Dockerfile").exists()
    raise InputError(
        Problem(
            f"no {CONFIGS[0]} in {folder}",
            f"one of {', '.join(CONFIGS)}",
            "build its Dockerfile alone with --tag IMAGE"
            if dockerfile
            else "name the file with --config FILE",
        )
    )


def builtins(
    choice: BuildChoice, facts: GitFacts, environment: Mapping[str, str], build_id: str, config_path: str
) -> cloudbuild.Builtins:
    """Built-in substitutions: what was asked for, else what git and the environment say.

    A build is of a branch or of a tag: a tag that git knows counts only where there is no branch.
    """
    project = environment.get("CLOUDSDK_CORE_PROJECT") or environment.get("GOOGLE_CLOUD_PROJECT") or PROJECT
    told = choice.branch_name is not None or choice.tag_name is not None
    commit = facts.commit if choice.commit is None else choice.commit
    branch = (choice.branch_name or "") if told else facts.branch
    tag = (choice.tag_name or "") if told else ("" if facts.branch else facts.tag)
    triggered = choice.rules == "trigger"
    return cloudbuild.Builtins(
        project=project if choice.project is None else choice.project,
        project_number=choice.project_number or "",
        build_id=build_id,
        location=choice.region or REGION,
        branch=branch,
        tag=tag,
        commit=commit,
        repo=facts.repo if choice.repo is None else choice.repo.rpartition("/")[2],
        repo_full_name=facts.repo_full_name if choice.repo is None else choice.repo,
        trigger_name="local-trigger" if triggered else "",
        config_path=config_path if triggered else "",
    )


def _read(path: Path, what: str) -> Source:
    try:
        return Source.decode(str(path), path.read_bytes())
    except OSError as error:
        reason = (error.strerror or "cannot be read").lower()
        raise InputError(Problem(f"cannot read {path}: {reason}", what)) from error
