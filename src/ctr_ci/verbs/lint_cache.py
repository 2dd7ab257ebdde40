"""Remembers the findings of unchanged files: by content, settings, surroundings and the rules themselves.

One file, below the user's cache folder; it holds findings, never a file's text. Losing it costs time only.
"""

from __future__ import annotations

import marshal
import os
import sys
from hashlib import blake2b

from ctr_ci import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ctr_ci.lint import Context, Packed
    from ctr_ci.settings import LintSettings
    from ctr_ci.source import Source
    from ctr_ci.verbs.lint import Request

LARGEST = 20_000  # entries that are kept


class Cache:
    """The cache of one run: `get` and `put` by key, `save` at the end."""

    def __init__(self, environment: Mapping[str, str], settings: LintSettings, request: Request) -> None:
        self._folder = _folder(environment)
        self._path = os.path.join(self._folder, f"lint-{__version__}-{sys.implementation.cache_tag}.bin")
        said = (settings, request.target, request.build_args, request.build_contexts, _rules())
        self._salt = blake2b(repr(said).encode("utf-8", "surrogateescape"), digest_size=16).digest()
        self._known: dict[bytes, tuple[Packed, ...]] = _load(self._path)
        self._used: dict[bytes, tuple[Packed, ...]] = {}
        self._around: dict[int, bytes] = {}
        self._contexts: list[Context] = []
        self._fresh = False

    def key(self, source: Source, context: Context) -> bytes:
        """What the findings of a file depend on, as a digest."""
        around = self._around.get(id(context))
        if around is None:
            sets = (
                context.targets,
                context.side_targets,
                context.contexts,
                context.given,
                context.entries or (),
            )
            text = repr((context.dockerignore, [sorted(some) for some in sets]))
            around = blake2b(text.encode("utf-8", "surrogateescape"), digest_size=16).digest()
            self._around[id(context)] = around
            self._contexts.append(context)  # kept alive, so that its id stays its own
        digest = blake2b(self._salt + around, digest_size=20)
        digest.update(repr((source.path, source.bom)).encode("utf-8", "surrogateescape"))
        digest.update(source.text.encode("utf-8", "surrogatepass"))
        return digest.digest()

    def get(self, key: bytes) -> tuple[Packed, ...] | None:
        found = self._known.get(key)
        if found is not None:
            self._used[key] = found
        return found

    def put(self, key: bytes, findings: tuple[Packed, ...]) -> None:
        self._used[key] = findings
        self._fresh = True

    def save(self) -> None:
        """Writes the cache, newest entries first to stay; where that fails there is none, and no error."""
        if not self._fresh:
            return
        kept = self._used | {k: v for k, v in self._known.items() if k not in self._used}
        entries = dict(list(kept.items())[:LARGEST])
        aside = f"{self._path}.{os.getpid()}"
        try:
            os.makedirs(self._folder, mode=0o700, exist_ok=True)
            with open(aside, "wb") as file:
                file.write(marshal.dumps(entries))
            os.replace(aside, self._path)
        except OSError:
            return


def _folder(environment: Mapping[str, str]) -> str:
    said = environment.get("CTR_CI_CACHE_DIR")
    if said:
        return said
    base = environment.get("XDG_CACHE_HOME") or os.path.join(
        environment.get("HOME") or "/nonexistent", ".cache"
    )
    return os.path.join(base, "ctr-ci")


def _load(path: str) -> dict[bytes, tuple[Packed, ...]]:
    try:
        with open(path, "rb") as file:
            found = marshal.loads(file.read())  # noqa: S302  our own file, below the user's own folder
    except (OSError, ValueError, EOFError, TypeError):
        return {}
    return found if isinstance(found, dict) else {}


def _rules() -> str:
    """What changes with the program's own code: sizes and times of the linter's modules."""
    import ctr_ci

    root = os.path.dirname(ctr_ci.__file__)
    stamps = []
    for room in ("lint", os.path.join("lint", "rules"), "dockerfile", "shell", "settings"):
        for entry in os.scandir(os.path.join(root, room)):
            if entry.name.endswith(".py"):
                found = entry.stat()
                stamps.append((room, entry.name, found.st_size, found.st_mtime_ns))
    return repr(sorted(stamps))
