"""What bytes are in an image for. Each stored byte has exactly one `Share`."""

from __future__ import annotations

from enum import StrEnum


class Share(StrEnum):
    """RUNTIME: the application and what it runs on, and all of which nothing else is known. BUILD: what
    only building needs. CACHE: what a tool kept for its next run. SOURCE: what the artefact was made
    from, and version control. DOCS: documentation, manuals, translations. WASTE: stored in a lower layer
    and hidden by a later one: shipped, and reached by nobody."""

    RUNTIME = "runtime"
    BUILD = "build"
    CACHE = "cache"
    SOURCE = "source"
    DOCS = "docs"
    WASTE = "waste"

    @property
    def label(self) -> str:
        return LABELS[self]


LABELS = {
    Share.RUNTIME: "runtime",
    Share.BUILD: "build-only",
    Share.CACHE: "caches",
    Share.SOURCE: "sources",
    Share.DOCS: "docs",
    Share.WASTE: "waste",
}
