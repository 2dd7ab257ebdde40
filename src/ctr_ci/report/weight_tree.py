"""An image's bytes by folder, as a tree: the heaviest first, what is small counted together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from ctr_ci.image import Share, Weight
from ctr_ci.report.size_text import size_text
from ctr_ci.source import visible

SMALLEST = 100  # what is less than this part of the image gets no line of its own


@dataclass(slots=True)
class _Node:
    """A folder (`inner`) or a file with all its bytes, in every layer."""

    size: int = 0
    build: int = 0
    waste: int = 0
    inner: dict[str, _Node] = field(default_factory=dict)


def weight_tree(weight: Weight, depth: int) -> Iterator[str]:
    """A line for each folder and file of weight, `depth` names deep. The root is the image, to the byte."""
    root = _Node()
    for item in weight.items:
        if not item.size:
            continue
        node = root
        _add(node, item.size, item.share)
        names = item.path.split("/")
        for name in names[:depth]:
            node = node.inner.setdefault(name, _Node())
            _add(node, item.size, item.share)
        if len(names) > depth:
            node.inner.setdefault("", _Node())  # there is more below
    yield f"  {'size':>11}{'build-only':>12}{'waste':>10}  path"
    yield _line(root, "/")
    yield from _below(root, "", max(root.size // SMALLEST, 1))


def _add(node: _Node, size: int, share: Share) -> None:
    node.size += size
    node.build += size * (share is Share.BUILD)
    node.waste += size * (share is Share.WASTE)


def _below(node: _Node, lead: str, least: int) -> Iterator[str]:
    named = sorted(
        ((n, one) for n, one in node.inner.items() if n), key=lambda pair: (-pair[1].size, pair[0])
    )
    shown = [(name, one) for name, one in named if one.size >= least]
    small = [one for _, one in named if one.size < least] if shown else []
    for at, (name, one) in enumerate(shown):
        last = at == len(shown) - 1 and not small
        folder = "/" if one.inner else ""  # with a name or the mark that there is more
        yield _line(one, f"{lead}{'└─' if last else '├─'} {visible(name)}{folder}")
        yield from _below(one, lead + ("   " if last else "│  "), least)
    if small:
        rest = _Node(sum(o.size for o in small), sum(o.build for o in small), sum(o.waste for o in small))
        yield _line(rest, f"{lead}└─ {len(small)} smaller")


def _line(node: _Node, name: str) -> str:
    build, waste = (size_text(size) if size else "·" for size in (node.build, node.waste))
    return f"  {size_text(node.size):>11}{build:>12}{waste:>10}  {name}"
