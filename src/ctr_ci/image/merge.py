"""Layers on top of each other → the filesystem that a container sees, and what lies hidden below it.

Every stored byte ends up in exactly one place: the merged tree or a `Shadow`. OCI image-spec,
layer.md § "Applying Changesets"; hard links share bytes within a layer and are counted once.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from ctr_ci.image.layers import Entry, Layer
from ctr_ci.image.tar import DIRECTORY, FILE, HARD_LINK, SYMLINK

FOLDER = Entry(DIRECTORY, 0, 0o755, 0, 0, "", (), 0)
How = Literal["overwritten", "stored again", "deleted"]


class Found(NamedTuple):
    """What a path is in the merged tree, and the layer that says so."""

    layer: int
    entry: Entry


class Shadow(NamedTuple):
    """Bytes that layer `layer` stores and that layer `by` hides. "stored again": layer `by` holds the
    same content under the same path, for a change of owner or mode alone."""

    path: str
    layer: int
    by: int
    how: How
    entry: Entry


@dataclass(frozen=True, slots=True)
class Merged:
    tree: dict[str, Found]
    shadows: tuple[Shadow, ...]

    def folder(self, path: str) -> str:
        """`path` with the symlinks among its folders followed (its last name is left as it is)."""
        head, slash, base = path.rpartition("/")
        return f"{self.real(head)}/{base}".lstrip("/") if slash else path

    def real(self, path: str, depth: int = 0) -> str:
        """`path` with all symlinks followed, as far as they lead."""
        if not path:
            return path
        head, _, base = path.rpartition("/")
        here = f"{self.real(head, depth)}/{base}".lstrip("/") if head else base
        found = self.tree.get(here)
        if found is None or found.entry.kind != SYMLINK or depth > 40:
            return here
        target = found.entry.link
        base_folder = [] if target.startswith("/") else here.split("/")[:-1]
        for part in target.split("/"):
            if part == "..":
                base_folder = base_folder[:-1]
            elif part not in ("", "."):
                base_folder = [*base_folder, part]
        return self.real("/".join(base_folder), depth + 1)


def merge(layers: Sequence[Layer]) -> Merged:
    """Applies the layers, base first."""
    tree: dict[str, Found] = {}
    shadows: list[Shadow] = []
    for index, layer in enumerate(layers):
        gone = _removed(tree, layer)
        for path, entry in layer.entries.items():
            below = gone.pop(path, None) or tree.get(path)
            if below is not None and below.layer != index:
                _shadow(shadows, path, below, index, _how(below.entry, entry))
            _folders(tree, shadows, path, index)
            tree[path] = Found(index, entry)
        for path, below in gone.items():
            _shadow(shadows, path, below, index, "deleted")
    return _with_links(layers, tree, shadows)


def _shadow(shadows: list[Shadow], path: str, below: Found, by: int, how: How) -> None:
    if below.entry.size:
        shadows.append(Shadow(path, below.layer, by, how, below.entry))


def _how(below: Entry, above: Entry) -> How:
    same = below.kind == above.kind and below.sum == above.sum and below.link == above.link
    return "stored again" if same and below.size == above.size else "overwritten"


def _removed(tree: dict[str, Found], layer: Layer) -> dict[str, Found]:
    """Takes out of the tree what the layer deletes, hides, or replaces by something else than a folder."""
    gone: dict[str, Found] = {}
    folders = list(layer.opaque)
    for path in layer.deleted:
        below = tree.pop(path, None)
        if below is not None:
            gone[path] = below
            if below.entry.kind == DIRECTORY:
                folders.append(path)
    for path, entry in layer.entries.items():
        if entry.kind != DIRECTORY and (below := tree.get(path)) and below.entry.kind == DIRECTORY:
            folders.append(path)
    if folders:
        names = sorted(tree)
        for folder in folders:
            prefix = f"{folder}/" if folder else ""
            start = bisect_left(names, prefix)
            end = bisect_left(names, prefix[:-1] + "0") if prefix else len(names)  # "0" follows "/"
            for name in names[start:end]:
                below = tree.pop(name, None)
                if below is not None:
                    gone[name] = below
    return gone


def _folders(tree: dict[str, Found], shadows: list[Shadow], path: str, index: int) -> None:
    """Makes folders of all that `path` lies in: archives may leave them out, and what was something
    else below becomes one."""
    parent = path.rpartition("/")[0]
    while parent:
        below = tree.get(parent)
        if below is not None and below.entry.kind == DIRECTORY:
            break
        if below is not None and below.layer != index:
            _shadow(shadows, parent, below, index, "overwritten")
        tree[parent] = Found(index, FOLDER)
        parent = parent.rpartition("/")[0]


def _with_links(layers: Sequence[Layer], tree: dict[str, Found], shadows: list[Shadow]) -> Merged:
    """Gives hidden bytes back to a hard link of the same layer that still shows."""
    links: dict[tuple[int, str], list[str]] = {}
    for index, layer in enumerate(layers):
        for path, entry in layer.entries.items():
            if entry.kind == HARD_LINK:
                links.setdefault((index, _first(layer, entry)), []).append(path)
    if not links:
        return Merged(tree, tuple(shadows))
    kept = []
    for shadow in shadows:
        heir = next(
            (
                path
                for path in links.get((shadow.layer, shadow.path), ())
                if shadow.entry.kind == FILE and (found := tree.get(path)) and found.layer == shadow.layer
            ),
            None,
        )
        if heir is None:
            kept.append(shadow)
        else:
            tree[heir] = Found(shadow.layer, shadow.entry)
            links[shadow.layer, shadow.path].remove(heir)
    return Merged(tree, tuple(kept))


def _first(layer: Layer, entry: Entry) -> str:
    """The path that holds the bytes of a hard link."""
    target = entry.link
    for _ in range(40):
        below = layer.entries.get(target)
        if below is None or below.kind != HARD_LINK:
            break
        target = below.link
    return target
