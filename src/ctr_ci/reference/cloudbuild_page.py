"""The page of Cloud Build's fields: the field table in tables for people."""

from __future__ import annotations

from ctr_ci.cloudbuild import MESSAGES, Field, Kind

HEAD = """\
# Fields of cloudbuild.yaml

What `ctr-ci run` and `ctr-ci plan` read. Each field is also known in snake_case (`wait_for`). A field
with an empty last column is checked and recorded, and has no effect on a local run. `$` marks fields
in which substitutions are replaced.
"""


def render() -> str:
    """The page; ends with a newline."""
    parts = [HEAD]
    for name, fields in MESSAGES.items():
        parts.append(f"## {name}\n")
        parts.append("| field | type | limits | $ | meaning | here |\n|---|---|---|---|---|---|")
        parts += [_row(field) for field in fields if not field.output]
        ignored = [f"`{field.name}`" for field in fields if field.output]
        if ignored:
            parts.append(f"\nSet by the service and ignored, with a warning: {', '.join(ignored)}.")
        parts.append("")
    return "\n".join(parts)


def _row(field: Field) -> str:
    name = f"**{field.name}**" if field.required else field.name
    here = "yes" if field.local else ""
    return (
        f"| {name} | {_type(field)} | {_limits(field)} | {'$' * field.substitutes} | {field.says} | {here} |"
    )


def _type(field: Field) -> str:
    if isinstance(field.type, str):
        one = f"[{field.type}](#{field.type.lower()})"
    elif field.choices:
        one = ", ".join(field.choices)
    else:
        one = {Kind.DURATION: "duration", Kind.PAIRS: "map of text", Kind.ANY: "any"}.get(
            field.type, field.type.value
        )
    return f"list of {one}" if field.many else one


def _limits(field: Field) -> str:
    parts = []
    if field.most is not None:
        parts.append(f"{field.most} entries")
    if field.longest is not None:
        parts.append(f"{field.longest:,} characters")
    if field.range is not None:
        parts.append(f"{field.range[0]} to {field.range[1]}")
    return ", ".join(parts) + (" (a warning)" if parts and not field.strict else "")
