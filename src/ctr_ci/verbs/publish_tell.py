"""What `publish` says while it works, and hands out at the end."""

from __future__ import annotations

import json
import sys
from collections.abc import Generator

from ctr_ci.events import BlobPushed, Event, ManifestPushed, Noted, TagMoved
from ctr_ci.problem import Problem, Refused
from ctr_ci.publish import Receipt, Release, Wish
from ctr_ci.registry import Registry, blobs, manifests
from ctr_ci.report import receipt as receipts
from ctr_ci.verbs.publish_request import Request


def watch(request: Request, pushing: Generator[Event, None, Receipt]) -> tuple[Receipt, tuple[Event, ...]]:
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


def hand_out(request: Request, receipt: Receipt) -> None:
    shown = json.dumps(receipts.as_json(receipt)) + "\n" if request.json else receipts.text(receipt)
    sys.stdout.write(shown)
    sys.stdout.flush()


def rehearse(request: Request, release: Release, wish: Wish, registry: Registry) -> None:
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
            f"would publish {release.image_id} to {registry.repository} as {', '.join(wish.tags)}"
            f"{', each only where it points at something older' if wish.only_if_newer else ''}\n"
            f"  evidence  {release.because}\n  access    may push (tried, nothing written)\n"
        )
