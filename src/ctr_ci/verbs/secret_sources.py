"""`--secret NAME=env:VARIABLE|file:PATH|cmd:COMMAND|gcp:VERSION`: secrets from where the user keeps them."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from ctr_ci.problem import InputError, Problem
from ctr_ci.secret import Secret

COMMAND_TIMEOUT_S = 60
FORM = "NAME=env:VARIABLE, NAME=file:PATH, NAME=cmd:COMMAND or NAME=gcp:projects/P/secrets/S/versions/V"


def read_secrets(given: Sequence[str], environment: Mapping[str, str]) -> dict[str, Secret]:
    """The secrets by name. One line end at the end of a file or of a command's output is dropped.

    Raises InputError, which never holds a value.
    """
    return {secret.name: secret for secret in (_read(text, environment) for text in given)}


def _read(text: str, environment: Mapping[str, str]) -> Secret:
    name, equals, source = text.partition("=")
    kind, colon, place = source.partition(":")
    if not (name.isidentifier() and equals and colon and place) or kind not in ("env", "file", "cmd", "gcp"):
        # What stands there may be the secret itself, by mistake: it is not shown.
        raise InputError(Problem(f"--secret {name}=***" if equals else "--secret", FORM))
    if kind == "env":
        if place not in environment:
            raise InputError(Problem(f"--secret {name}: the variable {place} is not set"))
        return Secret(environment[place], name)
    if kind == "file":
        try:
            return Secret(_text(Path(place).read_bytes()), name)
        except OSError as error:
            raise InputError(Problem(f"--secret {name}: cannot read {place}: {error.strerror}")) from error
    if kind == "gcp":
        from ctr_ci import google

        return google.secret(place, name, environment)
    return Secret(_text(_output(name, place)), name)


def _output(name: str, command: str) -> bytes:
    try:
        done = subprocess.run(  # the user's own command line, as they gave it
            ["/bin/sh", "-c", command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=COMMAND_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise InputError(Problem(f"--secret {name}: its command took over {COMMAND_TIMEOUT_S} s")) from error
    if done.returncode != 0:
        raise InputError(Problem(f"--secret {name}: its command failed with {done.returncode}"))
    return done.stdout


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape").removesuffix("\n").removesuffix("\r")
