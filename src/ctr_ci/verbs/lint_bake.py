"""Bake files (HCL or JSON): which Dockerfile each target builds, and how (`docker buildx bake`).

Variables have their defaults. The files of a folder are read as bake reads several: a later one adds to a
target of the same name, variables are common to all.
"""

from __future__ import annotations

import os
from itertools import islice

from ctr_ci.verbs.lint_builds import Build, joined
from ctr_ci.verbs.lint_hcl import UNKNOWN, NotHcl, Unknown, read, template

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import TypeAlias

    from ctr_ci.document import Node
    from ctr_ci.verbs.lint_hcl import Expression, Value

    Target: TypeAlias = dict[str, Expression]

MOST = 200  # images of one matrix, ancestors of one target
_IMAGES = ("image", "docker", "registry", "oci")


def builds(paths: list[str], text_of: Callable[[str], str]) -> Iterator[Build]:
    """What the bake files of one folder build."""
    variables: dict[str, Expression] = {}
    targets: dict[str, Target] = {}
    for path in paths:
        try:
            more, some = _hcl(text_of(path)) if path.lower().endswith("hcl") else _json(path, text_of(path))
        except NotHcl:
            continue
        variables |= more
        for name, target in some.items():
            targets[name] = targets.get(name, {}) | target
    known: dict[str, Value] = {}
    for name, default in variables.items():
        known[name] = default(known)
    folder = os.path.dirname(paths[0]) if paths else ""
    for target in targets.values():
        yield from _built(target, targets, known, folder)


def _hcl(text: str) -> tuple[Target, dict[str, Target]]:
    blocks = read(text)
    variables = {
        block.label: block.attributes.get("default", lambda known: "")
        for block in blocks
        if block.kind == "variable"
    }
    return variables, {block.label: block.attributes for block in blocks if block.kind == "target"}


def _json(path: str, text: str) -> tuple[Target, dict[str, Target]]:
    from ctr_ci.document import Map, load
    from ctr_ci.problem import InputError
    from ctr_ci.source import Source

    try:
        node = load(Source(path, text))
    except InputError as error:
        raise NotHcl("not JSON") from error

    def parts(name: str) -> dict[str, Map]:
        entry = node.entry(name) if isinstance(node, Map) else None
        inside = entry.value if entry else None
        entries = inside.entries if isinstance(inside, Map) else ()
        return {one.key: one.value for one in entries if isinstance(one.value, Map)}

    variables: dict[str, Expression] = {name: lambda known: "" for name in parts("variable")}
    for name, inside in parts("variable").items():
        default = inside.entry("default")
        if default is not None:
            variables[name] = _of_node(default.value)
    targets = {
        name: {one.key: _of_node(one.value) for one in inside.entries}
        for name, inside in parts("target").items()
    }
    return variables, targets


def _of_node(node: Node) -> Expression:
    from ctr_ci.document import List, Scalar

    if isinstance(node, Scalar):
        if node.kind == "null":
            return lambda known: None
        return template(node.text)
    if isinstance(node, List):
        items = [_of_node(one) for one in node.items]
        return lambda known: [item(known) for item in items]
    pairs = {one.key: _of_node(one.value) for one in node.entries}
    return lambda known: {key: said(known) for key, said in pairs.items()}


def _built(
    target: Target, targets: dict[str, Target], variables: dict[str, Value], folder: str
) -> Iterator[Build]:
    for chosen in _matrix(target, variables):
        said = _inherited(target, targets, variables | chosen)
        context, dockerfile, stage = (said.get(key) for key in ("context", "dockerfile", "target"))
        if said.get("dockerfile-inline") is not None or isinstance(dockerfile, Unknown):
            continue
        context = "." if context is None else context
        place = joined(folder, context.removeprefix("cwd://")) if isinstance(context, str) else ""
        file = dockerfile if isinstance(dockerfile, str) and dockerfile else "Dockerfile"
        yield Build(
            joined(folder, file.removeprefix("cwd://")) if file.startswith("cwd://") else joined(place, file),
            place,
            stage if isinstance(stage, str) else "",
            _names(said.get("args")),
            _names(said.get("contexts")),
            _keeps(said),
        )


def _matrix(target: Target, variables: dict[str, Value]) -> list[dict[str, Value]]:
    """The values of the matrix's variables, a set for each image; one empty set without a matrix."""
    matrix = target["matrix"](variables) if "matrix" in target else None
    chosen: list[dict[str, Value]] = [{}]
    for name, items in matrix.items() if isinstance(matrix, dict) else ():
        listed = items if isinstance(items, list) else [UNKNOWN]
        chosen = list(islice((one | {name: item} for one in chosen for item in listed), MOST))
    return chosen


def _inherited(target: Target, targets: dict[str, Target], known: dict[str, Value]) -> dict[str, Value]:
    """What a target says over what it inherits, each ancestor once; maps are joined."""
    lines: list[Target] = []
    seen: set[int] = set()
    todo: list[tuple[Target, bool]] = [(target, False)]
    while todo:  # the ancestors of each before itself
        one, ready = todo.pop()
        if ready:
            lines.append(one)
        elif id(one) not in seen and len(seen) < MOST:
            seen.add(id(one))
            parents = one["inherits"](known) if "inherits" in one else None
            named = (
                [targets.get(name) for name in parents if isinstance(name, str)]
                if isinstance(parents, list)
                else []
            )
            todo.append((one, True))
            todo += [(parent, False) for parent in reversed(named) if parent is not None]
    found: dict[str, Value] = {}
    for one in lines:
        _add(found, {key: said(known) for key, said in one.items() if key not in ("inherits", "matrix")})
    return found


def _add(found: dict[str, Value], more: Mapping[str, Value]) -> None:
    for key, said in more.items():
        old = found.get(key)
        found[key] = old | said if isinstance(old, dict) and isinstance(said, dict) else said


def _names(said: Value) -> tuple[str, ...]:
    return tuple(said) if isinstance(said, dict) else ()


def _keeps(said: dict[str, Value]) -> bool:
    """Whether an image comes of a target, as its `call` and `output` say."""
    if said.get("call") not in (None, "build"):
        return False
    outputs = said.get("output")
    if not isinstance(outputs, list) or not outputs or UNKNOWN in outputs:
        return True
    kinds = []
    for one in outputs:
        if not isinstance(one, str | dict):
            return True
        pairs = one if isinstance(one, dict) else dict(_pair(word) for word in one.split(","))
        kinds.append(pairs.get("type", "local"))
    return any(kind in _IMAGES or isinstance(kind, Unknown) for kind in kinds)


def _pair(word: str) -> tuple[str, str]:
    key, _, said = word.partition("=")
    return key.strip(), said.strip()
