"""Lints many files: unchanged ones from the cache, the others in as many processes as there are cores.

Processes are forked, so they have rules and settings already, and send findings back as `marshal`.
"""

from __future__ import annotations

import marshal
import os

from ctr_ci.lint import Linted, pack, unpack
from ctr_ci.verbs.lint_cache import Cache
from ctr_ci.verbs.lint_one import Linter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ctr_ci.lint import Packed
    from ctr_ci.settings import LintSettings
    from ctr_ci.source import Source
    from ctr_ci.verbs.lint import Request

FEW = 8  # files below which a second process costs more than it saves


def lint_many(
    sources: Sequence[Source],
    settings: LintSettings,
    request: Request,
    environment: Mapping[str, str],
    jobs: int,
) -> tuple[Linted, ...]:
    """The files, linted, in their order."""
    linter = Linter(settings, request)
    cache = Cache(environment, settings, request) if request.cache else None
    keys = [cache.key(source, linter.context(source.path)) if cache else b"" for source in sources]
    known = [cache.get(key) if cache else None for key in keys]
    missing = [at for at, found in enumerate(known) if found is None]
    fresh = _shared([sources[at] for at in missing], linter, jobs)
    for at, packed in zip(missing, fresh, strict=True):
        known[at] = packed
        if cache:
            cache.put(keys[at], packed)
    if cache:
        cache.save()
    return tuple(
        Linted(source.path, source, unpack(packed or ()))
        for source, packed in zip(sources, known, strict=True)
    )


def _shared(sources: list[Source], linter: Linter, jobs: int) -> list[tuple[Packed, ...]]:
    jobs = min(jobs, len(sources) // FEW)
    if jobs < 2 or not hasattr(os, "fork"):
        return [pack(one.findings) for one in linter.lint_all(sources)] if sources else []
    linter.selection("")  # worked out once, before the processes part
    # Long files first, dealt in turn, so that the shares are alike.
    order = sorted(range(len(sources)), key=lambda at: -len(sources[at].text))
    shares = [order[first::jobs] for first in range(jobs)]
    children = [_start(sources, share, linter) for share in shares[1:]]
    results: list[tuple[Packed, ...]] = [()] * len(sources)
    for at, one in zip(shares[0], linter.lint_all([sources[at] for at in shares[0]]), strict=True):
        results[at] = pack(one.findings)
    for (child, pipe), share in zip(children, shares[1:], strict=True):
        for at, packed in zip(share, _collect(child, pipe), strict=True):
            results[at] = packed
    return results


def _start(sources: list[Source], share: list[int], linter: Linter) -> tuple[int, int]:
    reading, writing = os.pipe()
    child = os.fork()
    if child:
        os.close(writing)
        return child, reading
    status = 1
    try:
        os.close(reading)
        try:
            made: list[tuple[Packed, ...]] | str = [
                pack(one.findings) for one in linter.lint_all([sources[at] for at in share])
            ]
        except Exception as error:  # noqa: BLE001  told by the parent, as if it had happened there
            import traceback

            made = "".join(traceback.format_exception(error))
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(marshal.dumps(made))
        status = 0
    finally:
        os._exit(status)


def _collect(child: int, pipe: int) -> list[tuple[Packed, ...]]:
    with os.fdopen(pipe, "rb") as reading:
        raw = reading.read()
    os.waitpid(child, 0)
    if not raw:
        raise RuntimeError("a lint process died")
    made = marshal.loads(raw)  # noqa: S302  our own child wrote it
    if isinstance(made, str):
        raise RuntimeError(f"in a lint process:\n{made}")
    return made  # type: ignore[no-any-return]
