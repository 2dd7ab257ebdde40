"""YAML, JSON and TOML as values that know their places.

The only importer of `yaml`. Knows no schema: rooms above read the `Node` they get against theirs.
"""

from __future__ import annotations

from ctr_ci.document.node import Entry, List, Map, Node, Scalar, nearest
from ctr_ci.source import Source

__all__ = ["Entry", "List", "Map", "Node", "Scalar", "load", "nearest"]


def load(source: Source) -> Node:
    """The one document of a source; an empty one is a null `Scalar`.

    The path's ending says how to read it: `.json`, `.toml`, all else as YAML 1.1. What is no JSON
    in a `.json` file is tried as YAML, as gcloud reads it. Raises InputError with every duplicate
    key of the file, or with the first mistake that stops the reader, at its place.
    """
    from ctr_ci.problem import InputError

    suffix = source.path.rsplit(".", 1)[-1].lower()
    if suffix == "toml":
        from ctr_ci.document.toml import read_toml

        return read_toml(source)
    from ctr_ci.document.yaml import read_yaml

    if suffix != "json":
        return read_yaml(source)
    from ctr_ci.document.json import read_json

    try:
        return read_json(source)
    except InputError as error:
        if error.problems[0].found.startswith("duplicate key"):
            raise
        try:
            return read_yaml(source)
        except InputError:
            raise error from None
