"""Evidence as documents that travel with the image: in-toto statements about a manifest digest.

Pure. One test result (in-toto `test-result/v0.1`: what passed, on which image ID, by which config)
and one provenance (SLSA v1: what was built from what). The subject is the pushed manifest; what a
reader must compare by hand otherwise, image ID and config digest, stands in `configuration`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from ctr_ci.oci import Descriptor, Digest, Manifest, Object, Repository, image_manifest, media
from ctr_ci.problem import InputError, Problem
from ctr_ci.publish.release import Release
from ctr_ci.record import Record, StepRecord

STATEMENT = "https://in-toto.io/Statement/v1"
TEST_RESULT = "https://in-toto.io/attestation/test-result/v0.1"
PROVENANCE = "https://slsa.dev/provenance/v1"
BUILD_TYPE = "urn:ctr-ci:cloudbuild:v1"  # its parameters: `_provenance`
IN_TOTO = "application/vnd.in-toto+json"
DSSE = "application/vnd.dsse.envelope.v1+json"
PREDICATE_NOTE = "in-toto.io/predicate-type"
EMPTY = b"{}"


class Seal(Protocol):
    """Signs statements: a key, or an identity."""

    def sign(self, statement: bytes) -> bytes:
        """The statement in a signed bundle."""

    def has_signed(self, statement: bytes, bundle: bytes) -> bool:
        """Whether the bundle holds the statement, signed as we would (a signature differs each time)."""


@dataclass(frozen=True, slots=True)
class Document:
    """What is attached to a manifest: the statement's exact bytes, what they state, and who signs them
    (None: nobody) once it is known that they are not attached already."""

    content: bytes
    predicate: str
    seal: Seal | None = None


@dataclass(frozen=True, slots=True)
class Builder:
    """Who ran the build: `id` names the platform (a workflow's URL, or this machine), `run` its run."""

    id: str = "urn:ctr-ci:local"
    run: str = ""


def documents(
    release: Release, repository: Repository, manifest: Digest, builder: Builder, seal: Seal | None = None
) -> tuple[Document, ...]:
    """The statements about a pushed manifest, for `seal` to sign; () without evidence."""
    record = release.record
    if record is None or not release.verified:
        return ()
    made = ((TEST_RESULT, _test_result(release, record)), (PROVENANCE, _provenance(release, record, builder)))
    return tuple(Document(statement(repository, manifest, kind, said), kind, seal) for kind, said in made)


def artifact(content: bytes, kind: str, predicate: str, subject: Descriptor) -> tuple[Manifest, bytes]:
    """The manifest that carries `content`, of the media type `kind`, and refers to `subject`; and its
    (empty) config."""
    config = Descriptor(media.OCI_EMPTY, Digest.of(EMPTY), len(EMPTY))
    notes = ((PREDICATE_NOTE, predicate),)
    layer = Descriptor(kind, Digest.of(content), len(content), notes)
    return image_manifest(config, (layer,), notes, subject, artifact_type=kind), EMPTY


@dataclass(frozen=True, slots=True)
class Evidence:
    """A test result as it is read back: `subjects` are manifest digests, `passed` names tests,
    `images` the image IDs that were tested."""

    subjects: tuple[Digest, ...]
    result: str
    passed: tuple[str, ...]
    failed: tuple[str, ...]
    images: tuple[Digest, ...]
    config: str
    url: str


def readstatement(raw: bytes) -> tuple[str, Object, tuple[Digest, ...]]:
    """Predicate type, predicate and subjects of a statement. Raises InputError for anything else."""
    found = Object.parse(raw, "the statement")
    if found.text("_type") != STATEMENT:
        raise InputError(Problem(f"a statement of type {found.text('_type')[:80]!r}", expected=STATEMENT))
    subjects = tuple(
        Digest.parse(f"sha256:{dict(one.pairs('digest')).get('sha256', '')}")
        for one in found.children("subject")
    )
    return found.text("predicateType"), found.child("predicate"), subjects


def read_evidence(raw: bytes) -> Evidence | None:
    """The test result of a statement, None for a statement of another kind. Raises InputError."""
    kind, predicate, subjects = readstatement(raw)
    if kind != TEST_RESULT:
        return None
    parts = predicate.children("configuration")
    digests = {part.text("name", ""): dict(part.pairs("digest")) for part in parts}
    image = digests.get("image", {}).get("sha256")
    config = next(
        (part.text("name", "") for part in parts if part.text("name", "") not in ("image", "source")), ""
    )
    return Evidence(
        subjects,
        predicate.text("result"),
        predicate.texts("passedTests"),
        predicate.texts("failedTests"),
        (Digest.parse(f"sha256:{image}"),) if image else (),
        f"{config} sha256:{digests.get(config, {}).get('sha256', '')}".strip(),
        predicate.text("url", ""),
    )


def statement(repository: Repository, manifest: Digest, kind: str, predicate: object) -> bytes:
    """What `predicate`, of the type `kind`, says of a pushed manifest; for the same the same bytes."""
    subject = [{"name": str(repository), "digest": {manifest.algorithm: manifest.hex}}]
    document = {"_type": STATEMENT, "subject": subject, "predicateType": kind, "predicate": predicate}
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()


def _test_result(release: Release, record: Record) -> dict[str, object]:
    return {
        "result": "PASSED",
        "configuration": [
            {
                "name": "image",
                "digest": {"sha256": release.image_id.hex},
                "annotations": {"kind": "image ID"},
            },
            *_config(record),
            *_source(record),
        ],
        "passedTests": list(release.tested_by),
        "failedTests": [],
    }


def _provenance(release: Release, record: Record, builder: Builder) -> dict[str, object]:
    started, finished = _time(record.started), _time(record.finished)
    metadata = {"invocationId": builder.run or record.build_id, "startedOn": started, "finishedOn": finished}
    return {
        "buildDefinition": {
            "buildType": BUILD_TYPE,
            "externalParameters": {
                "config": record.config_path,
                "substitutions": dict(record.substitutions),
                "image": release.name,
            },
            "internalParameters": {
                "buildId": record.build_id,
                "steps": [_step(step) for step in record.steps],
            },
            "resolvedDependencies": [*_config(record), *_source(record)],
        },
        "runDetails": {
            "builder": {"id": builder.id},
            "metadata": {key: value for key, value in metadata.items() if value},
            "byproducts": [{"name": "image", "digest": {"sha256": release.image_id.hex}}],
        },
    }


def _step(step: StepRecord) -> dict[str, object]:
    return {
        "name": step.id or f"#{step.index}",
        "image": step.name,
        "imageId": step.image_id,
        "status": step.status,
        "exitCode": step.exit_code,
    }


def _config(record: Record) -> list[dict[str, object]]:
    if not record.config_digest.startswith("sha256:"):
        return []
    return [{"name": record.config_path, "digest": {"sha256": record.config_digest[7:]}}]


def _source(record: Record) -> list[dict[str, object]]:
    """The commit that was built, where the source was one and nothing was changed beside it."""
    facts = dict(record.source)
    commit = facts.get("commit")
    if not isinstance(commit, str) or not commit:
        return []
    made: dict[str, object] = {"name": "source", "digest": {"gitCommit": commit}}
    if facts.get("dirty"):
        made["annotations"] = {"dirty": "changed beside the commit"}
    return [made]


def _time(at: float | None) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if at else ""
