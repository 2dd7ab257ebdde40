"""An image's weight as one HTML page that needs nothing else: a treemap and, without scripts, tables.

The page is `weight.html` with its parts filled in. It loads nothing (its own policy forbids it), and
stays small whatever the image: small files are told together.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from html import escape
from importlib.resources import files

from ctr_ci.image import Breach, Item, Share, Weight, sums
from ctr_ci.report.size_text import size_text

ROWS = 4000  # files told one by one; the rest by folder
TOP = 15


def weight_html(weight: Weight, breaches: tuple[Breach, ...] = ()) -> str:
    name = weight.names[0] if weight.names else weight.image_id
    page = files("ctr_ci.report").joinpath("weight.html").read_text(encoding="utf-8")
    parts = {
        "title": escape(f"{name}: {size_text(weight.size_bytes)}"),
        "head": "\n".join(_head(weight, name, breaches)),
        "tables": "\n".join(_tables(weight)),
        # A path may hold "</script>": inside JSON a `<` has another spelling.
        "data": json.dumps(_data(weight), separators=(",", ":")).replace("<", "\\u003c"),
    }
    before, *rest = page.split("{{")
    filled = [before]
    for piece in rest:
        key, _, after = piece.partition("}}")
        filled += [parts[key], after]
    return "".join(filled)


def _head(weight: Weight, name: str, breaches: tuple[Breach, ...]) -> Iterator[str]:
    yield f"<h1>{escape(name)}</h1>"
    machine = f"{weight.os}/{weight.architecture}"
    yield f'<div class="id">{escape(weight.image_id)} · {escape(machine)}</div>'
    shown = [(share, size) for share, size in weight.shares() if size]
    yield (
        '<div class="shares">'
        + "".join(
            f'<span style="flex:{size};background:var(--{share.value})" title="{share.label}"></span>'
            for share, size in shown
        )
        + "</div>"
    )
    whole = weight.size_bytes or 1
    yield (
        '<ul class="legend">'
        + "".join(
            f'<li><i style="background:var(--{share.value})"></i>{share.label} <b>{size_text(size)}</b> '
            f'<span class="soft">{size / whole:.1%}</span></li>'
            for share, size in shown
        )
        + "</ul>"
    )
    yield f"<p>{size_text(weight.size_bytes)} in {len(weight.layers)} layers."
    if weight.compilers:
        found = ", ".join(
            f"{escape(language)} <code>/{escape(path)}</code>" for language, path in weight.compilers[:5]
        )
        yield f" Compilers proven by their files: {found}."
    yield "</p>"
    for breach in breaches:
        yield f'<p class="over"><b>over the limit:</b> {escape(breach.text)}</p>'
    for leak in weight.secrets:
        yield (
            f'<p class="over"><b>{escape(leak.what)}</b>: <code>/{escape(leak.path)}</code>, '
            f"layer {leak.layer + 1}</p>"
        )
    for note in weight.notes:
        yield f'<p class="soft">{escape(note)}</p>'


def _tables(weight: Weight) -> Iterator[str]:
    yield "<h2>Layers</h2>"
    yield _table(
        ("size", "layer", "build-only", "waste", "instruction"),
        (
            (
                size_text(layer.size_bytes),
                f"{layer.index + 1}{' (base)' if layer.base else ''}",
                size_text(_sum(weight, layer.index, Share.BUILD)),
                size_text(_sum(weight, layer.index, Share.WASTE)),
                layer.instruction or "?",
            )
            for layer in weight.layers
        ),
    )
    for share in (Share.BUILD, Share.WASTE, Share.CACHE, Share.SOURCE):
        items = [item for item in weight.items if item.share is share and item.size]
        if items:
            yield f"<h2>{share.label}: {size_text(sum(item.size for item in items))}</h2>"
            named = {(_name(item), item.why or item.how): "" for item in items}
            ranked = sums(items, lambda item: "\0".join((_name(item), item.why or item.how)))
            yield _table(
                ("size", "what", "why"),
                ((size_text(size), *key.split("\0")) for key, size in ranked[:TOP]),
            )
            if len(named) > TOP:
                yield f'<p class="soft">and {len(named) - TOP} more</p>'


def _sum(weight: Weight, layer: int, share: Share) -> int:
    return sum(item.size for item in weight.items if item.layer == layer and item.share is share)


def _name(item: Item) -> str:
    return item.package or "/" + "/".join(item.path.split("/")[:3])


def _table(heads: Iterable[str], rows: Iterable[tuple[str, ...]]) -> str:
    head = "".join(f"<th>{escape(cell)}</th>" for cell in heads)
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><tr>{head}</tr>{body}</table>"


def _data(weight: Weight) -> dict[str, object]:
    items = sorted((item for item in weight.items if item.size), key=lambda item: -item.size)
    rows = [_row(item, item.path, item.size) for item in items[:ROWS]]
    rest: dict[tuple[str, int, Share, str, str], tuple[Item, int, int]] = {}
    for item in items[ROWS:]:
        folder = "/".join(item.path.split("/")[:3])
        key = (folder, item.layer, item.share, item.package, item.why)
        first, size, count = rest.get(key, (item, 0, 0))
        rest[key] = (first, size + item.size, count + 1)
    for (folder, *_), (first, size, count) in rest.items():
        rows.append(_row(first, f"{folder}/({count} small files)", size))
    return {
        "labels": {share.value: share.label for share in Share},
        "layers": [layer.instruction[:80] for layer in weight.layers],
        "rows": rows,
    }


def _row(item: Item, path: str, size: int) -> dict[str, str | int]:
    named = {"package": item.package, "ecosystem": item.ecosystem, "why": item.why, "how": item.how}
    told = {key: value for key, value in named.items() if value}
    return {"path": path, "size": size, "layer": item.layer, "share": item.share.value, **told}
