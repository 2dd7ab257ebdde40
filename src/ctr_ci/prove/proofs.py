"""Data: which bytes of an image bear out a finding, by the rule's name.

`settles`: no such bytes refute the finding. The others are about something that bytes show only when
it happened (a removal that came too late), or that other ways can have caused.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ctr_ci.image import Item, Share


@dataclass(frozen=True, slots=True)
class Proof:
    """`counts`: is this item among the bytes the rule is about? `own_layer`: only those that the
    finding's own instruction brought, where its layer is known. `what`: the bytes in words."""

    counts: Callable[[Item], bool]
    what: str
    own_layer: bool
    settles: bool = True


def _build(item: Item) -> bool:
    return item.was is Share.BUILD


def _left_behind(item: Item) -> bool:
    return item.was in (Share.BUILD, Share.SOURCE)


def _cache(*reasons: str) -> Callable[[Item], bool]:
    return lambda item: item.was is Share.CACHE and item.why in reasons


def _hidden(*hows: str) -> Callable[[Item], bool]:
    return lambda item: item.how in hows


APT = ("apt package lists", "apt cache")
SYSTEM = ("package manager's cache",)
TOOLS = (
    "Go build cache",
    "Go module cache",
    "Python package cache",
    "Node package cache",
    "npm cache",
    "JavaScript build cache",
    "Maven cache",
    "Gradle cache",
    "sbt cache",
    "NuGet cache",
    "Cargo registry",
    "package cache",
    "C build cache",
    "conda package cache",
    "cache folder",
    "temporary files",
    "package files",
)

BUILD = Proof(_build, "that only building needs", own_layer=False)
CACHES = Proof(_cache(*APT, *SYSTEM, *TOOLS), "of caches", own_layer=True)
SOURCES = Proof(lambda item: item.was is Share.SOURCE, "of sources", own_layer=True)
NODE = _cache("npm cache", "Node package cache", "cache folder")
DEVELOPMENT = Proof(
    lambda item: item.was is Share.BUILD and "development dependency" in item.why,
    "of development dependencies",
    own_layer=False,
    settles=False,  # only some package managers say which those are
)
COPIED = Proof(
    lambda item: item.was in (Share.BUILD, Share.SOURCE, Share.CACHE),
    "that only building needs",
    own_layer=True,
    settles=False,
)

PROOFS = {
    "build-in-ship-image": BUILD,
    "sdk-base-ships": BUILD,
    "missing-multi-stage": Proof(_left_behind, "that a second stage would leave behind", own_layer=False),
    "package-cache-in-image": CACHES,
    "apt-lists": Proof(_cache(*APT), "of apt's lists and caches", own_layer=True),
    "apk-cache": Proof(_cache(*SYSTEM), "of apk's cache", own_layer=True),
    "rpm-cache": Proof(_cache(*SYSTEM), "of the package manager's cache", own_layer=True),
    "pip-cache": Proof(_cache("Python package cache"), "of pip's cache", own_layer=True),
    "js-cache": Proof(NODE, "of the package manager's cache", own_layer=True),
    "source-ships": SOURCES,
    "dev-dependencies-ship": DEVELOPMENT,
    "copy-all-from-builder": COPIED,
    "removed-in-later-layer": Proof(
        _hidden("deleted"), "removed, and still in a layer below", own_layer=False
    ),
    "chmod-after-copy": Proof(_hidden("stored again"), "stored a second time", own_layer=False),
}
