"""A document → the tree of messages that the field table describes, with everything wrong in it.

What Google's service refuses is an error; what gcloud forgives and a trigger would not is a
warning. No meaning is checked here, only names, types and sizes.
"""

from __future__ import annotations

from datetime import timedelta

from ctr_ci.cloudbuild.complaints import Complaints
from ctr_ci.cloudbuild.duration import parse_duration
from ctr_ci.cloudbuild.fields import MESSAGES, Field, Kind, find
from ctr_ci.cloudbuild.tree import At, Held, Leaf, Many, Message, Pair, Pairs
from ctr_ci.document import Entry, List, Map, Node, Scalar, nearest
from ctr_ci.source import Span

_SHOWN = {"int": "a number", "float": "a number", "bool": "a bool", "date": "a date"}


def read_message(name: str, node: Map, path: str, complaints: Complaints) -> Message:
    """One message. `path` is how Google writes its place: "", ".steps[0]", ".options"."""
    given: dict[str, Held] = {}
    for entry in node.entries:
        field = find(name, entry.key)
        if field is None:
            complaints.error(
                entry.key_span,
                f"unknown field {path}.{entry.key}: unused",
                "a field that Cloud Build knows",
                _suggest(name, entry),
            )
            continue
        if field.output:
            complaints.warn(entry.key_span, f"{path}.{field.name} is set by the service and ignored here")
            continue
        held = _read_field(field, entry, f"{path}.{field.name}", complaints)
        if held is None:
            continue
        if field.name in given:
            first = given[field.name].key_span.start
            complaints.error(
                entry.key_span,
                f"{entry.key!r} is {field.name!r} again, first given at {first.line}:{first.column}",
                "one of the two spellings",
                "the later one would silently win: remove one",
            )
            continue
        given[field.name] = held
    for field in MESSAGES[name]:
        if field.required and field.name not in given and (name, field.name) != ("Build", "steps"):
            complaints.error(node.span, f"{path or 'the build'} has no {field.name}", f"`{field.name}:`")
    return Message(name, tuple(given.values()), node.span)


def _suggest(name: str, entry: Entry) -> str:
    key = entry.key
    owners = {message for message in MESSAGES if find(message, key)}
    if name == "BuildStep" and key in ("image", "uses", "container"):
        return "the step's image is its 'name'"
    if name == "BuildStep" and key in ("run", "command", "cmd", "commands"):
        return "use 'script' for shell code, 'args' for arguments"
    if "BuildOptions" in owners and name == "Build":
        return f"{key!r} belongs under 'options'"
    if "Build" in owners:
        return f"{key!r} belongs to the top level"
    if "BuildStep" in owners:
        return f"{key!r} belongs into a step"
    known = [field.name for field in MESSAGES[name] if not field.output]
    near = nearest(key, known)
    return f"did you mean {near!r}?" if near else f"known here: {', '.join(known)}"


def _read_field(field: Field, entry: Entry, path: str, complaints: Complaints) -> Held | None:
    node = entry.value
    if isinstance(node, Scalar) and node.kind == "null":
        return None
    value: Leaf | Pairs | Many | Message | None
    if field.many:
        value = _read_many(field, node, path, complaints)
    else:
        value = _read_one(field, node, path, complaints)
    return Held(field, entry.key_span, value) if value is not None else None


def _read_many(field: Field, node: Node, path: str, complaints: Complaints) -> Many | None:
    if isinstance(node, List):
        nodes = node.items
    elif isinstance(node, Map) and isinstance(field.type, Kind):
        way_out = "write each as `- KEY=VALUE`" if field.name == "env" else ""
        complaints.error(node.span, f"a map for {path}", "a list", way_out)
        return None
    else:
        nodes = (node,)
        complaints.warn(
            node.span,
            f"one value for the list {path}",
            "a list",
            "gcloud wraps it, but a trigger refuses it: write `[...]` or `- ...`",
        )
    items: list[Leaf | Message] = []
    for index, item in enumerate(nodes):
        at = f"{path}[{index}]"
        if isinstance(item, Scalar) and item.kind == "null":
            complaints.error(
                item.span, f"nothing for {at}", _expected(field), "remove the item, or give a value"
            )
            continue
        made = _read_one(field, item, at, complaints)
        if isinstance(made, Leaf | Message):
            items.append(made)
    if field.most is not None and len(nodes) > field.most:
        tell = complaints.error if field.strict else complaints.warn
        tell(node.span, f"{len(nodes)} entries in {path}", f"at most {field.most}")
    return Many(tuple(items), node.span)


def _read_one(field: Field, node: Node, path: str, complaints: Complaints) -> Leaf | Pairs | Message | None:
    if isinstance(field.type, str):
        if isinstance(node, Map):
            return read_message(field.type, node, path, complaints)
    elif field.type is Kind.ANY:
        return Leaf("", node.span)
    elif field.type is Kind.PAIRS:
        if isinstance(node, Map):
            return _read_pairs(field, node, path, complaints)
        if field.name == "substitutions" and isinstance(node, List):
            complaints.error(node.span, f"a list for {path}", "a map", "write each as `_KEY: value`")
            return None
    elif isinstance(node, Scalar):
        return _read_scalar(field, node, path, complaints)
    way_out = "only `args` takes several words" if field.name == "entrypoint" else ""
    complaints.error(node.span, f"{_what(node)} for {path}", _expected(field), way_out)
    return None


def _read_scalar(field: Field, node: Scalar, path: str, complaints: Complaints) -> Leaf | None:
    value = node.value
    if field.type is Kind.BOOL:
        if isinstance(value, bool):
            return Leaf(value, node.span)
        way_out = "remove the quotes" if node.text.lower() in ("true", "false") else ""
        complaints.error(node.span, f"{node.text!r} for {path}", "true or false", way_out)
        return None
    if field.type is Kind.INT:
        return _read_int(field, node, path, complaints)
    if not isinstance(value, str) or node.kind == "date":
        seconds = f"{node.text}s" if field.type is Kind.DURATION else node.text
        complaints.error(
            node.span,
            f"{node.text} ({_SHOWN[node.kind]}) for {path}",
            _expected(field),
            f"write '{seconds}', with the quotes",
        )
        return None
    if field.type is Kind.DURATION:
        duration = _read_duration(value, node.span, path, complaints)
        return Leaf(duration, node.span) if duration is not None else None
    if field.choices and value not in field.choices:
        near = nearest(value, field.choices)
        way_out = f"did you mean {near}?" if near else ""
        complaints.error(node.span, f"{value!r} for {path}", f"one of {', '.join(field.choices)}", way_out)
        return None
    if field.longest is not None and len(value) > field.longest:
        tell = complaints.error if field.strict else complaints.warn
        tell(node.span, f"{len(value)} characters in {path}", f"at most {field.longest}")
    return Leaf(value, node.span)


def _read_int(field: Field, node: Scalar, path: str, complaints: Complaints) -> Leaf | None:
    value: int | None = None
    if node.kind == "int" and isinstance(node.value, int):
        value = node.value
    elif node.kind == "text" and node.text.removeprefix("-").isdecimal() and len(node.text) < 20:
        value = int(node.text)
    if value is None:
        complaints.error(node.span, f"{node.text!r} for {path}", "a whole number")
        return None
    low, high = field.range or (-(2**63), 2**63 - 1)
    if not low <= value <= high:
        complaints.error(node.span, f"{value} for {path}", f"a number from {low} to {high}")
        return None
    return Leaf(value, node.span)


def _read_duration(text: str, span: Span, path: str, complaints: Complaints) -> timedelta | None:
    duration = parse_duration(text)
    if duration is None:
        way_out = f"write '{text}s'" if text.replace(".", "", 1).isdecimal() else ""
        complaints.error(span, f"{text!r} for {path}", "a duration in seconds, such as '600s'", way_out)
    elif duration < timedelta(0):
        complaints.error(span, f"{text!r} for {path}", "a duration of 0s or more")
        return None
    return duration


def _read_pairs(field: Field, node: Map, path: str, complaints: Complaints) -> Pairs:
    pairs = []
    for entry in node.entries:
        value = entry.value
        if isinstance(value, Scalar) and value.kind == "null":
            continue
        if not isinstance(value, Scalar):
            complaints.error(value.span, f"{_what(value)} for {path}.{entry.key}", "text")
        elif value.kind != "text":
            complaints.error(
                value.span,
                f"{value.text} ({_SHOWN[value.kind]}) for {path}.{entry.key}",
                "text",
                f"write '{value.text}', with the quotes",
            )
        else:
            pairs.append(Pair(At(entry.key, entry.key_span), At(value.text, value.span)))
    if field.most is not None and len(pairs) > field.most:
        complaints.error(node.span, f"{len(pairs)} entries in {path}", f"at most {field.most}")
    return Pairs(tuple(pairs), node.span)


def _expected(field: Field) -> str:
    if field.type is Kind.DURATION:
        return "a duration in seconds, such as '600s'"
    return field.type.value if isinstance(field.type, Kind) else "a map of fields"


def _what(node: Node) -> str:
    if isinstance(node, Scalar):
        return repr(node.text)
    return "a list" if isinstance(node, List) else "a map"
