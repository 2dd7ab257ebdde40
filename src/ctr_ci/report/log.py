"""A build's events as the log that Cloud Build's users know.

Steps' output is for standard output, with the field's prefixes; all that is ours for standard error.
A build of one step has neither prefixes nor Starting and Finished lines, as at Google's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Literal

from ctr_ci.events import (
    ArtifactKept,
    BuildFinished,
    BuildStarted,
    Event,
    GateDecided,
    ImageBuilt,
    ImageFound,
    ImagePulling,
    ImageRan,
    ImageTagged,
    Noted,
    PushHeld,
    StepAllowed,
    StepFinished,
    StepOutput,
    StepStarted,
)
from ctr_ci.tail import Tail

TAIL = 4096  # bytes of a step's output that are kept for the end
LAST = 12  # lines of them that are shown

Stream = Literal["stdout", "stderr"]
Piece = tuple[Stream, bytes]


class Log:
    """Reads events one by one; each gives the pieces to write, whole lines in order."""

    def __init__(self) -> None:
        self._labels: dict[int, str] = {}
        self._names: dict[int, str] = {}
        self._begun: set[int] = set()
        self._tails: defaultdict[int, Tail] = defaultdict(lambda: Tail(TAIL))
        self._failed: int | None = None

    def read(self, event: Event) -> Iterator[Piece]:
        match event:
            case StepOutput(step=step, data=data):
                self._tails[step].feed(data)
                yield "stdout", self._prefixed(step, data)
            case BuildStarted(build_id=build_id, steps=steps):
                self._labels = {i: f'Step #{i} - "{id}"' if id else f"Step #{i}" for i, id, _ in steps}
                self._names = {i: name for i, _, name in steps}
                yield _ours(f'starting build "{build_id}"')
            case StepAllowed(step=step, rule=rule):
                yield self._of(step, f"warning: ctr-ci.yaml allows its containers {rule}")
            case ImagePulling(step=step, name=name):
                yield from self._begin(step)
                yield self._of(step, f"Pulling image: {name}")
            case StepStarted(step=step):
                if step not in self._begun:
                    yield from self._begin(step)
                    yield self._of(step, f"Already have image: {self._names[step]}")
            case StepFinished():
                yield from self._finish(event)
            case Noted(level=level, text=text, step=step):
                said = f"{level}: {text}" if level != "info" else text
                yield _ours(said) if step is None else self._of(step, said)
            case ImageBuilt(step=step, image_id=image_id, names=names):
                yield self._of(step, f"built {short(image_id)} {' '.join(names)}".rstrip())
            case ImageTagged(step=step, image_id=image_id, name=name):
                yield self._of(step, f"{name} is now {short(image_id)}")
            case ImageRan(step=step, image_id=image_id, exit_code=code, stopped=stopped, program=program):
                how = "was stopped" if stopped else f"exited with {code}"
                what = f"{program} in {short(image_id)}" if program else short(image_id)
                yield self._of(step, f"ran {what}, which {how}")
            case PushHeld(step=step, name=name):
                yield self._of(step, f"held: not pushed: {name}")
            case ImageFound(name=name, image_id=image_id):
                yield _ours(f"image {name} is {short(image_id)}")
            case ArtifactKept(path=path, location=location):
                yield _ours(f"kept {path} (at Google: {location})")
            case GateDecided(name=name, image_id=image_id, verdict=verdict, because=because):
                yield _ours(f"gate {name}: {verdict} for {short(image_id)}: {because}")
            case BuildFinished(status=status, problem=problem):
                yield _ours("DONE" if status == "SUCCESS" else status if status != "FAILURE" else "ERROR")
                if problem is not None:
                    yield from self._last_lines()
                    yield _ours(f"ERROR: {problem.found}")
                    yield from (_ours(f"help: {line}") for line in problem.help.splitlines())
            case _:
                pass

    @property
    def _alone(self) -> bool:
        return len(self._labels) == 1

    def _prefixed(self, step: int, data: bytes) -> bytes:
        if self._alone:
            return data
        prefix = f"{self._labels[step]}: ".encode()
        whole = data if data.endswith(b"\n") else data + b"\n"
        return prefix + whole[:-1].replace(b"\n", b"\n" + prefix) + b"\n"

    def _begin(self, step: int) -> Iterator[Piece]:
        self._begun.add(step)
        if not self._alone:
            yield _ours(f"Starting {self._labels[step]}")

    def _finish(self, event: StepFinished) -> Iterator[Piece]:
        label = self._labels[event.step]
        if event.step not in self._begun:
            if event.status == "SKIPPED":
                yield _ours(f"Skipped {label}")
            return
        if event.status in ("FAILURE", "TIMEOUT") and not event.forgiven and self._failed is None:
            self._failed = event.step
        if event.status != "SUCCESS":
            code = "" if event.exit_code is None else f" (exit code {event.exit_code})"
            forgiven = ", forgiven" if event.forgiven else ""
            yield self._of(event.step, f"{event.status}{code}{forgiven}")
        if not self._alone:
            yield _ours(f"Finished {label}")

    def _last_lines(self) -> Iterator[Piece]:
        """The end of the failed step's output, which parallel steps may have buried."""
        if self._alone or self._failed is None or self._failed not in self._tails:
            return
        yield _ours(f"last lines of {self._labels[self._failed]}:")
        for line in self._tails[self._failed].lines(LAST):
            yield _ours(f"    {line}")

    def _of(self, step: int, text: str) -> Piece:
        return _ours(text if self._alone else f"{self._labels[step]}: {text}")


def short(image_id: str) -> str:
    """An image ID as the docker CLI shows it: twelve digits."""
    return image_id.removeprefix("sha256:")[:12]


def _ours(text: str) -> Piece:
    return "stderr", f"{text}\n".encode("utf-8", "surrogateescape")
