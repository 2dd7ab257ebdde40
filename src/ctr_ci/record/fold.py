"""Events become a record. Pure; one event at a time or a whole stream, with the same result."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ctr_ci.events import (
    ArtifactKept,
    BuildFinished,
    BuildStarted,
    Event,
    GateDecided,
    ImageBuilt,
    ImageFound,
    ImageRan,
    ImageTagged,
    ManifestPushed,
    PushHeld,
    StepAllowed,
    StepFinished,
    StepStarted,
    TagMoved,
)
from ctr_ci.record.model import (
    ArtifactRecord,
    GateRecord,
    ImageRecord,
    NameRecord,
    PushRecord,
    Ran,
    Record,
    StepRecord,
)


def fold(events: Iterable[Event], record: Record | None = None) -> Record:
    """The record of a stream of events, or `record` with more events come to it.

    Raises ValueError where the stream does not begin with BuildStarted: that is a bug of ours.
    """
    for event in events:
        record = _after(record, event)
    if record is None:
        raise ValueError("no events")
    return record


def _after(record: Record | None, event: Event) -> Record:
    match event:
        case BuildStarted():
            return _begin(event)
        case _ if record is None:
            raise ValueError(f"{type(event).__name__} before BuildStarted")
        case StepAllowed(_, step, rule):
            return replace(record, allowed=(*record.allowed, (step, rule)))
        case StepStarted(at, step, image_id):
            return _step(record, step, status="WORKING", image_id=image_id, started=at)
        case StepFinished(at, step, status, exit_code, forgiven, output):
            return _step(
                record,
                step,
                status=status,
                exit_code=exit_code,
                forgiven=forgiven,
                output=output,
                finished=at,
            )
        case ImageBuilt(at, step, image_id, names):
            built = record.steps[step].built
            if image_id not in built:
                record = _step(record, step, built=(*built, image_id))
            return _named(record, at, image_id, names)
        case ImageTagged(at, _, image_id, name):
            return _named(record, at, image_id, (name,))
        case ImageRan(_, step, image_id, exit_code, started, stopped, program):
            ran = Ran(image_id, exit_code, started, stopped, program)
            return _step(record, step, ran=(*record.steps[step].ran, ran))
        case PushHeld(name=name):
            return replace(record, held=tuple(dict.fromkeys((*record.held, name))))
        case ImageFound(at, name, image_id):
            others = tuple(image for image in record.images if image.name != name)
            return replace(record, images=(*others, ImageRecord(name, image_id, ())))
        case ArtifactKept(_, kind, location, path, size_bytes):
            return replace(
                record, artifacts=(*record.artifacts, ArtifactRecord(kind, location, path, size_bytes))
            )
        case GateDecided(_, name, image_id, verdict, because, steps):
            gates = (*record.gates, GateRecord(name, image_id, verdict, because))
            if verdict == "passed":
                record = _tested(record, image_id, steps or (name,))
            return replace(record, gates=gates)
        case ManifestPushed(_, repository, digest, _):
            return _pushed(record, repository, digest)
        case TagMoved(_, repository, tag, digest, _):
            return _pushed(record, f"{repository}:{tag}", digest)
        case BuildFinished(at, status, problem):
            return replace(record, status=status, finished=at, problem=problem)
        case _:
            return record


def _begin(event: BuildStarted) -> Record:
    commands = event.commands or ((),) * len(event.steps)
    entrypoints = event.entrypoints or (None,) * len(event.steps)
    steps = tuple(
        StepRecord(index, id, name, None, "QUEUED", None, False, None, None, (), (), None, command, entry)
        for (index, id, name), command, entry in zip(event.steps, commands, entrypoints, strict=True)
    )
    return Record(
        build_id=event.build_id,
        status="UNFINISHED",
        started=event.at,
        finished=None,
        source=event.source,
        config_path=event.config_path,
        config_digest=event.config_digest,
        substitutions=event.substitutions,
        steps=steps,
        images=(),
        policy_path=event.policy_path,
        policy_digest=event.policy_digest,
    )


def _step(record: Record, index: int, **changes: object) -> Record:
    steps = list(record.steps)
    steps[index] = replace(steps[index], **changes)  # type: ignore[arg-type]
    return replace(record, steps=tuple(steps))


def _named(record: Record, at: float, image_id: str, names: Iterable[str]) -> Record:
    """A name points at one image: the latest one that got it."""
    held = {named.name: named for named in record.names}
    for name in names:
        if name not in held or held[name].image_id != image_id:
            held[name] = NameRecord(name, image_id, at)
    return replace(record, names=tuple(held.values()))


def _tested(record: Record, image_id: str, by: tuple[str, ...]) -> Record:
    images = tuple(
        replace(image, tested_by=tuple(dict.fromkeys((*image.tested_by, *by))))
        if image.image_id == image_id
        else image
        for image in record.images
    )
    return replace(record, images=images)


def _pushed(record: Record, name: str, digest: str) -> Record:
    others = tuple(push for push in record.pushed if push.name != name)
    return replace(record, pushed=(*others, PushRecord(name, digest)))
