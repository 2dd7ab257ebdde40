"""`ctr-ci publish`: a run's evidence, or an image by name, to a registry."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Generator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from ctr_ci import record as records
from ctr_ci.engine import connect
from ctr_ci.events import BlobPushed, Event, ManifestPushed, Noted, TagMoved
from ctr_ci.oci import Digest, Reference, Repository
from ctr_ci.problem import Exit, InputError, Problem, Refused
from ctr_ci.publish import (
    GZIP,
    ArchiveContent,
    Attest,
    Defaults,
    Document,
    EngineContent,
    Key,
    Memory,
    Receipt,
    Release,
    Signer,
    Wish,
    documents,
    promote,
    promoted,
    push,
    releases,
    unverified,
    verify,
    zstd,
)
from ctr_ci.registry import Registry, blobs, manifests
from ctr_ci.report import receipt as receipts
from ctr_ci.verbs import publish_parts as parts
from ctr_ci.verbs.publish_places import targets


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked for. `record` None: the newest run of `folder`; `to` (): the policy's place, or
    the images' own names; `tags` are templates; `immutable`: tags that exist may not move; `archive`:
    the bytes come from this file, not from the engine; `from_registry`: they are in a registry."""

    folder: Path
    reach: parts.Reach
    record: Path | None = None
    image: str = ""
    unverified: bool = False
    archive: Path | None = None
    from_registry: str = ""
    from_credential: str = ""
    to: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    require: tuple[str, ...] = ()
    immutable: bool = False
    annotations: tuple[tuple[str, str], ...] = ()
    git_annotations: bool = False
    zstd: bool = False
    harmless: tuple[str, ...] = ()
    attest: Literal["", "none", "evidence", "signed"] = ""
    key: str = ""
    dry_run: bool = False
    json: bool = False
    quiet: bool = False
    engine: str | None = None
    config_file: str = ""
    use_config: bool = True


def publish(request: Request) -> Exit:
    """Pushes every image that was asked for and allowed; the receipts go to standard output."""
    clients = parts.Clients(request.reach, request.from_credential)
    content = _content(request)
    try:
        policy, defaults = parts.policy(
            request.folder, request.config_file, request.use_config, request.require
        )
        if request.from_registry:
            return _promote(request, policy.require, defaults, clients)
        path, record = _record(request)
        if record:
            chosen = releases(record, policy, request.image)
        else:
            image_id = content.find("" if request.archive else request.image)
            chosen = (unverified(image_id, request.image),)
        attest = request.attest or defaults.attest
        key = parts.signer(request.key) if attest == "signed" else None
        facts = parts.facts(request.folder, record, os.environ, clients.clock.now())
        notes = parts.git_notes(facts, record, os.environ) if request.git_annotations else ()
        for release, place in targets(request.to or (defaults.to,), chosen):
            registry = clients.registry(place.repository)
            own = (place.tag or "latest",)
            tags = facts.tags(request.tags or defaults.tags or own, partial(manifests.tags, registry))
            wish = Wish(
                tags,
                frozenset(tags) if request.immutable else defaults.keeps(tags),
                (*notes, *request.annotations),
                frozenset(request.harmless),
                zstd() if request.zstd else GZIP,
                _attesting(release, place.repository, attest, key),
            )
            if request.dry_run:
                _rehearse(request, release, wish, registry)
                continue
            memory = Memory(parts.memory_folder(os.environ))
            receipt, events = _watch(request, push(release, wish, registry, content, memory))
            if path and record:
                record = records.fold(events, record)
                records.write(path, record)
            _hand_out(request, receipt)
    finally:
        clients.close()
        content.close()
    return Exit.DONE


def _promote(request: Request, require: tuple[str, ...], defaults: Defaults, clients: parts.Clients) -> Exit:
    """Registry to registry, by the evidence that the image carries there."""
    origin = Reference.parse(request.from_registry)
    if len(request.to) > 1:
        raise InputError(Problem("several --to with --from-registry", expected="one"))
    to = Reference.parse("".join(request.to) or defaults.to or request.from_registry)
    source = clients.registry(origin.repository, writes=False, credential=request.from_credential)
    near = (origin.repository.name,) if origin.repository.host == to.repository.host else ()
    target = clients.registry(to.repository, mounts=near)
    if request.unverified:
        digest = manifests.digest_of(source, origin.selector)
        if digest is None:
            raise InputError(Problem(f"no image {origin}", help="is the tag or digest right?"))
        release = unverified(digest, str(origin))
    else:
        key = Key.read(Path(request.key)) if request.key else None
        verdict = verify(source, origin, require, key)
        digest = verdict.digest
        release = promoted(verdict.image_id or digest, str(origin), verdict.passed)
    facts = parts.facts(request.folder, None, os.environ, clients.clock.now())
    own = (to.tag or origin.tag or "latest",)
    tags = facts.tags(request.tags or defaults.tags or own, partial(manifests.tags, target))
    wish = Wish(tags, frozenset(tags) if request.immutable else defaults.keeps(tags))
    if request.dry_run:
        _rehearse(request, release, wish, target)
        return Exit.DONE
    receipt, _ = _watch(request, promote(release, wish, source, target, digest))
    _hand_out(request, receipt)
    return Exit.DONE


def _hand_out(request: Request, receipt: Receipt) -> None:
    shown = json.dumps(receipts.as_json(receipt)) + "\n" if request.json else receipts.text(receipt)
    sys.stdout.write(shown)
    sys.stdout.flush()


def _content(request: Request) -> ArchiveContent | EngineContent:
    if request.archive:
        return ArchiveContent(request.archive)
    return EngineContent(partial(connect, request.engine, os.environ))


def _record(request: Request) -> tuple[Path | None, records.Record | None]:
    if request.unverified:
        if not request.image and not request.archive:
            raise InputError(
                Problem("--unverified without an image", expected="--image REF or --archive FILE")
            )
        return None, None
    path = request.record or records.newest(request.folder)
    if path is None:
        raise InputError(
            Problem(
                f"no run found under {request.folder / records.FOLDER}",
                expected="the record of a run",
                help="`ctr-ci run` makes one; `--record FILE` names one elsewhere; "
                "`--image REF --unverified` pushes what no run has tested",
            )
        )
    return path, records.read(path)


def _attesting(release: Release, repository: Repository, attest: str, key: Signer | None) -> Attest:
    if attest in ("", "none"):
        return lambda _: ()
    who = parts.builder(os.environ)

    def made(manifest: Digest) -> tuple[Document, ...]:
        found = documents(release, repository, manifest, who)
        return tuple(key.sign(one) for one in found) if key else found

    return made


def _rehearse(request: Request, release: Release, wish: Wish, registry: Registry) -> None:
    """`--dry-run`: the right to push is proven by an upload begun and cancelled; nothing is written."""
    blobs.probe(registry)
    there = {tag: manifests.digest_of(registry, tag) for tag in wish.tags}
    for tag, digest in there.items():
        if digest and tag in wish.keep:
            raise Refused(
                Problem(f"tag {tag} of {registry.repository} exists, at {digest}, and may not move")
            )
    if request.json:
        made = {"dry_run": True, "image_id": str(release.image_id), "repository": str(registry.repository)}
        tags = [
            {"name": t, "previous_digest": str(d) if d else None, "moved": False} for t, d in there.items()
        ]
        sys.stdout.write(json.dumps({**made, "tags": tags}) + "\n")
    else:
        sys.stdout.write(
            f"would publish {release.image_id} to {registry.repository} as {', '.join(wish.tags)}\n"
            f"  evidence  {release.because}\n  access    may push (tried, nothing written)\n"
        )


def _watch(request: Request, pushing: Generator[Event, None, Receipt]) -> tuple[Receipt, tuple[Event, ...]]:
    """Runs the push to its end, saying what happens."""
    events: list[Event] = []
    while True:
        try:
            event = next(pushing)
        except StopIteration as done:
            receipt: Receipt = done.value
            return receipt, tuple(events)
        events.append(event)
        if not request.quiet:
            _tell(event)


def _tell(event: Event) -> None:
    match event:
        case BlobPushed(_, digest, size_bytes, how):
            text = f"{how:9} {digest[7:19]} {size_bytes / 1e6:8.2f} MB"
        case ManifestPushed(_, repository, digest, _):
            text = f"manifest  {repository}@{digest}"
        case TagMoved(_, repository, tag, _, previous):
            text = f"tag       {repository}:{tag}" + (f" (was {previous[:19]})" if previous else "")
        case Noted(_, _, text):
            pass
        case _:
            return
    print(text, file=sys.stderr, flush=True)
