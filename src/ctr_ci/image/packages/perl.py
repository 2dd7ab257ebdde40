"""CPAN distributions by their `.packlist` (ExtUtils::Packlist): a file a line, from the root."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ctr_ci.image.packages.package import Package

PACKLIST = "/.packlist"


def wanted(path: str) -> bool:
    return path.endswith(PACKLIST) and "/auto/" in path


def read(kept: Mapping[str, bytes]) -> Iterator[Package]:
    for path, raw in kept.items():
        if wanted(path):
            name = path.removesuffix(PACKLIST).rpartition("/auto/")[2].replace("/", "::")
            lines = raw.decode("utf-8", "surrogateescape").split("\n")
            yield Package(
                "cpan", name, "", (path, *(line.split(" ")[0].lstrip("/") for line in lines if line))
            )
