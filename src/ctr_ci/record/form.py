"""The record as JSON and back: versioned, only added to, sealed by a digest of its own content.

The seal is no signature: it tells an edited or damaged record from a whole one, not who wrote it. A
signature is made over what the run found, which pushes do not change.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import TypeVar

from ctr_ci.problem import InputError, Problem
from ctr_ci.record.model import (
    VERSION,
    ArtifactRecord,
    GateRecord,
    ImageRecord,
    NameRecord,
    PushRecord,
    Ran,
    Record,
    StepRecord,
)
from ctr_ci.source import Position, Source, Span

T = TypeVar("T")


def dumps(record: Record) -> bytes:
    """The record's JSON, ended by a newline. Times are seconds since the epoch, UTC."""
    content = _content(record)
    return json.dumps(content | {"digest": seal(content)}, indent=1, ensure_ascii=False).encode() + b"\n"


def finding(record: Record) -> str:
    """The digest of what the run found: of the record's content without what came to it later."""
    return seal(_content(replace(record, pushed=(), signature="")))


def _content(record: Record) -> dict[str, object]:
    return {
        "version": record.version,
        "build_id": record.build_id,
        "status": record.status,
        "started": record.started,
        "finished": record.finished,
        "source": dict(record.source),
        "config": {"path": record.config_path, "digest": record.config_digest},
        "policy": {"path": record.policy_path, "digest": record.policy_digest},
        "substitutions": dict(record.substitutions),
        "steps": [_step_out(step) for step in record.steps],
        "images": [
            {"name": image.name, "image_id": image.image_id, "tested_by": list(image.tested_by)}
            for image in record.images
        ],
        "names": [
            {"name": named.name, "image_id": named.image_id, "since": named.since} for named in record.names
        ],
        "gates": [
            {"name": g.name, "image_id": g.image_id, "verdict": g.verdict, "because": g.because}
            for g in record.gates
        ],
        "pushed": [{"name": push.name, "digest": push.digest} for push in record.pushed],
        "held": list(record.held),
        "allowed": [{"step": step, "rule": rule} for step, rule in record.allowed],
        "artifacts": [
            {"kind": a.kind, "location": a.location, "path": a.path, "size": a.size_bytes}
            for a in record.artifacts
        ],
        "problem": _problem_out(record.problem),
        "signature": record.signature or None,
    }


def seal(content: dict[str, object]) -> str:
    """The digest of a record's content: SHA-256 of its JSON with sorted keys and no spaces."""
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":")).encode()
    return f"sha256:{sha256(canonical).hexdigest()}"


def _step_out(step: StepRecord) -> dict[str, object]:
    return {
        "index": step.index,
        "id": step.id,
        "name": step.name,
        "command": list(step.command),
        "entrypoint": step.entrypoint,
        "image_id": step.image_id,
        "status": step.status,
        "exit_code": step.exit_code,
        "forgiven": step.forgiven,
        "started": step.started,
        "finished": step.finished,
        "built": list(step.built),
        "ran": [
            {
                "image_id": ran.image_id,
                "exit_code": ran.exit_code,
                "started": ran.started,
                "stopped": ran.stopped,
                "program": ran.program,
            }
            for ran in step.ran
        ],
        "output": None if step.output is None else b64encode(step.output).decode(),
    }


def _problem_out(problem: Problem | None) -> dict[str, object] | None:
    if problem is None:
        return None
    span = problem.span
    places = [span.start.line, span.start.column, span.end.line, span.end.column] if span else [None] * 4
    return {
        "kind": problem.kind,
        "message": problem.found,
        "expected": problem.expected or None,
        "help": problem.help or None,
        "path": problem.path or None,
        **dict(zip(("line", "column", "end_line", "end_column"), places, strict=True)),
    }


def loads(source: Source) -> Record:
    """The record in a JSON text. Raises InputError where the text is no record of a known
    version, or was changed after it was written."""
    try:
        content = json.loads(source.text)
    except (ValueError, RecursionError) as error:
        raise _unreadable(source, error) from error
    root = _Reader(source.path, "", content)
    version = root["version"].integer()
    if version != VERSION:
        raise root.wrong(
            f"a record of version {version}", f"version {VERSION}", "use the ctr-ci that wrote it"
        )
    sealed = root["digest"].text()
    if sealed != seal({key: value for key, value in content.items() if key != "digest"}):
        raise root.wrong(
            "the record does not match its own digest",
            "a record as `ctr-ci run` wrote it",
            "it was edited or damaged: run the build again",
        )
    steps = root["steps"].each(_step_in)
    if [step.index for step in steps] != list(range(len(steps))):
        raise root["steps"].wrong("the steps are not in order", "indexes that count from 0")
    policy = root.later("policy", {"path": "", "digest": ""})
    return Record(
        build_id=root["build_id"].text(),
        status=root["status"].text(),
        started=root["started"].number(),
        finished=root["finished"].maybe(_Reader.number),
        source=tuple((key, entry.plain()) for key, entry in root["source"].items()),
        config_path=root["config"]["path"].text(),
        config_digest=root["config"]["digest"].text(),
        policy_path=policy["path"].text(),
        policy_digest=policy["digest"].text(),
        substitutions=tuple((key, entry.text()) for key, entry in root["substitutions"].items()),
        steps=steps,
        images=root["images"].each(
            lambda e: ImageRecord(e["name"].text(), e["image_id"].text(), e["tested_by"].texts())
        ),
        names=root["names"].each(
            lambda e: NameRecord(e["name"].text(), e["image_id"].text(), e["since"].number())
        ),
        gates=root["gates"].each(
            lambda e: GateRecord(
                e["name"].text(), e["image_id"].text(), e["verdict"].text(), e["because"].text()
            )
        ),
        pushed=root["pushed"].each(lambda e: PushRecord(e["name"].text(), e["digest"].text())),
        held=root["held"].texts(),
        allowed=root.later("allowed", []).each(lambda e: (e["step"].integer(), e["rule"].text())),
        artifacts=root.later("artifacts", []).each(
            lambda e: ArtifactRecord(
                e["kind"].text(), e["location"].text(), e["path"].text(), e["size"].integer()
            )
        ),
        problem=root["problem"].maybe(_problem_in),
        signature=root.later("signature", None).maybe(_Reader.text) or "",
        version=version,
    )


def _step_in(entry: _Reader) -> StepRecord:
    return StepRecord(
        index=entry["index"].integer(),
        id=entry["id"].text(),
        name=entry["name"].text(),
        command=entry.later("command", []).texts(),
        entrypoint=entry.later("entrypoint", None).maybe(_Reader.text),
        image_id=entry["image_id"].maybe(_Reader.text),
        status=entry["status"].text(),
        exit_code=entry["exit_code"].maybe(_Reader.integer),
        forgiven=entry["forgiven"].truth(),
        started=entry["started"].maybe(_Reader.number),
        finished=entry["finished"].maybe(_Reader.number),
        built=entry["built"].texts(),
        ran=entry["ran"].each(
            lambda e: Ran(
                e["image_id"].text(),
                e["exit_code"].integer(),
                e["started"].number(),
                e["stopped"].truth(),
                e.later("program", None).maybe(_Reader.text),
            )
        ),
        output=entry["output"].maybe(_Reader.binary),
    )


def _problem_in(entry: _Reader) -> Problem:
    span = None
    if entry["line"].maybe(_Reader.integer) is not None:
        start = Position(entry["line"].integer(), entry["column"].integer())
        span = Span(start, Position(entry["end_line"].integer(), entry["end_column"].integer()))
    return Problem(
        found=entry["message"].text(),
        expected=entry["expected"].maybe(_Reader.text) or "",
        help=entry["help"].maybe(_Reader.text) or "",
        path=entry["path"].maybe(_Reader.text) or "",
        span=span,
        kind=entry["kind"].text(),
    )


@dataclass(frozen=True, slots=True)
class _Reader:
    """A value of the JSON with the way to it, so that a complaint can name the place."""

    path: str
    way: str
    value: object

    def __getitem__(self, key: str) -> _Reader:
        found = self._as(dict, "an object")
        if key not in found:
            raise self.wrong(f"no {self._at(key)!r}", "a record as `ctr-ci run` wrote it")
        return _Reader(self.path, self._at(key), found[key])

    def later(self, key: str, default: object) -> _Reader:
        """A key that was added after the first release: older records do not have it."""
        found = self._as(dict, "an object").get(key, default)
        return _Reader(self.path, self._at(key), found)

    def items(self) -> Iterator[tuple[str, _Reader]]:
        for key, value in self._as(dict, "an object").items():
            yield key, _Reader(self.path, self._at(key), value)

    def each(self, read: Callable[[_Reader], T]) -> tuple[T, ...]:
        found = self._as(list, "a list")
        return tuple(read(_Reader(self.path, f"{self.way}[{i}]", v)) for i, v in enumerate(found))

    def maybe(self, read: Callable[[_Reader], T]) -> T | None:
        return None if self.value is None else read(self)

    def text(self) -> str:
        return self._as(str, "a text")

    def texts(self) -> tuple[str, ...]:
        return self.each(_Reader.text)

    def truth(self) -> bool:
        return self._as(bool, "true or false")

    def integer(self) -> int:
        if isinstance(self.value, bool):
            raise self.wrong(f"{self.way} is {self.value!r}", "a whole number")
        return self._as(int, "a whole number")

    def number(self) -> float:
        if isinstance(self.value, int | float) and not isinstance(self.value, bool):
            return self.value
        raise self.wrong(f"{self.way} is {self.value!r}", "a number")

    def binary(self) -> bytes:
        try:
            return b64decode(self.text(), validate=True)
        except ValueError as error:
            raise self.wrong(f"{self.way} is not base64", "base64") from error

    def plain(self) -> str | bool | None:
        if self.value is None or isinstance(self.value, str | bool):
            return self.value
        raise self.wrong(f"{self.way} is {self.value!r}", "a text, true, false or null")

    def wrong(self, found: str, expected: str, help: str = "") -> InputError:
        return InputError(Problem(found, expected, help, path=self.path))

    def _as(self, kind: type[T], named: str) -> T:
        if isinstance(self.value, kind):
            return self.value
        shown = json.dumps(self.value)[:40]
        raise self.wrong(f"{self.way or 'the file'} is {shown}", named)

    def _at(self, key: str) -> str:
        return f"{self.way}.{key}" if self.way else key


def _unreadable(source: Source, error: ValueError | RecursionError) -> InputError:
    at = source.position(error.pos) if isinstance(error, json.JSONDecodeError) else None
    return InputError(
        Problem(
            f"no JSON: {error.msg if isinstance(error, json.JSONDecodeError) else error}",
            "a record as `ctr-ci run` wrote it",
            path=source.path,
            span=Span(at, at) if at else None,
        )
    )
