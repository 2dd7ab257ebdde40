"""The rules of secrets: each defined once, used at least once, and no plain variable beside it
(cloud-build-local validate.go)."""

from __future__ import annotations

import re

from ctr_ci.cloudbuild.build import Build, BuildStep
from ctr_ci.cloudbuild.complaints import Complaints
from ctr_ci.cloudbuild.tree import At
from ctr_ci.document import nearest

_SHELLS = frozenset({"sh", "bash", "ash", "dash", "zsh", "ksh", "pwsh", "powershell"})


def check_secrets(build: Build, complaints: Complaints) -> None:
    defined = _defined(build, complaints)
    shared = {name.value for name in build.options.secret_env}
    used: set[str] = set()
    _twice(build.options.secret_env, "options.secretEnv", complaints)
    for name in build.options.secret_env:
        _use(name, "options", defined, used, complaints)
    for step in build.steps:
        _twice(step.secret_env, f"the secretEnv of step {step.index}", complaints)
        for name in step.secret_env:
            _use(name, f"step {step.index}", defined, used, complaints)
            if name.value in shared:
                complaints.error(
                    name.span,
                    f'step {step.index} has the secret "{name.value}", and options.secretEnv too',
                    "one of the two",
                    "options.secretEnv gives it to every step",
                )
        secrets = shared | {name.value for name in step.secret_env}
        plain = [*step.env, *build.options.env]
        for entry in plain:
            variable = entry.value.partition("=")[0]
            if variable in secrets:
                complaints.error(
                    entry.span,
                    f'step {step.index} has secret and non-secret env "{variable}"',
                    "one of the two",
                )
        _literal(step, secrets, complaints)
    if not build.steps:
        return
    for unused, at in defined.items():
        if unused not in used:
            complaints.error(
                at.span,
                f'secret "{unused}" is defined and not used',
                "a step or options with it in secretEnv",
                f"add `secretEnv: ['{unused}']` where it is needed, or remove it",
            )


def _literal(step: BuildStep, secrets: set[str], complaints: Complaints) -> None:
    """`$$NAME` reaches the step as `$NAME`, which only a shell in it makes the secret."""
    words = [step.entrypoint, *(step.args or ())]
    shell = any(word and word.value.rpartition("/")[2] in _SHELLS for word in words)
    for text in (*step.env, *(() if shell else step.args or ())):
        name = next(
            (name for name in secrets if re.search(rf"\$\$\{{?{re.escape(name)}\b", text.value)), None
        )
        if name:
            complaints.warn(
                text.span,
                f"$${name} that no shell reads: step {step.index} gets the text ${name}",
                "the secret's name in an argument of a shell",
                f"use `entrypoint: sh, args: ['-c', '... $${name}']`, or a script with ${name}",
            )


def _defined(build: Build, complaints: Complaints) -> dict[str, At[str]]:
    defined: dict[str, At[str]] = {}
    for secret in build.secrets:
        name = secret.variable
        if name.value in defined:
            first = defined[name.value].span.start
            complaints.error(
                name.span,
                f'secret "{name.value}" is defined twice, first at {first.line}:{first.column}',
                "each secret once",
            )
        defined.setdefault(name.value, name)
    keys: set[str] = set()
    for message in build.message.messages("secrets"):
        key = message.text("kmsKeyName")
        if key is None:
            complaints.error(message.span, "a secret without kmsKeyName", "the key that decrypts it")
        elif key.value in keys:
            complaints.error(
                key.span, f"kmsKeyName {key.value} in more than one entry", "one entry for each key"
            )
        else:
            keys.add(key.value)
        if message.find("secretEnv") is None:
            complaints.error(message.span, "a secret without secretEnv", "at least one variable")
    for message in build.message.message("availableSecrets").messages("inline"):
        if message.find("envMap") is None:
            complaints.error(message.span, "an inline secret without envMap", "at least one variable")
    return defined


def _twice(names: tuple[At[str], ...], where: str, complaints: Complaints) -> None:
    seen: set[str] = set()
    for name in names:
        if name.value in seen:
            complaints.error(name.span, f'secret "{name.value}" twice in {where}', "each name once")
        seen.add(name.value)


def _use(
    name: At[str], who: str, defined: dict[str, At[str]], used: set[str], complaints: Complaints
) -> None:
    used.add(name.value)
    if name.value not in defined:
        near = nearest(name.value, defined)
        complaints.error(
            name.span,
            f'secretEnv "{name.value}" of {who} is not defined',
            "a variable that availableSecrets defines",
            f"did you mean {near!r}?"
            if near
            else f"add `availableSecrets: {{secretManager: [{{versionName: ..., env: '{name.value}'}}]}}`",
        )
