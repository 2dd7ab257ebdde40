"""Layers and config → `Weight`. Pure: the bytes have been read by now."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import takewhile

from ctr_ci.image.classify import Classifier
from ctr_ci.image.config import Config
from ctr_ci.image.installed import counted, installed, package_weights
from ctr_ci.image.layers import Entry, Layer
from ctr_ci.image.merge import Merged, merge
from ctr_ci.image.needed import build_only
from ctr_ci.image.owners import Owners
from ctr_ci.image.packages import databases
from ctr_ci.image.packages.package import Key
from ctr_ci.image.places import COMPILERS
from ctr_ci.image.secrets import leaks
from ctr_ci.image.share import Share
from ctr_ci.image.state import State
from ctr_ci.image.tar import DIRECTORY, FILE, SYMLINK
from ctr_ci.image.weight import Duplicate, Item, LayerWeight, Weight

SMALLEST_DUPLICATE = 4096  # below, a copy costs less than the line that tells of it


def weigh(
    config: Config,
    layers: Sequence[Layer],
    *,
    image_id: str,
    names: tuple[str, ...] = (),
    engine_bytes: int | None = None,
    base: Sequence[str] | None = None,
) -> Weight:
    """What the image weighs. `engine_bytes`: the size that the engine tells, to settle which layers'
    symlinks it counts; `base`: the diff IDs of the base image, where they are known."""
    merged = merge(layers)
    state = State.of(config, layers, merged)
    packages, former, brought = installed(layers, merged, state)
    owners, before = Owners(packages, merged), Owners(former, merged)
    places = Classifier(state.words, {}, state.binaries, compiled_script=False)
    application = frozenset(
        path
        for path, found in merged.tree.items()
        if found.entry.kind == FILE
        and ((owner := owners.of(path)) is None or not owner.system)
        and places.verdict(path, owner)[0] is Share.RUNTIME
    )
    build = build_only(packages, state, owners, application)
    build |= {
        key: why for key, why in build_only(former, state, before, frozenset()).items() if key not in build
    }
    compiled_script = any(
        path.endswith((".js", ".mjs", ".cjs")) and owners.of(path) is None for path in application
    )
    every_binary = {path: b for layer in layers for path, b in layer.binaries.items()}
    classifier = Classifier(state.words, build, every_binary, compiled_script)
    links = _linkscounted(config, layers, engine_bytes)
    shown: dict[Key, list[int]] = {}
    hidden: dict[Key, list[int]] = {}
    items = [
        *_visible(merged, owners, classifier, links, shown),
        *_hidden(merged, owners, before, classifier, links, hidden),
    ]
    compilers = sorted(
        (
            (language, path)
            for path in state.binaries
            if path in merged.tree and (language := classifier.compiler(path))
        ),
        key=lambda found: (list(COMPILERS).index(found[0]), found[1]),
    )
    base_layers, base_from = _base(config, base)
    makers = config.makers
    sizes = [0] * len(layers)
    counts = [0] * len(layers)
    for item in items:
        sizes[item.layer] += item.size
        counts[item.layer] += 1
    return Weight(
        image_id,
        names,
        config.os,
        config.architecture,
        tuple(
            LayerWeight(
                index,
                config.diff_ids[index],
                made.text if (made := makers[index]) else "",
                made.created if made else "",
                sizes[index],
                layer.tar_bytes,
                counts[index],
                index < base_layers,
            )
            for index, layer in enumerate(layers)
        ),
        tuple(items),
        package_weights(((False, packages, shown), (True, former, hidden)), build, brought),
        _duplicates(merged),
        tuple(compilers),
        (*config.entrypoint, *config.command),
        base_from,
        tuple(leaks(layers, merged, lambda path: (before.of(path) or owners.of(path)) is not None)),
        tuple(_notes(merged, layers, sum(sizes), engine_bytes)),
    )


def _notes(merged: Merged, layers: Sequence[Layer], size: int, engine_bytes: int | None) -> Iterator[str]:
    yield from databases.unread(merged.tree)
    for layer in layers:
        for path in layer.unread:
            yield f"/{path}: too large to be read"
    if engine_bytes is not None and engine_bytes != size:
        yield f"the engine tells {engine_bytes:,} bytes: it counts in another form than the layers' content"


def _visible(
    merged: Merged,
    owners: Owners,
    classifier: Classifier,
    links: Sequence[bool],
    tally: dict[Key, list[int]],
) -> list[Item]:
    items = []
    for path, (layer, entry) in merged.tree.items():
        if entry.kind == DIRECTORY:
            continue
        size = _size(entry, links[layer])
        owner = owners.of(path)
        share, why = classifier.verdict(path, owner)
        if entry.kind == SYMLINK and owner is None and share is Share.RUNTIME:
            target = merged.real(path)
            if target in merged.tree:
                share, why = classifier.verdict(target, owners.of(target))
        ecosystem, name = counted(tally, owner, size)
        items.append(Item(path, layer, size, share, share, why, ecosystem, name))
    return items


def _hidden(
    merged: Merged,
    owners: Owners,
    before: Owners,
    classifier: Classifier,
    links: Sequence[bool],
    tally: dict[Key, list[int]],
) -> list[Item]:
    items = []
    for path, layer, by, how, entry in merged.shadows:
        size = _size(entry, links[layer])
        if not size:
            continue
        owner = before.of(path) or owners.of(path)
        was, why = classifier.verdict(path, owner)
        ecosystem, name = counted(tally, owner, size)
        items.append(Item(path, layer, size, Share.WASTE, was, why, ecosystem, name, how, by))
    return items


def _size(entry: Entry, links: bool) -> int:
    return entry.size if entry.kind == FILE or (links and entry.kind == SYMLINK) else 0


def _linkscounted(config: Config, layers: Sequence[Layer], engine_bytes: int | None) -> tuple[bool, ...]:
    """For each layer whether the engine counts its symlinks: by what it tells in all where known."""
    files = [sum(e.size for e in layer.entries.values() if e.kind == FILE) for layer in layers]
    links = [sum(e.size for e in layer.entries.values() if e.kind == SYMLINK) for layer in layers]
    everything = (True,) * len(layers)
    if engine_bytes is None:
        return everything
    by_history = tuple(made is None or not made.comment.startswith("buildkit") for made in config.makers)
    # A base that was pulled, then layers that BuildKit made here: the commonest mixture.
    prefixes = tuple(tuple(index < cut for index in range(len(layers))) for cut in range(len(layers) + 1))
    for guess in (by_history, everything, *prefixes):
        told = sum(files) + sum(size for size, counted in zip(links, guess, strict=True) if counted)
        if told == engine_bytes:
            return guess
    return everything


def _base(config: Config, base: Sequence[str] | None) -> tuple[int, str]:
    """How many layers are the base image's, and how we know."""
    if base is not None:
        pairs = zip(config.diff_ids, base, strict=False)
        return len(list(takewhile(lambda pair: pair[0] == pair[1], pairs))), "given"
    guessed = config.base_layers
    return guessed, "guessed" if guessed else ""


def _duplicates(merged: Merged) -> tuple[Duplicate, ...]:
    groups: dict[tuple[int, int], list[str]] = {}
    for path, found in merged.tree.items():
        entry = found.entry
        if entry.kind == FILE and entry.size >= SMALLEST_DUPLICATE:
            groups.setdefault((entry.sum, entry.size), []).append(path)
    found_ = [Duplicate(tuple(sorted(paths)), size) for (_, size), paths in groups.items() if len(paths) > 1]
    return tuple(sorted(found_, key=lambda d: (-d.wasted_bytes, d.paths)))
