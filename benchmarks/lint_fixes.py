"""What safe fixes change in real files, instruction by instruction, as BuildKit's parser reads them.

    python benchmarks/lint_fixes.py CORPUS [FILES]

CORPUS is a folder of Dockerfiles. FILES of them (300) are copied to a temporary folder and fixed there; then
keyword, flags and values are compared (PyPI `dockerfile`). Each difference is counted under what it is;
what is none of the known kinds is printed, and makes the command end with 1.
"""

from __future__ import annotations

import argparse
import difflib
import importlib
import random
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

# Options, the end of `apt-get` (wherever the comparison cuts it), and commands that clean up.
INSERTED = frozenset(
    [
        "progress=dot:giga",
        "f",
        "y",
        "no-cache",
        "cache --no",
        "no-cache-dir",
        "get",
        "t-ge",
        "rm -rf /var/lib/apt/lists/*",
        "npm cache clean --force",
        "yarn cache clean",
        "zypper clean --all",
        "yum clean all",
        "dnf clean all",
    ]
)


@dataclass(frozen=True, slots=True)
class Instruction:
    keyword: str
    json: bool
    flags: tuple[str, ...]
    values: tuple[str, ...]


def read(path: Path) -> list[Instruction] | None:
    """The instructions of a file; None when BuildKit's parser refuses it."""
    parser = importlib.import_module("dockerfile")
    try:
        found = parser.parse_string(path.read_text("utf-8", "replace"))
    except parser.GoParseError:
        return None
    return [Instruction(one.cmd.lower(), one.json, tuple(one.flags), tuple(one.value)) for one in found]


def kind(before: Instruction, after: Instruction) -> str | None:
    """What became of an instruction; None when it is nothing that a safe fix is meant to do."""
    first, second = " ".join(before.values), " ".join(after.values)
    if before.keyword == "maintainer" and after.keyword == "label":
        author = first.strip().strip("\"'")
        return "MAINTAINER to LABEL" if author in second.replace("\\", "") else None
    if before.keyword == after.keyword == "copy" and before.values == after.values:
        lower = [flag.lower() for flag in before.flags]
        return "case of --from" if lower == [flag.lower() for flag in after.flags] else None
    if before.flags != after.flags or before.json != after.json:
        return None
    if (before.keyword, after.keyword) == ("add", "copy"):
        return "ADD to COPY" if before.values == after.values else None
    if before.keyword != after.keyword:
        return None
    if before.keyword == "copy":
        return "slash at a folder" if f"{first}/" == second else None
    if before.keyword in ("env", "label"):
        plain = [[v.strip('"') for v in one.values if v not in ("=", "")] for one in (before, after)]
        return "= written" if plain[0] == plain[1] else None
    if before.keyword == "from":
        return "case of AS" if first.lower() == second.lower() else None
    if before.keyword in ("run", "onbuild"):
        changes = _changes(first, second)
        parts = [new for _, new in changes]
        return (
            "insertion"
            if not any(old for old, _ in changes)
            and {bit for part in parts for bit in _pieces(part)} <= INSERTED
            else None
        )
    return None


def _changes(first: str, second: str) -> list[tuple[str, str]]:
    steps = difflib.SequenceMatcher(None, first, second, autojunk=False).get_opcodes()
    return [(first[a:b], second[c:d]) for tag, a, b, c, d in steps if tag != "equal"]


def _pieces(part: str) -> list[str]:
    """`-y && rm -rf x` is "y" and "rm -rf x"."""
    return [bit for bit in (one.strip(" -\t") for one in part.split("&&")) if bit]


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("corpus", type=Path)
    options.add_argument("files", type=int, nargs="?", default=300)
    arguments = options.parse_args()
    names = sorted(path.name for path in arguments.corpus.iterdir() if "ockerfile" in path.name)
    chosen = random.Random(11).sample(names, min(arguments.files, len(names)))
    seen: Counter[str] = Counter()
    odd = changed = 0
    with tempfile.TemporaryDirectory() as folder:
        for name in chosen:
            shutil.copy(arguments.corpus / name, folder)
        command = [
            "ctr-ci",
            "lint",
            "--no-config",
            "--no-cache",
            "--fix",
            "--fail-on",
            "never",
            "-f",
            "json",
            ".",
        ]
        command[0] = str(Path(sys.executable).parent / command[0])
        subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, check=True)
        for name in chosen:
            one, two = arguments.corpus / name, Path(folder) / name
            before = read(one) if one.read_bytes() != two.read_bytes() else None
            if before is None:
                continue
            changed += 1
            after = read(two) or []
            if len(before) != len(after):
                odd += 1
                print(f"{name}: {len(before)} instructions, then {len(after)}")
                continue
            for pair in zip(before, after, strict=True):
                if pair[0] != pair[1]:
                    what = kind(*pair)
                    seen[what or "other"] += 1
                    if what is None:
                        odd += 1
                        print(f"{name}:", *_changes(" ".join(pair[0].values), " ".join(pair[1].values)))
    print(f"{len(chosen)} files, {changed} changed: {dict(seen)}")
    return 1 if odd else 0


if __name__ == "__main__":
    sys.exit(main())
