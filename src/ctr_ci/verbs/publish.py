"""`ctr-ci publish`: a run's evidence, or an image by name, to a registry."""

from __future__ import annotations

import json
import os
import random
import sys
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event as Flag

from ctr_ci import record as records
from ctr_ci.engine import Engine, connect
from ctr_ci.events import BlobPushed, Event, ManifestPushed, TagMoved
from ctr_ci.gate import Policy
from ctr_ci.oci import Digest, Reference, Repository, check_tag
from ctr_ci.problem import Exit, InputError, Problem, Refused
from ctr_ci.publish import (
    Memory,
    Receipt,
    Release,
    Surroundings,
    Wish,
    find_credential,
    push,
    releases,
    unverified,
)
from ctr_ci.registry import Access, Clock, Credential, Registry, Transport, Trust, blobs, manifests
from ctr_ci.report import receipt as receipts


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked for. `record` None: the newest run of `folder`; `to` None: the images' own
    names; `keep`: tags that exist may not move."""

    folder: Path
    record: Path | None = None
    image: str = ""
    unverified: bool = False
    to: str = ""
    tags: tuple[str, ...] = ()
    credential: str = ""
    require: tuple[str, ...] = ()
    immutable: bool = False
    annotations: tuple[tuple[str, str], ...] = ()
    dry_run: bool = False
    json: bool = False
    quiet: bool = False
    engine: str | None = None
    token_hosts: tuple[str, ...] = ()
    mounts: tuple[str, ...] = ()
    plain_http: bool = False
    trust: Trust = field(default_factory=Trust)


def publish(request: Request) -> Exit:
    """Pushes every image that was asked for and allowed; the receipts go to standard output."""
    stop = Flag()
    clock = Clock(time.time, time.monotonic, lambda seconds: void(stop.wait(seconds)), random.random)
    engine = _Engine(request.engine)
    transport = Transport(request.trust, os.environ)
    around = Surroundings(os.environ, sys.stdin.read, Path.home())
    credentials: dict[str, Credential] = {}
    try:
        path, record = _record(request)
        chosen = _releases(request, record, engine)
        places = _places(request, chosen)
        for release, place in zip(chosen, places, strict=True):
            host = place.repository.host
            if host not in credentials:
                credentials[host] = find_credential(request.credential, host, around)
            registry = _registry(request, place.repository, credentials[host], transport, clock)
            tags = tuple(check_tag(tag) for tag in request.tags or (place.tag or "latest",))
            wish = Wish(tags, frozenset(tags if request.immutable else ()), request.annotations)
            if request.dry_run:
                _rehearse(request, release, wish, registry)
                continue
            pushing = push(release, wish, registry, engine, Memory(_memory(os.environ)))
            receipt, events = _watch(request, pushing)
            if path and record:
                record = records.fold(events, record)
                records.write(path, record)
            shown = json.dumps(receipts.as_json(receipt)) + "\n" if request.json else receipts.text(receipt)
            sys.stdout.write(shown)
            sys.stdout.flush()
    finally:
        stop.set()
        transport.close()
        engine.close()
    return Exit.DONE


def void(_: object) -> None:
    """Makes a call that answers one that does not."""


class _Engine:
    """The engine, connected to when it is first needed: an unchanged image needs none."""

    def __init__(self, url: str | None) -> None:
        self._url = url
        self._made: Engine | None = None

    def _engine(self) -> Engine:
        self._made = self._made or connect(self._url, os.environ)
        return self._made

    def find(self, reference: str) -> Digest:
        found = self._engine().image(reference)
        if found is None:
            raise InputError(
                Problem(f"no image {reference} in the engine", help="`docker image ls` lists what there is")
            )
        return Digest.parse(found.id)

    def layers(self, image_id: Digest) -> tuple[Digest, ...]:
        found = self._engine().image(str(image_id))
        if found is None:
            raise Refused(
                Problem(
                    f"the tested image is no longer present: {image_id}",
                    help="it was removed from the engine since the run; `ctr-ci run` again",
                )
            )
        return tuple(Digest.parse(layer) for layer in found.layers)

    def export(self, image_id: Digest) -> Iterator[bytes]:
        return self._engine().export(str(image_id))

    def close(self) -> None:
        if self._made:
            self._made.close()


def _record(request: Request) -> tuple[Path | None, records.Record | None]:
    if request.unverified:
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


def _releases(request: Request, record: records.Record | None, engine: _Engine) -> tuple[Release, ...]:
    if record:
        return releases(record, Policy(require=request.require), request.image)
    if not request.image:
        raise InputError(Problem("--unverified without an image", expected="--image REF"))
    return (unverified(engine.find(request.image), request.image),)


def _places(request: Request, chosen: tuple[Release, ...]) -> tuple[Reference, ...]:
    """Where each release goes: `--to` itself for one image, below it for several."""
    if not request.to:
        for release in chosen:
            if release.name.startswith("sha256:") or not release.name:
                raise InputError(Problem("an image without a name", help="say where: `--to HOST/REPOSITORY`"))
        return tuple(Reference.parse(release.name) for release in chosen)
    to = Reference.parse(request.to)
    if "/" not in request.to:
        raise InputError(Problem(f"--to {request.to}", expected="HOST/REPOSITORY"))
    if len({release.image_id for release in chosen}) == 1:
        named = [
            Reference.parse(r.name).tag if ":" in r.name and "sha256:" not in r.name else None for r in chosen
        ]
        return tuple(Reference(to.repository, to.tag or tag) for tag in named)
    below = []
    for release in chosen:
        name = Reference.parse(release.name)
        last = name.repository.name.rpartition("/")[2]
        below.append(Reference(Repository.parse(f"{to.repository}/{last}"), to.tag or name.tag))
    return tuple(below)


def _registry(
    request: Request, repository: Repository, credential: Credential, transport: Transport, clock: Clock
) -> Registry:
    access = Access(
        credential,
        token_hosts=frozenset(request.token_hosts),
        mounts=request.mounts,
        plain=request.plain_http,
        tls=bool(request.trust.ca_file),
    )
    return Registry(
        repository, access, transport, clock, lambda text: _say(f"{repository.host} says: {text}")
    )


def _memory(environment: os._Environ[str]) -> Path | None:
    """Where pushes remember digests: the user's cache folder."""
    cache = environment.get("XDG_CACHE_HOME") or (
        f"{environment['HOME']}/.cache" if environment.get("HOME") else ""
    )
    return Path(cache) / "ctr-ci" / "publish" if cache else None


def _rehearse(request: Request, release: Release, wish: Wish, registry: Registry) -> None:
    """`--dry-run`: the right to push is proven by an upload begun and cancelled; nothing is written."""
    blobs.probe(registry)
    tags = []
    for tag in wish.tags:
        there = manifests.digest_of(registry, tag)
        if there and tag in wish.keep:
            raise Refused(Problem(f"tag {tag} of {registry.repository} exists, at {there}, and may not move"))
        tags.append({"name": tag, "previous_digest": str(there) if there else None, "moved": False})
    if request.json:
        made = {"dry_run": True, "image_id": str(release.image_id), "repository": str(registry.repository)}
        sys.stdout.write(json.dumps({**made, "tags": tags}) + "\n")
    else:
        names = ", ".join(wish.tags)
        sys.stdout.write(
            f"would publish {release.image_id} to {registry.repository} as {names}\n"
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
            _say(f"{how:9} {digest[7:19]} {size_bytes / 1e6:8.2f} MB")
        case ManifestPushed(_, repository, digest, _):
            _say(f"manifest  {repository}@{digest}")
        case TagMoved(_, repository, tag, _, previous):
            _say(f"tag       {repository}:{tag}" + (f" (was {previous[:19]})" if previous else ""))


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
