"""What `publish` says while it works, and hands out at the end."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Generator

from ctr_ci.events import BlobPushed, Event, ManifestPushed, Noted, PushProgress, TagMoved
from ctr_ci.problem import Problem, Refused
from ctr_ci.publish import Receipt, Release, Wish
from ctr_ci.registry import Registry, blobs, manifests
from ctr_ci.report import receipt as receipts
from ctr_ci.report.push_live import Bars, Pace
from ctr_ci.verbs.publish_request import Request

Show = Callable[[Event], None]


def watch(request: Request, pushing: Generator[Event, None, Receipt]) -> tuple[Receipt, tuple[Event, ...]]:
    """Runs the push to its end, saying what happens."""
    events: list[Event] = []
    show, end = (_nothing, _over) if request.quiet else _drawn() if _draws(request) else _listed(request)
    try:
        while True:
            try:
                event = next(pushing)
            except StopIteration as done:
                receipt: Receipt = done.value
                return receipt, tuple(events)
            if not isinstance(event, PushProgress):
                events.append(event)
            show(event)
    finally:
        end()


def _draws(request: Request) -> bool:
    """Whether bars are drawn: on a terminal that can, outside of CI, whose logs should read as logs."""
    if request.json or not sys.stderr.isatty() or os.environ.get("TERM", "dumb") == "dumb":
        return False
    from ctr_ci.verbs.run_view import PLAIN  # a push in a log does without

    return not any(os.environ.get(name) for name in PLAIN)


def _nothing(event: Event) -> None:
    """Of `--quiet`."""


def _over() -> None:
    """Nothing is drawn that would have to go."""


def _drawn() -> tuple[Show, Callable[[], None]]:
    bars = Bars()

    def show(event: Event) -> None:
        size = os.get_terminal_size(sys.stderr.fileno())
        _write(bars.read(event, _said(event), size.columns or 80, size.lines or 24))

    return show, lambda: _write(bars.end())


def _listed(request: Request) -> tuple[Show, Callable[[], None]]:
    pace = Pace()

    def show(event: Event) -> None:
        text = _said(event)
        if isinstance(event, PushProgress) and not request.json:
            text = pace.read(event)
        _write(f"{text}\n" if text else "")

    return show, _over


def _write(text: str) -> None:
    if text:
        sys.stderr.write(text)
        sys.stderr.flush()


def _said(event: Event) -> str:
    """The line that an event leaves, "" for none."""
    match event:
        case BlobPushed(_, digest, size_bytes, how):
            return f"{how:9} {digest[7:19]} {size_bytes / 1e6:8.2f} MB"
        case ManifestPushed(_, repository, digest, _):
            return f"manifest  {repository}@{digest}"
        case TagMoved(_, repository, tag, _, previous):
            return f"tag       {repository}:{tag}" + (f" (was {previous[:19]})" if previous else "")
        case Noted(_, _, text):
            return text
        case _:
            return ""


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
