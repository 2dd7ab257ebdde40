"""The event that triggered a build: bindings such as `$(body.a.b[0])`, and what a pull request sets."""

from __future__ import annotations

import json
import re

from ctr_ci.document import List, Map, Node, Scalar

_STEP = re.compile(r"\.([\w-]+)|\[(\d+)\]|\['([^']*)'\]")


def bind(path: str, payload: Node) -> str | None:
    """The text of a path that begins with `body` (the whole event); None where nothing is there.

    Text comes as it is, all else as compact JSON.
    """
    root = re.match(r"[\w]+", path)
    if not root or root[0] != "body":
        return None
    node: Node | None = payload
    for step in _STEP.finditer(path, root.end()):
        name = step[1] or step[3]
        if step[2] is not None:
            items = node.items if isinstance(node, List) else ()
            node = items[int(step[2])] if int(step[2]) < len(items) else None
        elif isinstance(node, Map):
            entry = node.entry(name)
            node = entry.value if entry else None
        else:
            node = None
    if node is None:
        return None
    return node.text if isinstance(node, Scalar) and node.kind == "text" else _json(node)


def _json(node: Node) -> str:
    if isinstance(node, Scalar):
        return json.dumps(node.text) if node.kind == "text" else node.text
    if isinstance(node, List):
        return f"[{','.join(map(_json, node.items))}]"
    return "{" + ",".join(f"{json.dumps(e.key)}:{_json(e.value)}" for e in node.entries) + "}"


_PULL_REQUEST = {
    "_HEAD_BRANCH": "body.pull_request.head.ref",
    "_BASE_BRANCH": "body.pull_request.base.ref",
    "_HEAD_REPO_URL": "body.pull_request.head.repo.html_url",
    "_PR_NUMBER": "body.pull_request.number",
}


def pull_request(payload: Node) -> dict[str, str]:
    """The substitutions that GitHub's pull requests set, from such an event; none for another."""
    found = {key: bind(path, payload) for key, path in _PULL_REQUEST.items()}
    return {key: value for key, value in found.items() if value is not None}
