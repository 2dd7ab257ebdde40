"""Pushes from Python with parts at hand: a shelf of images, a client, a quick clock."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.request import Request as Ask
from urllib.request import urlopen

from ctr_ci.events import Event
from ctr_ci.gate import Policy
from ctr_ci.oci import Digest, Repository
from ctr_ci.problem import Problem, Refused
from ctr_ci.publish import (
    GZIP,
    Builder,
    Document,
    Memory,
    Receipt,
    Release,
    Seal,
    Wish,
    documents,
    push,
    releases,
    unverified,
)
from ctr_ci.publish.pack import Packing
from ctr_ci.record import ImageRecord, NameRecord, Ran, Record, StepRecord
from ctr_ci.registry import Access, Clock, Password, Registry, Transport, Tries
from ctr_ci.secret import Secret
from testbed import registry as registries
from testbed.saved import Saved, Shelf, pieces

QUICK = Tries(most=5, first_s=0.01)
ACCEPT = ", ".join(
    f"application/vnd.{kind}+json"
    for kind in (
        "oci.image.manifest.v1",
        "oci.image.index.v1",
        "docker.distribution.manifest.v2",
        "docker.distribution.manifest.list.v2",
    )
)


class Content:
    """The publisher's `Content`, from a shelf."""

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf

    def layers(self, image_id: Digest) -> tuple[Digest, ...]:
        found = self.shelf.saved.get(str(image_id))
        if found is None:
            raise Refused(Problem(f"the tested image is no longer present: {image_id}"))
        return tuple(map(Digest.parse, found.diff_ids))

    def export(self, image_id: Digest) -> Iterator[bytes]:
        self.shelf.exports += 1
        return pieces(self.shelf.cut(self.shelf.saved[str(image_id)].archive()), self.shelf.size)


def clock(slept: list[float] | None = None) -> Clock:
    """The real time, but nobody sleeps: waits are noted in `slept`."""
    noted = [] if slept is None else slept
    return Clock(time.time, time.monotonic, noted.append, lambda: 0.5)


@dataclass(slots=True)
class Push:
    """One push after another to one repository of `host`; `events` are the last one's."""

    host: str
    user: str = ""
    password: str = ""
    name: str = "team/app"
    shelf: Shelf = field(default_factory=Shelf)
    memory: Path | None = None
    mounts: tuple[str, ...] = ()
    annotations: tuple[tuple[str, str], ...] = ()
    keep: frozenset[str] = frozenset()
    harmless: frozenset[str] = frozenset()
    packing: Packing = GZIP
    slept: list[float] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    only_if_newer: bool = False
    meanwhile: Callable[[Event], None] = lambda _: None
    stock: bool = True  # puts what it is to push on the shelf

    @contextmanager
    def registry(self) -> Iterator[Registry]:
        """A client of its own, whose connections are closed at the end."""
        access = Access(mounts=self.mounts)
        if self.user:
            access = Access(Password(self.user, Secret(self.password)), mounts=self.mounts)
        transport = Transport()
        try:
            yield Registry(
                Repository(self.host, self.name),
                access,
                transport,
                clock(self.slept),
                self.said.append,
                QUICK,
            )
        finally:
            transport.close()

    def __call__(self, saved: Saved, *tags: str) -> Receipt:
        if self.stock:
            self.shelf.saved.setdefault(saved.image_id, saved)
        self.events.clear()
        release = unverified(Digest.parse(saved.image_id), "")
        wish = Wish(tags, self.keep, self.annotations, self.harmless, self.packing)
        wish = replace(wish, only_if_newer=self.only_if_newer)
        with self.registry() as registry:
            pushing = push(release, wish, registry, Content(self.shelf), Memory(self.memory))
            while True:
                try:
                    event = next(pushing)
                except StopIteration as done:
                    receipt: Receipt = done.value
                    return receipt
                self.events.append(event)
                self.meanwhile(event)


def to(registry: registries.Registry, memory: Path | None = None, name: str = "team/app") -> Push:
    """A push with the registry's own user and password."""
    login = (registry.user, registry.password) if "auth:" in config(registry) else ("", "")
    return Push(registry.host, *login, name=name, memory=memory)


def config(registry: registries.Registry) -> str:
    return (registry.folder / "config.yml").read_text()


def stored(host: str, name: str, selector: str) -> dict[str, object]:
    """The manifest as an open registry serves it."""
    with urlopen(Ask(f"http://{host}/v2/{name}/manifests/{selector}", headers={"Accept": ACCEPT})) as answer:
        found: dict[str, object] = json.load(answer)
        return found


def blob(host: str, name: str, digest: str) -> bytes:
    with urlopen(f"http://{host}/v2/{name}/blobs/{digest}") as answer:
        content: bytes = answer.read()
        return content


def tags(host: str, name: str) -> list[str]:
    """The tags of a repository of an open registry, [] where there is none."""
    try:
        with urlopen(f"http://{host}/v2/{name}/tags/list") as answer:
            return sorted(json.load(answer)["tags"] or [])
    except OSError:
        return []


def ctr_ci(
    *arguments: str, folder: Path, stdin: str = "", **environment: str
) -> subprocess.CompletedProcess[str]:
    """Runs the command with a home of its own and nothing else of our environment."""
    home = folder / "home"
    home.mkdir(exist_ok=True)
    return subprocess.run(
        [sys.executable, "-m", "ctr_ci", *arguments],
        cwd=folder,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=120,
        env={"PATH": os.environ["PATH"], "HOME": str(home), **environment},
    )


def record_of(image_id: str, name: str = "gcr.io/p/app") -> Record:
    """A run whose step tested this image, by this name."""
    step = StepRecord(
        0,
        "smoke",
        name,
        image_id,
        "SUCCESS",
        0,
        False,
        20.0,
        21.0,
        (),
        (Ran(image_id, 0, 20.0),),
        None,
    )
    return Record(
        build_id="b-1",
        status="SUCCESS",
        started=1_764_036_000.0,
        finished=1_764_036_030.0,
        source=(("kind", "folder"), ("commit", "c" * 40), ("dirty", False)),
        config_path="cloudbuild.yaml",
        config_digest=f"sha256:{'a' * 64}",
        substitutions=(("_MODE", "fast"),),
        steps=(step,),
        images=(ImageRecord(name, image_id, ()),),
        names=(NameRecord(name, image_id, 11.0),),
    )


def publish(push_: Push, saved: Saved, *tags_: str, signer: Seal | None = None) -> tuple[Release, Digest]:
    """Pushes a tested image with its evidence."""
    push_.shelf.saved[saved.image_id] = saved
    (release,) = releases(record_of(saved.image_id), Policy())
    place = Repository(push_.host, push_.name)

    def attest(digest: Digest) -> tuple[Document, ...]:
        return documents(release, place, digest, Builder("urn:test"), signer)

    with push_.registry() as registry:
        pushing = push(release, Wish(tags_, attest=attest), registry, Content(push_.shelf), Memory(None))
        while True:
            try:
                push_.events.append(next(pushing))
            except StopIteration as done:
                return release, done.value.digest
