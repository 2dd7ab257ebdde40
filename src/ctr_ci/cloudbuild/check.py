"""What a config must keep to before substitution: the rules of cloud-build-local's validate.go, in
its order and its words, as far as the service keeps to them too."""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error as NotBase64
from datetime import timedelta

from ctr_ci.cloudbuild.build import Build, BuildStep
from ctr_ci.cloudbuild.builtins import NAMES
from ctr_ci.cloudbuild.check_secrets import check_secrets
from ctr_ci.cloudbuild.check_volumes import check_volumes
from ctr_ci.cloudbuild.complaints import Complaints
from ctr_ci.cloudbuild.duration import show
from ctr_ci.cloudbuild.fields import KEY_LONGEST_BYTES, TIMEOUT_DEFAULT_S, TIMEOUT_MOST_H, VALUE_LONGEST_BYTES
from ctr_ci.cloudbuild.names import USER_KEY
from ctr_ci.cloudbuild.scan import uses
from ctr_ci.cloudbuild.tree import At, texts
from ctr_ci.document import nearest


def check(build: Build, complaints: Complaints) -> None:
    """Everything that is wrong with a build as written."""
    check_timeouts(build, None, complaints)
    _substitutions(build, complaints)
    _images(build, complaints)
    _steps(build, complaints)
    _untouched(build, complaints)
    check_volumes(build, complaints)
    _env(build, complaints)
    check_secrets(build, complaints)
    _ciphertexts(build, complaints)
    _elsewhere(build, complaints)


def check_timeouts(build: Build, override: timedelta | None, complaints: Complaints) -> None:
    """Limits of time; `override` is --timeout's."""
    most = timedelta(hours=TIMEOUT_MOST_H)
    limit, said = (build.timeout.value if build.timeout else None), True
    if limit is not None and build.timeout and limit > most:
        complaints.error(build.timeout.span, f"the build timeout {show(limit)}", f"at most {TIMEOUT_MOST_H}h")
    if override is not None:
        limit = override
        if limit > most:
            complaints.error(None, f"--timeout {show(limit)}", f"at most {TIMEOUT_MOST_H}h")
    if limit is None:
        limit, said = timedelta(seconds=TIMEOUT_DEFAULT_S), False
    for step in build.steps:
        if step.timeout and step.timeout.value > limit:
            tell = complaints.error if said else complaints.warn
            tell(
                step.timeout.span,
                f"invalid value for 'build.steps[{step.index}].timeout': {show(step.timeout.value)}",
                f"a value less than or equal to the build timeout of {show(limit)}",
                "raise the build's `timeout`" + ("" if said else ", which is 3600s unless given"),
            )


def _substitutions(build: Build, complaints: Complaints) -> None:
    for pair in build.substitutions:
        key = pair.key.value
        if key in NAMES:
            complaints.error(
                pair.key.span,
                f"the built-in substitution {key} in the file",
                "keys of your own, which begin with `_`",
                "built-ins come from the build itself, or with --substitutions",
            )
        elif not USER_KEY.fullmatch(key):
            upper = "_" + (re.sub(r"[^A-Z0-9_]", "_", key.upper()).strip("_") or "NAME")
            complaints.error(
                pair.key.span,
                f"the substitution key {key!r}",
                "`_`, then capitals, digits or `_`",
                f"write {upper}, here and where it is used",
            )
        for text, most in ((key, KEY_LONGEST_BYTES), (pair.value.value, VALUE_LONGEST_BYTES)):
            size = len(text.encode("utf-8", "surrogateescape"))
            if size > most:
                at = pair.key if text is key else pair.value
                complaints.error(at.span, f"{size} bytes in the substitution {key[:40]}", f"at most {most}")


def _images(build: Build, complaints: Complaints) -> None:
    top, inner = ([image.value for image in images] for images in (build.images, build.artifact_images))
    if top and inner and sorted(top) != sorted(inner):
        complaints.error(
            build.artifact_images[0].span,
            "cannot specify different .images and .artifacts.images",
            "one list of images",
            "leave out one of the two",
        )


def _steps(build: Build, complaints: Complaints) -> None:
    if not build.steps:
        held = build.message.find("steps")
        complaints.error(
            held.key_span if held else build.message.span,
            "no build steps are specified",
            "at least one step under `steps:`",
        )
    seen: dict[str, At[str]] = {}
    for step in build.steps:
        _wait_for(step, seen, build, complaints)
        _id(step, seen, complaints)
        if not step.name.value.strip() and step.name.span != step.span:
            complaints.error(step.name.span, f"build step {step.index} must specify name", "an image")
        if step.script is not None:
            for given, name in ((step.args, "args"), (step.entrypoint, "entrypoint")):
                if given:
                    span = step.script.span if isinstance(given, tuple) else given.span
                    complaints.error(
                        given[0].span if isinstance(given, tuple) else span,
                        f"build step {step.index} has both script and {name}",
                        "one of the two",
                        "a script names its interpreter in its first line: #!/usr/bin/env bash",
                    )


def _wait_for(step: BuildStep, seen: dict[str, At[str]], build: Build, complaints: Complaints) -> None:
    for wait in step.wait_for or ():
        if wait.value == "-" or wait.value in seen:
            continue
        label = f"#{step.index}" + (f' - "{step.id.value}"' if step.id else "")
        later = [s for s in build.steps[step.index :] if s.id and s.id.value == wait.value]
        near = nearest(wait.value, seen)
        if later and later[0].index == step.index:
            way_out = "a step cannot wait for itself"
        elif later:
            way_out = f"step {later[0].index} has that id, but stands below: move it above this one"
        elif near:
            way_out = f"did you mean {near!r}?"
        else:
            way_out = f"ids above: {', '.join(map(repr, seen)) or 'none'}"
        complaints.error(
            wait.span,
            f'build step {label} depends on "{wait.value}", which has not been defined',
            "the id of an earlier step, or '-'",
            way_out,
        )


def _id(step: BuildStep, seen: dict[str, At[str]], complaints: Complaints) -> None:
    if step.id is None:
        return
    name = step.id.value
    if name == "-":
        complaints.error(
            step.id.span, f"build step #{step.index}: the id '-'", "another id", "'-' is waitFor's word"
        )
    elif not name:
        complaints.warn(step.id.span, f"build step #{step.index}: an empty id", "text, or no id")
    elif name in seen:
        first = seen[name].span.start
        complaints.error(
            step.id.span,
            f'build step #{step.index} - "{name}": the ID is not unique',
            f"another id than that of {first.line}:{first.column}",
        )
    else:
        seen[name] = step.id


def _untouched(build: Build, complaints: Complaints) -> None:
    """A key in a field that never substitutes stays text: say so."""
    known = {pair.key.value for pair in build.substitutions}
    for field, text in texts(build.message):
        if field.substitutes or field.name == "script":
            continue
        for use in uses(text.value):
            if use.key in known or use.key in NAMES:
                complaints.warn(
                    text.span,
                    f"${use.key} in {field.name}, which is not substituted: it stays as it is",
                    "plain text",
                )


def _env(build: Build, complaints: Complaints) -> None:
    for env in (build.options.env, *(step.env for step in build.steps)):
        for entry in env:
            if "=" not in entry.value or entry.value.startswith("="):
                complaints.error(
                    entry.span,
                    f'the Env entry "{entry.value}" must be of the form "KEY=VALUE"',
                    "",
                    f"write '{entry.value}=' for an empty value" if re.fullmatch(r"\w+", entry.value) else "",
                )


def _ciphertexts(build: Build, complaints: Complaints) -> None:
    available = build.message.message("availableSecrets")
    pairs = [pair for message in available.messages("inline") for pair in message.pairs("envMap")]
    pairs += [pair for message in build.message.messages("secrets") for pair in message.pairs("secretEnv")]
    for pair in pairs:
        try:
            size = len(b64decode("".join(pair.value.value.split()), validate=True))
        except (NotBase64, ValueError):
            complaints.error(
                pair.value.span,
                f"illegal base64 data in the secret {pair.key.value}",
                "the ciphertext that `gcloud kms encrypt` gives, in base64",
            )
            continue
        if size > 64 * 1024:
            complaints.error(
                pair.value.span, f"{size} bytes in the secret {pair.key.value}", "at most 64 KiB"
            )


def _elsewhere(build: Build, complaints: Complaints) -> None:
    """Fields that change where or what Google builds, and here do not."""
    root, options = build.message, build.message.message("options")
    account, logging = root.text("serviceAccount"), options.text("logging")
    kept = root.text("logsBucket") or options.text("defaultLogsBucketBehavior")
    if account and not kept and (not logging or logging.value not in ("CLOUD_LOGGING_ONLY", "NONE")):
        complaints.warn(
            account.span,
            "a serviceAccount without a place for its logs, which Google refuses",
            "logsBucket, options.defaultLogsBucketBehavior, or options.logging CLOUD_LOGGING_ONLY or NONE",
            "gcloud's --gcs-log-dir is a place too",
        )
    for name, why in (
        ("source", "the source is what this command is given"),
        ("dependencies", "nothing is fetched before the steps here"),
        ("remoteConfig", "the config is this file"),
    ):
        held = build.message.find(name)
        if held:
            complaints.warn(held.key_span, f"{name} is not read here: {why}")
