"""The JSON Schema of a run's record, for whoever reads the evidence with tools of their own."""

from __future__ import annotations

import json

from ctr_ci.record import VERSION

Schema = dict[str, object]
TEXT: Schema = {"type": "string"}
WHOLE: Schema = {"type": "integer"}
TIME: Schema = {"type": "number", "description": "Seconds since the epoch, UTC."}
IMAGE_ID: Schema = {"type": "string", "pattern": "^sha256:[0-9a-f]{64}$"}


def render() -> str:
    """The whole schema as a file."""
    problem = _object(
        "What ended the build.",
        kind={"enum": ["error", "warning"]},
        message=TEXT,
        expected=_maybe(TEXT),
        help=_maybe(TEXT),
        path=_maybe(TEXT),
        line=_maybe(WHOLE),
        column=_maybe(WHOLE),
        end_line=_maybe(WHOLE),
        end_column=_maybe(WHOLE),
    )
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "record.json of ctr-ci run",
        **_object(
            "What a run did and saw: the evidence that publish obeys.",
            version={"const": VERSION},
            build_id=TEXT,
            status={"enum": ["UNFINISHED", "SUCCESS", "FAILURE", "TIMEOUT", "CANCELLED", "INTERNAL_ERROR"]},
            started=TIME,
            finished=_maybe(TIME),
            source={"type": "object", "description": "Where the source came from, and what git says of it."},
            config=_origin("The build's config."),
            policy=_origin('The ctr-ci.yaml beside it; both "" where there is none.'),
            substitutions={"type": "object", "additionalProperties": TEXT},
            steps=_list(_step()),
            images=_list(
                _object(
                    "A name of `images:` and who tested the image that it was.",
                    name=TEXT,
                    image_id=IMAGE_ID,
                    tested_by=_list(TEXT),
                )
            ),
            names=_list(
                _object("A name that an image got, and when.", name=TEXT, image_id=IMAGE_ID, since=TIME)
            ),
            gates=_list(
                _object(
                    "A gate's verdict on one image.",
                    name=TEXT,
                    image_id=TEXT,
                    verdict={"enum": ["passed", "failed", "missing"]},
                    because=TEXT,
                )
            ),
            pushed=_list(_object("What was pushed.", name=TEXT, digest=TEXT)),
            held=_list(TEXT, "Names that steps asked to push; nothing left the machine."),
            allowed=_list(_object("A rule that a step's containers might break.", step=WHOLE, rule=TEXT)),
            artifacts=_list(
                _object("A file that was kept.", kind=TEXT, location=TEXT, path=TEXT, size=WHOLE)
            ),
            problem=_maybe(problem),
            signature=_maybe(
                {**TEXT, "description": "A Sigstore bundle (DSSE) over what the run found; null: not signed."}
            ),
            digest={**IMAGE_ID, "description": "SHA-256 of the rest as JSON with sorted keys and no spaces."},
        ),
    }
    return json.dumps(schema, indent=1) + "\n"


def _step() -> Schema:
    ran = _object(
        "A container that the step started.",
        image_id=IMAGE_ID,
        exit_code=WHOLE,
        started=TIME,
        stopped={"type": "boolean", "description": "It was stopped on request: its exit code blames nobody."},
        program=_maybe({**TEXT, "description": "What ran in place of the image's own program."}),
    )
    return _object(
        "One step.",
        index=WHOLE,
        id=TEXT,
        name=TEXT,
        command=_list(TEXT, "What the config says to run; empty: the image's own command."),
        entrypoint=_maybe({**TEXT, "description": "What ran in place of the image's own program."}),
        image_id=_maybe(IMAGE_ID),
        status={
            "enum": ["QUEUED", "WORKING", "SUCCESS", "FAILURE", "TIMEOUT", "CANCELLED", "SKIPPED"],
        },
        exit_code=_maybe(WHOLE),
        forgiven={"type": "boolean"},
        started=_maybe(TIME),
        finished=_maybe(TIME),
        built=_list(IMAGE_ID),
        ran=_list(ran),
        output=_maybe({"type": "string", "contentEncoding": "base64"}),
    )


def _origin(said: str) -> Schema:
    return _object(said, path=TEXT, digest=TEXT)


def _object(said: str, **properties: Schema) -> Schema:
    return {
        "type": "object",
        "description": said,
        "required": list(properties),
        "additionalProperties": False,
        "properties": properties,
    }


def _list(item: Schema, said: str = "") -> Schema:
    return {"type": "array", "items": item, **({"description": said} if said else {})}


def _maybe(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}
