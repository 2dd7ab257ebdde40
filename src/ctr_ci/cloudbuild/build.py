"""The nouns of a config: a build, its steps, what they need. Every value keeps its place."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256

from ctr_ci.cloudbuild.tree import At, Message, Pair
from ctr_ci.problem import Problem
from ctr_ci.source import Source, Span
from ctr_ci.value import value


@value
class Volume:
    name: At[str]
    path: At[str]
    span: Span


@value
class BuildStep:
    """One step as written; `args` and `wait_for` are None where the config says nothing."""

    index: int
    name: At[str]
    args: tuple[At[str], ...] | None
    env: tuple[At[str], ...]
    secret_env: tuple[At[str], ...]
    dir: At[str] | None
    id: At[str] | None
    wait_for: tuple[At[str], ...] | None
    entrypoint: At[str] | None
    script: At[str] | None
    automap: bool | None
    volumes: tuple[Volume, ...]
    timeout: At[timedelta] | None
    allow_failure: bool
    allow_exit_codes: tuple[At[int], ...]
    span: Span


@value
class Options:
    """`loose` is ALLOW_LOOSE."""

    env: tuple[At[str], ...]
    secret_env: tuple[At[str], ...]
    volumes: tuple[Volume, ...]
    loose: bool
    dynamic: bool
    automap: bool


@value
class SecretVariable:
    """A variable that gets a secret: from `version` of Secret Manager, or decrypted by that key."""

    variable: At[str]
    version: At[str]


@value
class Objects:
    location: At[str] | None
    paths: tuple[At[str], ...]
    span: Span


@value
class Build:
    """A config that Google would accept. `message` is all of it, by the field table; the other
    fields are what a local run reads. `source_dir` is the `dir` of `source.repoSource`."""

    source: Source
    message: Message
    steps: tuple[BuildStep, ...]
    timeout: At[timedelta] | None
    images: tuple[At[str], ...]
    artifact_images: tuple[At[str], ...]
    objects: Objects | None
    substitutions: tuple[Pair, ...]
    options: Options
    secrets: tuple[SecretVariable, ...]
    tags: tuple[At[str], ...]
    source_dir: str
    warnings: tuple[Problem, ...] = ()

    @property
    def digest(self) -> str:
        """The sha256 of the file's bytes."""
        return f"sha256:{sha256(self.source.encode()).hexdigest()}"

    @property
    def kept_tags(self) -> tuple[At[str], ...]:
        """The build's tags but for empty ones and repetitions."""
        kept: dict[str, At[str]] = {}
        for tag in self.tags:
            if tag.value:
                kept.setdefault(tag.value, tag)
        return tuple(kept.values())


def read_build(source: Source, root: Message, warnings: tuple[Problem, ...] = ()) -> Build:
    """The typed view of a tree."""
    options = root.message("options")
    option = options.text("substitutionOption")
    artifacts = root.message("artifacts")
    objects = artifacts.messages("objects")
    source_dir = root.message("source").message("repoSource").text("dir")
    return Build(
        source=source,
        message=root,
        steps=tuple(_step(index, step) for index, step in enumerate(root.messages("steps"))),
        timeout=root.duration("timeout"),
        images=root.texts("images"),
        artifact_images=artifacts.texts("images"),
        objects=Objects(objects[0].text("location"), objects[0].texts("paths"), objects[0].span)
        if objects
        else None,
        substitutions=root.pairs("substitutions"),
        options=Options(
            env=options.texts("env"),
            secret_env=options.texts("secretEnv"),
            volumes=_volumes(options),
            loose=option is not None and option.value == "ALLOW_LOOSE",
            dynamic=_flag(options, "dynamicSubstitutions"),
            automap=_flag(options, "automapSubstitutions"),
        ),
        secrets=_secrets(root),
        tags=root.texts("tags"),
        source_dir=source_dir.value if source_dir else "",
        warnings=warnings,
    )


def _step(index: int, step: Message) -> BuildStep:
    automap = step.flag("automapSubstitutions")
    return BuildStep(
        index=index,
        name=step.text("name") or At("", step.span),
        args=step.texts("args") or None,
        env=step.texts("env"),
        secret_env=step.texts("secretEnv"),
        dir=step.text("dir"),
        id=step.text("id"),
        wait_for=step.texts("waitFor") or None,
        entrypoint=step.text("entrypoint"),
        script=step.text("script"),
        automap=automap.value if automap else None,
        volumes=_volumes(step),
        timeout=step.duration("timeout"),
        allow_failure=_flag(step, "allowFailure"),
        allow_exit_codes=step.numbers("allowExitCodes"),
        span=step.span,
    )


def _flag(message: Message, field: str) -> bool:
    found = message.flag(field)
    return found is not None and found.value


def _volumes(message: Message) -> tuple[Volume, ...]:
    nothing = At("", message.span)
    return tuple(
        Volume(volume.text("name") or nothing, volume.text("path") or nothing, volume.span)
        for volume in message.messages("volumes")
    )


def _secrets(root: Message) -> tuple[SecretVariable, ...]:
    found = []
    available = root.message("availableSecrets")
    for secret in available.messages("secretManager"):
        variable, version = secret.text("env"), secret.text("versionName")
        if variable and version:
            found.append(SecretVariable(variable, version))
    for field, messages in (
        ("envMap", available.messages("inline")),
        ("secretEnv", root.messages("secrets")),
    ):
        for message in messages:
            key = message.text("kmsKeyName") or At("", message.span)
            found += [SecretVariable(pair.key, key) for pair in message.pairs(field)]
    return tuple(found)
