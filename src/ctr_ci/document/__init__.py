"""YAML, JSON and TOML as values that know their places.

The only importer of `yaml`. Knows no schema: rooms above read the `Node` they get against theirs.
"""

from __future__ import annotations

from ctr_ci.document.node import Entry, List, Map, Node, Scalar, nearest
from ctr_ci.source import Source

__all__ = ["Entry", "List", "Map", "Node", "Scalar", "load", "nearest", "read"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ctr_ci.problem import Problem


def load(source: Source) -> Node:
    """The one document of a source. Raises InputError with every problem that `read` tells."""
    node, problems = read(source)
    if problems:
        from ctr_ci.problem import InputError

        raise InputError(*problems)
    return node


def read(source: Source) -> tuple[Node, tuple[Problem, ...]]:
    """The one document of a source, an empty one being a null `Scalar`, and what is wrong with it
    although it could be read, such as every duplicate key (of which the first counts).

    The path's ending says how to read it: `.json`, `.toml`, all else as YAML 1.1. What is no JSON
    in a `.json` file is tried as YAML, as gcloud reads it. Raises InputError with the mistake that
    stops the reader, at its place.
    """
    suffix = source.path.rsplit(".", 1)[-1].lower()
    if suffix == "toml":
        from ctr_ci.document.toml import read_toml

        return read_toml(source)
    from ctr_ci.document.yaml import read_yaml

    if suffix != "json":
        return read_yaml(source)
    from ctr_ci.document.json import read_json
    from ctr_ci.problem import InputError

    try:
        return read_json(source)
    except InputError as error:
        try:
            return read_yaml(source)
        except InputError:
            raise error from None
