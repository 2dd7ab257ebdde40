"""Programs that say themselves what made them: Go's build info, Rust's marks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ctr_ci.image.elf import Binary
from ctr_ci.image.packages.package import Package


def read(binaries: Mapping[str, Binary]) -> Iterator[Package]:
    for path, binary in binaries.items():
        name = path.rpartition("/")[2]
        if binary.language == "go":
            yield Package("go", binary.module or name, "", (path,))
        elif binary.language == "rust" and not name.endswith(".so") and ".so." not in name:
            yield Package("cargo", name, "", (path,))
