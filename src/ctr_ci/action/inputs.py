"""The action's inputs, from environment variables to command lines. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from ctr_ci.problem import InputError, Problem
from ctr_ci.reference import INPUTS, Input

NAMES = {item.name: item for item in INPUTS}


@dataclass(frozen=True, slots=True)
class Job:
    """What one use of the action does. An empty tuple of arguments: that command does not run.
    `promotes`: what is published comes from a registry, not from the run."""

    lint: tuple[str, ...]
    run: tuple[str, ...]
    publish: tuple[str, ...]
    promotes: bool
    annotations: bool
    summary: bool
    upload_sarif: bool
    comment: bool
    suggest: bool
    check_run: bool


def job(environment: Mapping[str, str]) -> Job:
    """The job that the inputs ask for. Raises InputError with every input that makes no sense."""
    values = {item.name: environment.get(item.variable, item.default).strip() for item in INPUTS}
    problems = [
        _wrong(item, values[item.name], "true or false")
        for item in INPUTS
        if item.flag and values[item.name].lower() not in ("true", "false", "")
    ]
    if values["install"] not in ("auto", "never", ""):
        problems.append(_wrong(NAMES["install"], values["install"], "auto or never"))
    builds, promotes = bool(values["config"] or values["image"]), bool(values["from-registry"])
    if values["publish-to"] and not (builds or promotes):
        problems.append(
            Problem(
                "input publish-to without config or image: nothing would be tested",
                expected="config, or image, or from-registry",
                help="give `config: cloudbuild.yaml`, whose steps test the image",
            )
        )
    if builds and promotes:
        problems.append(
            Problem(
                "inputs from-registry and config (or image): two images to publish",
                expected="one of them",
                help="build in one use of the action, promote in another",
            )
        )
    if values["config"] and values["image"]:
        problems.append(Problem("inputs config and image exclude each other", expected="one of them"))
    if bool(values["username"]) != bool(values["password"]):
        problems.append(Problem("inputs username and password come together", expected="both, or none"))
    if values["username"] and values["credential"]:
        problems.append(Problem("inputs username and credential exclude each other", expected="one of them"))
    words = {item.name: _words(item, values[item.name], problems) for item in INPUTS if item.many}
    if problems:
        raise InputError(*problems)
    flags = {item.name: values[item.name].lower() == "true" for item in INPUTS if item.flag}
    options = {
        command: tuple(
            argument
            for item in INPUTS
            if item.command == command
            for argument in _arguments(item, values[item.name], words.get(item.name, ()))
        )
        for command in ("lint", "run", "publish")
    }
    paths = words["dockerfile"]
    lint = (*options["lint"], "--", *paths) if paths and paths != ("none",) else ()
    run: tuple[str, ...] = ()
    if builds:
        what = f"--config={values['config']}" if values["config"] else f"--tag={values['image']}"
        run = (what, *options["run"], "--", values["source"])
    login = (f"--credential=password-stdin:{values['username']}",) if values["username"] else ()
    to = (f"--to={values['publish-to']}",) if values["publish-to"] else ()
    publish = (*to, *login, *options["publish"]) if to or promotes else ()
    return Job(
        lint,
        run,
        publish,
        promotes,
        flags["annotations"],
        flags["summary"],
        flags["upload-sarif"],
        flags["comment"],
        flags["suggest"],
        flags["check-run"],
    )


def sensitive(environment: Mapping[str, str], variables: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The values that must be masked before anything is printed: those that inputs name as secret, and
    those of `variables`."""
    names = [*variables]
    credential = environment.get(NAMES["credential"].variable, "").strip()
    if credential.startswith("env:"):
        names.append(credential.rpartition(":")[2])
    for word in environment.get(NAMES["secrets"].variable, "").split():
        source = word.partition("=")[2].strip("'\"")
        if source.startswith("env:"):
            names.append(source.removeprefix("env:"))
    names += [NAMES["password"].variable, NAMES["github-token"].variable]
    return tuple(value for name in names if (value := environment.get(name, "").strip()))


def unknown(environment: Mapping[str, str]) -> tuple[str, ...]:
    """A word on each variable of ours that is no input: a wrapper that was written for another version."""
    known = {item.variable for item in INPUTS}
    given = sorted(name for name in environment if name.startswith("CTR_CI_INPUT_") and name not in known)
    said = []
    for name in given:
        near = get_close_matches(name, known, n=1)
        said.append(f"{name} is no input" + (f"; did you mean {near[0]}?" if near else ""))
    return tuple(said)


def _words(item: Input, text: str, problems: list[Problem]) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(text, comments=False))
    except ValueError as error:
        problems.append(_wrong(item, text, f"words as a shell reads them ({error})"))
        return ()


def _arguments(item: Input, text: str, words: tuple[str, ...]) -> tuple[str, ...]:
    """`--option=value`, so that a value that begins with a dash stays a value."""
    if item.flag:
        return (item.option,) if text.lower() == "true" else ()
    if item.many:
        return tuple(f"{item.option}={word}" for word in words)
    return (f"{item.option}={text}",) if text else ()


def _wrong(item: Input, found: str, expected: str) -> Problem:
    return Problem(f"input {item.name} is {found!r}", expected=expected)
