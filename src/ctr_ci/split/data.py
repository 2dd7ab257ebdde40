"""What of the build context a program may read when it runs: all that is no source and no tool's own."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from ctr_ci.split.model import Artefact
from ctr_ci.split.reading import Reading, system

SOURCE_ENDS = {
    "Go": (".go", ".mod", ".sum", ".work"),
    "Rust": (".rs", "Cargo.toml", "Cargo.lock"),
    "C/C++": (".c", ".h", ".cc", ".cpp", ".hpp", ".cxx", ".s", ".S", ".in", ".am", ".ac", ".cmake", ".m4"),
    "Java": (".java", ".kt", ".gradle", ".kts", "pom.xml", ".mvn", ".properties", ".jar"),
    "Node": (".ts", ".tsx", ".map"),
}
SOURCE_ENDS[""] = (*SOURCE_ENDS["Go"], *SOURCE_ENDS["Rust"], *SOURCE_ENDS["C/C++"])  # not known which
# What no program reads when it runs.
_NO_DATA = (".md", ".txt.in", ".gitignore", ".dockerignore", ".editorconfig", ".gitattributes", ".gitmodules")
_NO_DATA_NAMES = frozenset(
    [
        *("makefile", "gnumakefile", "cmakelists.txt", "configure", "gradlew", "mvnw", "jenkinsfile"),
        *("dockerfile", "license", "copying", "readme", "authors", "changelog", "contributing"),
        "cloudbuild.yaml",
    ]
)
_NO_DATA_FOLDERS = frozenset(["test", "tests", "docs", "doc", "examples", "vendor", "target", "build"])


def data(reading: Reading, ecosystem: str) -> Iterator[Artefact]:
    """What the context brings to the image beside sources: a program may read it when it runs. Whole
    entries at the top of what is copied, so that nothing of a folder gets lost."""
    ends = SOURCE_ENDS[ecosystem]
    entries: dict[str, bool] = {}
    for path, place in reading.places():
        root = place[: len(place) - len(path)] if place.endswith(path) else posixpath.dirname(place)
        top = path.partition("/")[0] if place.endswith(path) else posixpath.basename(place)
        entry = posixpath.join(root, top)
        if entry != place and system(entry):
            entry = place
        entries[entry] = entries.get(entry, False) or _is_data(path, ends)
    for entry, is_data in entries.items():
        if is_data and posixpath.basename(entry).lower() not in _NO_DATA_FOLDERS:
            yield Artefact(entry, "no source: the program may read it")


def _is_data(path: str, sources: tuple[str, ...]) -> bool:
    name = posixpath.basename(path).lower()
    if (
        path.startswith(".")
        or name.startswith((".", "dockerfile"))
        or name.partition(".")[0] in _NO_DATA_NAMES
    ):
        return False
    return not path.endswith((*sources, *_NO_DATA))
