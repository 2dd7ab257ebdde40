"""The JSON Schema of cloudbuild.yaml, for editors: the field table in the schema's words.

It says what can be said of one place at a time; `ctr-ci plan` says the rest.
"""

from __future__ import annotations

import json

from ctr_ci.cloudbuild import MESSAGES, Field, Kind

URL = "http://json-schema.org/draft-07/schema#"
DURATION = r"^(\d+(\.\d{1,9})?s|(\d+(\.\d{0,9})?(h|m|s|ms|us|µs|ns))+)$"

Schema = dict[str, object]

# Messages that stand alone may be null, which is as good as absent; items of a list may not.
_SINGLE = {
    field.type
    for fields in MESSAGES.values()
    for field in fields
    if isinstance(field.type, str) and not field.many
}


def render() -> str:
    """The schema as a file; ends with a newline."""
    messages = {name: _message(name, fields) for name, fields in MESSAGES.items() if name != "Build"}
    schema: Schema = {
        "$schema": URL,
        "title": "Cloud Build config",
        "description": "What `ctr-ci run` and Google Cloud Build read: cloudbuild.yaml or cloudbuild.json.",
        **_message("Build", MESSAGES["Build"]),
        "definitions": messages,
    }
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _message(name: str, fields: tuple[Field, ...]) -> Schema:
    properties: Schema = {}
    for field in fields:
        for spelling in dict.fromkeys((field.name, field.snake)):
            properties[spelling] = _field(name, field)
    required = [
        {"anyOf": [{"required": [s]} for s in dict.fromkeys((f.name, f.snake))]} for f in fields if f.required
    ]
    return {
        "type": ["object", "null"] if name in _SINGLE else "object",
        "properties": properties,
        "additionalProperties": False,
        **({"allOf": required} if required else {}),
    }


def _field(message: str, field: Field) -> Schema:
    schema = _one(message, field)
    if field.many:
        schema = {"type": "array", "items": schema}
        if field.most is not None and field.strict:
            schema["maxItems"] = field.most
        if field.required:
            schema["minItems"] = 1
    if not field.required:
        kind = schema.get("type")
        if isinstance(kind, str):
            schema["type"] = [kind, "null"]
        elif isinstance(kind, list):
            schema["type"] = [*kind, "null"]
        elif field.choices and not field.many:
            schema["enum"] = [*field.choices, None]
    return {"description": field.says, **schema}


def _one(message: str, field: Field) -> Schema:
    if isinstance(field.type, str):
        return {"$ref": f"#/definitions/{field.type}"}
    match field.type:
        case _ if field.output:
            return {}
        case Kind.TEXT if field.choices:
            return {"enum": list(field.choices)}
        case Kind.TEXT:
            longest = {"maxLength": field.longest} if field.longest is not None and field.strict else {}
            return {"type": "string", **longest, **({"minLength": 1} if field.required else {})}
        case Kind.BOOL:
            return {"type": "boolean"}
        case Kind.INT:
            bounds = {"minimum": field.range[0], "maximum": field.range[1]} if field.range else {}
            return {"type": ["integer", "string"], "pattern": r"^-?\d+$", **bounds}
        case Kind.DURATION:
            return {"type": "string", "pattern": DURATION}
        case Kind.PAIRS:
            keys = {"propertyNames": {"pattern": "^_[A-Z0-9_]+$"}} if message == "Build" else {}
            most = {"maxProperties": field.most} if field.most is not None else {}
            return {"type": "object", "additionalProperties": {"type": ["string", "null"]}, **keys, **most}
        case _:
            return {}
