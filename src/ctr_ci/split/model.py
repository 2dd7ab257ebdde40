"""The nouns of a split: what is asked, what came of it, and why it was refused."""

from __future__ import annotations

from dataclasses import dataclass

from ctr_ci.source import Span


@dataclass(frozen=True, slots=True)
class Wish:
    """What the user says beyond the file: paths of the build stage to `keep`, the image to ship on
    (`runtime`, "" for ours), and `packages` of the distribution to install there."""

    keep: tuple[str, ...] = ()
    runtime: str = ""
    packages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Folder:
    """The build context: its `files` as COPY sees them, and the `texts` of those that a recipe reads
    (package.json). `known` False: the Dockerfile came without one."""

    files: tuple[str, ...] = ()
    texts: tuple[tuple[str, str], ...] = ()
    known: bool = True

    def text(self, path: str) -> str | None:
        return dict(self.texts).get(path)


@dataclass(frozen=True, slots=True)
class Artefact:
    """A path of the build stage that ships, the path it gets (the same unless said), whose it is (what
    `COPY --chown` says), and why."""

    path: str
    why: str
    target: str = ""
    owner: str = ""

    @property
    def place(self) -> str:
        return self.target or self.path


@dataclass(frozen=True, slots=True)
class Recipe:
    """How an ecosystem's program ships: on `runtime`, with these `artefacts`.

    `after` are commands that the build stage runs last (dropping development dependencies). `packages`
    are what the old image had and programs of this kind need. `notes` are what a reader should know."""

    ecosystem: str
    runtime: str
    artefacts: tuple[Artefact, ...]
    after: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Split:
    """A file in two stages: its `text`, what ships, on what, and what to know.

    `variables` and `labels` are the names that the file itself sets. `pruned`: dependencies that only
    development needs are dropped from what ships."""

    text: str
    ecosystem: str
    runtime: str
    artefacts: tuple[Artefact, ...]
    packages: tuple[str, ...]
    notes: tuple[str, ...]
    variables: frozenset[str] = frozenset()
    labels: frozenset[str] = frozenset()
    pruned: bool = False


@dataclass(frozen=True, slots=True)
class Fine:
    """Nothing to do, and why: what only builds does not ship."""

    reason: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a file cannot be split soundly, where, and the way out ("" for none)."""

    reason: str
    help: str = ""
    span: Span | None = None


Found = Recipe | Refusal | None  # what a recipe says: None where the program is none of its kind
