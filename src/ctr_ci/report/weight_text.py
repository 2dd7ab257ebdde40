"""An image's weight for the terminal: shares, layers, and what to do something about first."""

from __future__ import annotations

from collections.abc import Iterator

from ctr_ci.image import Breach, Item, LayerWeight, Share, Weight, sums
from ctr_ci.report.size_text import size_text
from ctr_ci.report.weight_tree import weight_tree
from ctr_ci.source import visible

BAR = 24
TOP = 8
COLORS = {
    Share.RUNTIME: "32",
    Share.BUILD: "31",
    Share.CACHE: "33",
    Share.SOURCE: "35",
    Share.DOCS: "36",
    Share.WASTE: "31",
}


def weight_text(
    weight: Weight,
    breaches: tuple[Breach, ...] = (),
    *,
    color: bool = False,
    width: int = 100,
    top: int = TOP,
    depth: int = 0,
) -> Iterator[str]:
    """The lines of the report. `top`: how many offenders each table names; `depth`: of the tree of
    folders, 0 for none."""
    paint = _painted if color else _plain
    name = weight.names[0] if weight.names else weight.image_id[:19]
    layers = f"{len(weight.layers)} layer{'s' * (len(weight.layers) != 1)}"
    count = sum(1 for item in weight.items if item.share is not Share.WASTE)
    files = f"{count:,} file{'s' * (count != 1)}"
    yield paint(visible(name), "1") + f"  {size_text(weight.size_bytes)} in {layers}, {files}"
    yield visible(f"{weight.image_id}  {weight.os}/{weight.architecture}")
    yield ""
    yield from _shares(weight, paint)
    yield ""
    yield from _layers(weight, paint, width)
    for share in (Share.BUILD, Share.WASTE, Share.CACHE, Share.SOURCE, Share.DOCS):
        yield from _offenders(weight, share, paint, top)
    yield from _ecosystems(weight, paint)
    yield from _duplicates(weight, paint, top)
    if depth > 0:
        yield ""
        yield from weight_tree(weight, depth)
    yield from _secrets(weight, paint)
    for note in weight.notes:
        yield visible(f"note: {note}")
    for breach in breaches:
        yield paint("over the limit: ", "1;31") + visible(breach.text)


def _painted(text: str, code: str) -> str:
    return f"\x1b[{code}m{text}\x1b[0m"


def _plain(text: str, _: str) -> str:
    return text


def _shares(weight: Weight, paint: _Paint) -> Iterator[str]:
    base = _base(weight)
    for share, size in weight.shares():
        part = size / weight.size_bytes if weight.size_bytes else 0
        bar = "█" * round(part * BAR) or ("▏" if size else "")
        line = f"  {share.label:11}{size_text(size):>10}  {part:6.1%}  {paint(f'{bar:{BAR}}', COLORS[share])}"
        yield (line + "  " + "; ".join(_remarks(weight, share, base))).rstrip()


def _remarks(weight: Weight, share: Share, base: int) -> Iterator[str]:
    items = [item for item in weight.items if item.share is share and item.size]
    if share is Share.BUILD and weight.compilers:
        yield "compilers: " + ", ".join(dict.fromkeys(language for language, _ in weight.compilers))
    if share is Share.WASTE and items:
        yield ", ".join(f"{how} {size_text(size)}" for how, size in sums(items, lambda item: item.how))
        hidden = sum(item.size for item in items if item.was is Share.BUILD)
        if hidden:
            yield f"{size_text(hidden)} of it build-only"
    below = sum(item.size for item in items if item.layer < base)
    if base and below and share is not Share.RUNTIME:
        yield f"{'all' if below == sum(i.size for i in items) else size_text(below)} from the base image"


def _base(weight: Weight) -> int:
    return sum(layer.base for layer in weight.layers)


def _layers(weight: Weight, paint: _Paint, width: int) -> Iterator[str]:
    yield paint(f"  {'layer':>9}{'size':>10}{'build-only':>12}{'waste':>10}  instruction", "1")
    for layer in weight.layers:
        own = [item for item in weight.items if item.layer == layer.index]
        build = sum(item.size for item in own if item.share is Share.BUILD)
        waste = sum(item.size for item in own if item.share is Share.WASTE)
        head = f"  {'base ' if layer.base else ''}{layer.index + 1}"
        text = _instruction(layer, width - 46)
        yield f"{head:>11}{size_text(layer.size_bytes):>10}{_some(build):>12}{_some(waste):>10}  {text}"
    if weight.base_from == "guessed":
        yield "  (which layers are the base image's is a guess from the history; --base REF settles it)"


def _some(size: int) -> str:
    return size_text(size) if size else "·"


def _instruction(layer: LayerWeight, room: int) -> str:
    text = visible(" ".join(layer.instruction.split())) or "?"
    return text if len(text) <= room else text[: max(room - 1, 20)] + "…"


def _offenders(weight: Weight, share: Share, paint: _Paint, top: int) -> Iterator[str]:
    items = [item for item in weight.items if item.share is share and item.size]
    if sum(item.size for item in items) < max(weight.size_bytes // 1000, 1):
        return  # a thousandth of the image: the line above says it all
    groups: dict[tuple[str, str], list[Item]] = {}
    for item in items:
        groups.setdefault(_group(item), []).append(item)
    ranked = sorted(groups.items(), key=lambda pair: (-sum(i.size for i in pair[1]), pair[0]))
    yield ""
    yield paint(f"  {share.label}", f"1;{COLORS[share]}")
    for (name, why), members in ranked[:top]:
        size = sum(item.size for item in members)
        layers = sorted({item.layer + 1 for item in members})
        where = f"layer {layers[0]}" if len(layers) == 1 else f"layers {layers[0]}-{layers[-1]}"
        yield f"  {size_text(size):>11}  {visible(name):34}  {where:10}  {visible(why)}"
    rest = sum(item.size for _, members in ranked[top:] for item in members)
    if rest:
        yield f"  {size_text(rest):>11}  and {len(ranked) - top} more"


def _group(item: Item) -> tuple[str, str]:
    """What offenders are counted together, and the reason given for them."""
    if item.share is Share.WASTE:
        name = item.package if item.was is Share.BUILD and item.package else f"/{item.path}"
        return name, f"{item.how} by layer {item.by + 1}"
    if item.package and item.share is Share.BUILD:
        return f"{item.package}", f"{item.ecosystem}: {item.why}"
    folder = item.path.rpartition("/")[0]
    return f"/{'/'.join(folder.split('/')[:3])}".rstrip("/") + "/", item.why


def _ecosystems(weight: Weight, paint: _Paint) -> Iterator[str]:
    shown = [item for item in weight.items if item.share is not Share.WASTE]
    counts: dict[str, int] = {}
    for package in weight.packages:
        counts[package.ecosystem] = counts.get(package.ecosystem, 0) + (not package.removed)
    yield ""
    yield paint("  ecosystems", "1")
    for ecosystem, size in sums(shown, lambda item: item.ecosystem):
        if ecosystem:
            yield f"  {size_text(size):>11}  {ecosystem:10}{_packages(counts.get(ecosystem, 0))}"
        elif size:
            yield f"  {size_text(size):>11}  of no package"


def _packages(count: int) -> str:
    return f"{count:>6} package{'s' * (count != 1)}"


def _secrets(weight: Weight, paint: _Paint) -> Iterator[str]:
    if not weight.secrets:
        return
    yield ""
    yield paint("  secrets", "1;31")
    for leak in weight.secrets:
        line = f"  {leak.what:>24}  /{visible(leak.path)}  layer {leak.layer + 1}"
        if leak.hidden_by >= 0:
            line += f", deleted or replaced by layer {leak.hidden_by + 1} and shipped all the same"
        yield line


def _duplicates(weight: Weight, paint: _Paint, top: int) -> Iterator[str]:
    wasted = sum(duplicate.wasted_bytes for duplicate in weight.duplicates)
    if wasted < max(weight.size_bytes // 100, 1 << 20):
        return
    yield ""
    yield paint(f"  the same content at several paths: {size_text(wasted)}", "1")
    for duplicate in weight.duplicates[: top // 2]:
        first, *others = duplicate.paths
        more = f"/{visible(others[0])}" if len(others) == 1 else f"{len(others)} more"
        yield f"  {size_text(duplicate.wasted_bytes):>11}  /{visible(first)} and {more}"


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    _Paint = Callable[[str, str], str]
