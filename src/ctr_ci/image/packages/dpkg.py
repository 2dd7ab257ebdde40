"""Debian's database: `status`, `info/*.list`, distroless' `status.d`, diversions, automatic marks.

Sources: dpkg(1), deb-control(5), Debian policy §7; apt's extended_states; distroless' status.d holds
a stanza a package and its files in NAME.md5sums.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ctr_ci.image.packages.package import Package

STATUS = "var/lib/dpkg/status"
PARTS = "var/lib/dpkg/status.d/"
INFO = "var/lib/dpkg/info/"
DIVERSIONS = "var/lib/dpkg/diversions"
AUTOMATIC = "var/lib/apt/extended_states"


def wanted(path: str) -> bool:
    if path.startswith(INFO):
        return path.endswith(".list")
    return path in (STATUS, DIVERSIONS, AUTOMATIC) or path.startswith(PARTS)


def read(kept: Mapping[str, bytes]) -> Iterator[Package]:
    """The installed packages; removed ones whose configuration is left are not."""
    marks = _automatic(kept.get(AUTOMATIC, b""))
    diverted = _diversions(kept.get(DIVERSIONS, b""))
    for fields in _stanzas(kept.get(STATUS, b"")):
        name, arch = fields.get("Package", ""), fields.get("Architecture", "")
        if not name or not fields.get("Status", "").endswith(" installed"):
            continue
        listing = kept.get(f"{INFO}{name}.list") or kept.get(f"{INFO}{name}:{arch}.list") or b""
        files = []
        for line in listing.decode("utf-8", "surrogateescape").split("\n"):
            path = line[1:]
            if path and path != ".":
                moved = diverted.get(path)
                files.append(moved[0] if moved and moved[1] != name else path)
        yield _package(fields, tuple(files), name in marks)
    for path, raw in kept.items():
        if path.startswith(PARTS) and not path.endswith(".md5sums"):
            sums = kept.get(f"{path}.md5sums", b"").decode("utf-8", "surrogateescape")
            files = [line[34:].lstrip("/") for line in sums.split("\n") if len(line) > 34]
            for fields in _stanzas(raw):
                if "Package" in fields:
                    yield _package(fields, (path, f"{path}.md5sums", *files), automatic=False)


def _package(fields: dict[str, str], files: tuple[str, ...], automatic: bool) -> Package:
    depends = f"{fields.get('Pre-Depends', '')},{fields.get('Depends', '')},{fields.get('Recommends', '')}"
    return Package(
        "deb",
        fields["Package"],
        fields.get("Version", ""),
        files,
        section=fields.get("Section", "").rpartition("/")[2],
        depends=tuple(_choices(depends)),
        provides=tuple(choice[0] for choice in _choices(fields.get("Provides", ""))),
        automatic=automatic,
        essential=fields.get("Essential") == "yes" or fields.get("Priority") in ("required", "important"),
    )


def _stanzas(raw: bytes) -> Iterator[dict[str, str]]:
    """Paragraphs of `Field: value`; continuation lines are left out, nothing here needs them."""
    for paragraph in raw.decode("utf-8", "surrogateescape").split("\n\n"):
        fields: dict[str, str] = {}
        for line in paragraph.split("\n"):
            key, colon, text = line.partition(": ")
            if colon and key and key[0] not in " \t":
                fields[key] = text.strip()
        if fields:
            yield fields


def _choices(relation: str) -> Iterator[tuple[str, ...]]:
    """`a (>= 1) | b, c:any` → ("a", "b"), ("c",)."""
    for part in relation.split(","):
        names = tuple(
            word[0].partition(":")[0] for choice in part.split("|") if (word := choice.split(None, 1))
        )
        if names:
            yield names


def _automatic(raw: bytes) -> frozenset[str]:
    """Names alone: apt writes the native architecture where dpkg's status says "all"."""
    return frozenset(
        fields.get("Package", "") for fields in _stanzas(raw) if fields.get("Auto-Installed") == "1"
    )


def _diversions(raw: bytes) -> dict[str, tuple[str, str]]:
    """Path → where others' file of that name went, and whose own file it stays."""
    lines = raw.decode("utf-8", "surrogateescape").split("\n")
    return {
        lines[at].lstrip("/"): (lines[at + 1].lstrip("/"), lines[at + 2])
        for at in range(0, len(lines) - 2, 3)
    }
