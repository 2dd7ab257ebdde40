from __future__ import annotations

from ctr_ci.dockerfile import Add, Copy, Run
from ctr_ci.lint.folders import with_folders
from ctr_ci.lint.rule import Bad, Category, Good, Related, Rule, Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding


def check(facts: Facts) -> Iterator[Finding]:
    copied: dict[int, _Copied] = {}
    for one in facts.each(Copy, Add, Run):
        stage = facts.stage_of(one)
        if stage is None:
            continue
        if isinstance(one, Copy | Add):
            copied.setdefault(stage.index, _Copied()).add(one, facts.before(one).workdir or "")
            continue
        if stage.index not in copied:
            continue
        script = facts.script(one)
        for command in script.commands if script else ():
            if command.name not in ("chmod", "chown", "chgrp"):
                continue
            recursive = any(text[:1] == "-" and "R" in text for text in command.values)
            plain = [text for text in command.values if not text.startswith("-")]
            for path in plain[1:]:
                source = copied[stage.index].first(path, recursive)
                if source is not None:
                    if not recursive and path.endswith((".sh", "entrypoint", ".py", ".bash")):
                        continue
                    flag = "--chmod" if command.name == "chmod" else "--chown"
                    value = plain[0] if plain else ""
                    yield RULE.at(
                        facts.span(one, command.start, command.end),
                        f"{command.name} stores each file again in a layer of its own",
                        help=f"write {source.keyword} {flag}={value} …, which stores it once",
                        severity=None if recursive else Severity.INFO,
                        related=(Related(source.keyword_span, "copied here"),),
                    )
                    break


class _Places:
    """Where copied files lie, and the number of the first copy that put them there."""

    __slots__ = ("_above", "_files", "_targets")

    def __init__(self) -> None:
        self._targets: dict[str, int] = {}
        self._above: dict[str, int] = {}  # by the folders above the destinations
        self._files: dict[tuple[str, str], int] = {}  # by destination and name of the source

    def add(self, target: str, copy: Copy | Add, number: int) -> None:
        self._targets.setdefault(target, number)
        for folder in with_folders(target):
            if folder != target:
                self._above.setdefault(folder, number)
        for word in copy.sources:
            name = word.text.rstrip("/").rpartition("/")[2]
            self._files.setdefault((target.rstrip("/"), name), number)

    def find(self, path: str, recursive: bool) -> list[int]:
        found = [self._targets[path]] if path in self._targets else []
        if recursive:
            folder = path.rstrip("/")
            return [*found, self._above[folder]] if folder in self._above else found
        name = path.rpartition("/")[2]
        keys = [(folder, name) for folder in with_folders(path) if folder != path]
        return [*found, *[self._files[key] for key in keys if key in self._files]]


class _Copied:
    """What a stage has copied so far. A path that is not absolute counts from the copy's own folder."""

    __slots__ = ("_all", "_copies", "_from")

    def __init__(self) -> None:
        self._copies: list[Copy | Add] = []
        self._all = _Places()
        self._from: dict[str, _Places] = {}  # by the working folder of the copies

    def add(self, copy: Copy | Add, base: str) -> None:
        number = len(self._copies)
        self._copies.append(copy)
        target = copy.destination.text.rstrip("/") or "/"
        if not target.startswith("/"):
            target = f"{base.rstrip('/')}/{target}".replace("/./", "/").removesuffix("/.") if base else target
        self._all.add(target, copy, number)
        self._from.setdefault(base, _Places()).add(target, copy, number)

    def first(self, path: str, recursive: bool) -> Copy | Add | None:
        """The first instruction that copied what a command names by `path`."""
        whole = path.rstrip("/") or "/"
        found: list[int] = []
        if whole.startswith("/"):
            found = self._all.find(whole, recursive)
        else:
            for base, places in self._from.items():
                place = f"{base.rstrip('/')}/{whole}".removesuffix("/.") if base else whole
                found += places.find(place, recursive)
        return self._copies[min(found)] if found else None


RULE = Rule(
    id="CT181",
    name="chmod-after-copy",
    severity=Severity.WARNING,
    category=Category.SIZE,
    summary="Set mode and owner while copying",
    why=(
        "A layer stores whole files: chmod or chown of copied files in a later RUN stores each of them a "
        "second time, "
        "even when only the mode changes. BuildKit's COPY takes --chown and --chmod."
    ),
    examples=(
        Bad("FROM alpine:3.20\nCOPY app /app\nRUN chown -R 1000 /app\n", at="3:5-3:23"),
        Good("FROM alpine:3.20\nCOPY --chown=1000 app /app\n"),
    ),
    same_as=("tally:prefer-copy-chmod", "chown/chmod-copy"),
    check=check,
)
