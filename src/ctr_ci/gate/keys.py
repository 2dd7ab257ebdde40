"""The keys of a gate in ctr-ci.yaml: the one declaration behind reading, schema and page. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ctr_ci.gate.policy import ALLOWABLE, SEVERITIES

_TEXT: dict[str, object] = {"type": "string"}
_TEXTS: dict[str, object] = {"type": "array", "items": _TEXT}
_WORDS: dict[str, object] = {"anyOf": [_TEXTS, _TEXT]}
_AMOUNT: dict[str, object] = {"anyOf": [_TEXT, {"type": "integer", "minimum": 0}]}
_FLAG: dict[str, object] = {"type": "boolean"}
_DURATION: dict[str, object] = {
    "anyOf": [_TEXT, {"type": "number", "minimum": 0}],
    "examples": ["30s", "1m30s"],
}


def _map(properties: Mapping[str, Mapping[str, object]]) -> dict[str, object]:
    return {"type": "object", "additionalProperties": False, "properties": properties}


@dataclass(frozen=True, slots=True)
class Key:
    """`shape` is its value as JSON Schema; `serves`: it stands beside one of these checks and says more
    of it. A key that is `general` is of every gate, one that is neither is a check of its own."""

    name: str
    shape: dict[str, object]
    says: str
    example: str
    serves: tuple[str, ...] = ()
    general: bool = False


KEYS = (
    Key("name", _TEXT, "what verdicts, `publish.require` and reports call it", "weight", general=True),
    Key(
        "images",
        {"anyOf": [_TEXTS, _TEXT]},
        "the images that it is for, by their names under `images:`; every one unless said",
        "[gcr.io/$PROJECT_ID/app]",
        general=True,
    ),
    Key("max-size", _AMOUNT, "the image's size on disk is at most this", "120MB"),
    Key("max-build-bytes", _AMOUNT, "what only built the image takes at most this much of it", "0"),
    Key("max-waste", _AMOUNT, "lower layers hold at most this much that later ones hide", "10MB"),
    Key(
        "no-file",
        {"anyOf": [_TEXTS, _TEXT]},
        "no path in any layer fits one of these globs, also where a later layer deletes it",
        "['*.pem', .git/]",
    ),
    Key("non-root", _FLAG, "the image names a user, and it is not root", "true"),
    Key("no-secrets", _FLAG, "no credential in its environment, labels and history", "true"),
    Key(
        "labels",
        {"anyOf": [{"type": "object", "additionalProperties": {"type": ["string", "number"]}}, _TEXTS]},
        "it has these labels, with these values; a list of keys asks for no value",
        "{team: core}",
    ),
    Key(
        "lint",
        _map({"fail-on": {"enum": list(SEVERITIES)}}),
        "no finding of this severity or worse in the Dockerfiles of the build",
        "{fail-on: error}",
    ),
    Key(
        "command",
        _WORDS,
        "run in the image, ends as `expect:` says; a text is run by its `/bin/sh -c`",
        "[/quickstart.sh]",
    ),
    Key(
        "expect",
        _map({"exit": {"type": "integer"}, "stdout": _TEXT, "stderr": _TEXT}),
        "the exit code (0 unless said), and patterns that its streams must have",
        "{exit: 0, stdout: Hello}",
        serves=("command",),
    ),
    Key("entrypoint", _WORDS, "in place of the image's own entrypoint", "[]", serves=("command",)),
    Key(
        "healthcheck",
        {"anyOf": [_map({"within": _DURATION}), _FLAG, {"type": "null"}]},
        "it starts and becomes healthy by its own HEALTHCHECK, in 30 s unless said",
        "{within: 30s}",
    ),
    Key(
        "structure-test",
        _TEXT,
        "the tests of a container-structure-test file, by its path in the source",
        "tests/structure.yaml",
    ),
    Key(
        "allow",
        {"type": "array", "items": {"enum": list(ALLOWABLE)}},
        "what the file's `containerRunOptions` may ask for",
        "[privileged]",
        serves=("structure-test",),
    ),
    Key(
        "within",
        _DURATION,
        "the time that each command has: 1 minute unless said, 10 for those of a structure test",
        "5s",
        serves=("command", "structure-test"),
    ),
)
CHECKS = tuple(key.name for key in KEYS if not key.serves and not key.general)
