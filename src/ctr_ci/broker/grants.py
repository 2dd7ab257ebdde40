"""`steps:` of ctr-ci.yaml: which rules a step's containers may break, because the user says so. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ctr_ci.broker.scope import GRANTABLE
from ctr_ci.document import List, Map, Node, Scalar, nearest
from ctr_ci.problem import InputError, Problem

FORM = "STEP: {allow: [RULE, ...]}"


def read_grants(node: Node | None, steps: Mapping[str, int], path: str) -> tuple[tuple[int, str], ...]:
    """Pairs of a step's index and a rule of GRANTABLE; `steps` maps ids (or indexes as text) to indexes.

    `node` None: nothing is declared. Raises InputError with every problem, each with its place.
    """
    if node is None:
        return ()
    if not isinstance(node, Map):
        raise InputError(Problem("steps: is no mapping", FORM, path=path, span=node.span))
    problems: list[Problem] = []
    found: list[tuple[int, str]] = []
    for entry in node.entries:
        if entry.key not in steps:
            near = nearest(entry.key, steps)
            way_out = f"did you mean {near!r}?" if near else f"steps: {', '.join(steps)}"
            problems.append(
                Problem(f"no step {entry.key!r}", "a step of the build", way_out, path, entry.key_span)
            )
            continue
        for given in _rules(entry.value, path, problems):
            if given.text in GRANTABLE:
                found.append((steps[entry.key], given.text))
                continue
            near = nearest(given.text, GRANTABLE)
            way_out = f"did you mean {near!r}?" if near else f"rules: {', '.join(GRANTABLE)}"
            problems.append(
                Problem(
                    f"{given.text!r} cannot be allowed", "a rule of the broker", way_out, path, given.span
                )
            )
    if problems:
        raise InputError(*problems)
    return tuple(dict.fromkeys(found))


def _rules(node: Node, path: str, problems: list[Problem]) -> Iterator[Scalar]:
    problems += [
        Problem(f"unknown key {entry.key!r}", "'allow'", "", path, entry.key_span)
        for entry in (node.entries if isinstance(node, Map) else ())
        if entry.key != "allow"
    ]
    allowed = node.entry("allow") if isinstance(node, Map) else None
    if allowed is None or not isinstance(allowed.value, List):
        problems.append(Problem("nothing is allowed here", FORM, "", path, node.span))
        return
    for item in allowed.value.items:
        if isinstance(item, Scalar):
            yield item
        else:
            problems.append(Problem("no name of a rule", FORM, "", path, item.span))
