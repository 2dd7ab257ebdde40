"""The JSON Schema of ctr-ci.yaml's `lint` section, and its page, from the table of settings and the rules."""

from __future__ import annotations

import json

from ctr_ci.broker import GRANTABLE
from ctr_ci.gate import KEYS
from ctr_ci.lint import Rule
from ctr_ci.settings import LINT, Setting
from ctr_ci.value import fields

LEVELS = ["error", "warning", "info", "style", "off"]


def lint_schema(rules: tuple[Rule, ...]) -> dict[str, object]:
    """The schema of the `lint` section as a JSON value."""
    names = sorted(
        {name for rule in rules for name in (rule.name, rule.id, *rule.same_as, rule.category.value)}
    )
    properties = {setting.key: _property(setting, rules, names) for setting in LINT}
    return {"type": "object", "additionalProperties": False, "properties": properties}


_STAGE = {
    "type": "object",
    "description": "A stage starts when the one before it has passed.",
    "required": ["name", "steps"],
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string"},
        "steps": {"type": "array", "items": {"type": "string"}},
        "gate": {"type": "boolean", "description": "Its failure cannot be forgiven, and voids the build."},
    },
}
_STEP = {
    "type": "object",
    "description": "By a step's id (or index): what the containers that it starts may do to the host.",
    "required": ["allow"],
    "additionalProperties": False,
    "properties": {"allow": {"type": "array", "items": {"enum": list(GRANTABLE)}}},
}
_GATE = {
    "type": "object",
    "description": "A check that images must pass before they may be pushed.",
    "required": ["name"],
    "additionalProperties": False,
    "properties": {key.name: {"description": key.says, **key.shape} for key in KEYS},
    "dependentSchemas": {
        key.name: {"anyOf": [{"required": [served]} for served in key.serves]} for key in KEYS if key.serves
    },
}


def render(rules: tuple[Rule, ...]) -> str:
    """The whole schema as a file."""
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "ctr-ci.yaml",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "lint": lint_schema(rules),
            "stages": {"type": "array", "items": _STAGE},
            "gates": {"type": "array", "items": _GATE},
            "steps": {"type": "object", "additionalProperties": _STEP},
            "publish": {"type": "object"},
        },
    }
    return json.dumps(schema, indent=1) + "\n"


def _property(setting: Setting, rules: tuple[Rule, ...], names: list[str]) -> dict[str, object]:
    said: dict[str, object] = {"description": setting.help}
    if setting.default is not None:
        said["default"] = setting.default
    match setting.kind:
        case "names":
            items = {"type": "string", "examples": names[:20]}
            return said | {"anyOf": [{"type": "array", "items": items}, {"type": "string"}]}
        case "texts":
            return said | {"anyOf": [{"type": "array", "items": {"type": "string"}}, {"type": "string"}]}
        case "choice":
            return said | {"enum": list(setting.choices)}
        case "bool":
            return said | {"type": "boolean"}
        case "labels":
            return said | {"type": "object", "additionalProperties": {"enum": list(setting.choices)}}
        case "paths":
            ignore = {"type": "array", "items": {"type": "string"}}
            each = {"type": "object", "additionalProperties": False, "properties": {"ignore": ignore}}
            return said | {"type": "object", "additionalProperties": each}
        case "rules":
            return said | {
                "type": "object",
                "properties": {rule.name: _rule(rule) for rule in rules},
                "additionalProperties": {
                    "$comment": "an id or an alias",
                    "anyOf": [{"enum": LEVELS}, {"type": "object"}],
                },
            }
    return said | {"type": "string"}


def _rule(rule: Rule) -> dict[str, object]:
    own: dict[str, object] = {"severity": {"enum": LEVELS}}
    if rule.options is not None:
        for name in fields(rule.options()):
            default = getattr(rule.options(), name)
            kind = (
                "array" if isinstance(default, tuple) else "integer" if isinstance(default, int) else "string"
            )
            own[name.replace("_", "-")] = {"type": kind}
    each = {"type": "object", "additionalProperties": False, "properties": own}
    return {"description": rule.summary, "anyOf": [{"enum": LEVELS}, each]}


def page() -> str:
    """The page of the lint settings, in Markdown."""
    rows = ["| key | values | default | what |", "|---|---|---|---|"]
    for setting in LINT:
        values = ", ".join(f"`{choice}`" for choice in setting.choices) or setting.kind
        default = "" if setting.default is None else f"`{str(setting.default).lower()}`"
        rows.append(f"| `{setting.key}` | {values} | {default} | {setting.help} |")
    return "\n\n".join(["# Settings of the linter", "\n".join(rows)]) + "\n"
