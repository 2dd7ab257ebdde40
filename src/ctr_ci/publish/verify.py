"""Does a pushed image carry evidence that it was tested? For whoever deploys it.

Reads a digest's referrers, takes those whose subject is that very digest, and holds them against the
image: the image ID that was tested must be the config of the manifest. Without a key, evidence is as
trustworthy as whoever may push to the repository, and the answer says so.
"""

from __future__ import annotations

from dataclasses import dataclass

from ctr_ci.oci import Descriptor, Digest, Index, Manifest, Reference
from ctr_ci.problem import InputError, Problem, Refused
from ctr_ci.publish.attest import IN_TOTO, Evidence, read_evidence
from ctr_ci.publish.sign import BUNDLE, Key, opened
from ctr_ci.registry import Registry, RegistryError, blobs, manifests, referrers

LARGEST = 16 << 20  # bytes: what a statement may take


@dataclass(frozen=True, slots=True)
class Finding:
    """One attestation: its manifest, what it proves, whether a trusted key signed it, and what is
    wrong with it ("" for nothing)."""

    digest: Digest
    evidence: Evidence | None
    signed: bool
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Verified:
    """The verdict on one image: `passed` names the tests that count."""

    reference: Reference
    digest: Digest
    image_id: Digest | None
    findings: tuple[Finding, ...]
    passed: tuple[str, ...]
    signed: bool


def verify(
    registry: Registry, reference: Reference, require: tuple[str, ...] = (), key: Key | None = None
) -> Verified:
    """The verdict. Raises Refused, naming what is missing, where evidence does not suffice; with a
    `key` only what it signed counts."""
    found = manifests.get(registry, reference.selector)
    if found is None:
        raise InputError(Problem(f"no image {reference}", help="is the tag or digest right?"))
    if isinstance(found, Index) and found.manifests and not referrers.referrers(registry, found.digest):
        return _each(registry, reference, found, require, key)
    image_id = found.config.digest if isinstance(found, Manifest) else None
    entries = referrers.referrers(registry, found.digest)
    findings = tuple(_look(registry, entry, found, key) for entry in entries if _is_ours(entry))
    good = [f for f in findings if not f.fault and f.evidence and (f.signed or key is None)]
    passed = tuple(dict.fromkeys(test for f in good if f.evidence for test in f.evidence.passed))
    verdict = Verified(
        reference, found.digest, image_id, findings, passed, bool(good) and all(f.signed for f in good)
    )
    _judge(verdict, good, require, key)
    return verdict


def _each(
    registry: Registry, reference: Reference, index: Index, require: tuple[str, ...], key: Key | None
) -> Verified:
    """An index without evidence of its own is as good as the images that it lists: all of them."""
    found = [
        verify(registry, Reference(reference.repository, digest=entry.digest), require, key)
        for entry in index.manifests
    ]
    passed = tuple(test for test in found[0].passed if all(test in each.passed for each in found))
    findings = tuple(finding for each in found for finding in each.findings)
    return Verified(reference, index.digest, None, findings, passed, all(each.signed for each in found))


def _judge(verdict: Verified, good: list[Finding], require: tuple[str, ...], key: Key | None) -> None:
    name = f"{verdict.reference.repository}@{verdict.digest}"
    faults = [f for f in verdict.findings if f.fault]
    if not good:
        said = f": {faults[0].fault}" if faults else ""
        what = "evidence signed by the key" if key else "test evidence"
        raise Refused(
            Problem(
                f"{name} carries no {what}{said}",
                help="`ctr-ci publish --attest evidence` attaches it" if not faults else "do not deploy it",
            )
        )
    failed = next((f for f in good if f.evidence and f.evidence.result != "PASSED"), None)
    if failed and failed.evidence:
        raise Refused(Problem(f"{name}: the evidence says {failed.evidence.result}"))
    missing = [
        one for one in require if not any(one == test or f'"{one}"' in test for test in verdict.passed)
    ]
    if missing:
        raise Refused(
            Problem(
                f"{name} has not passed {', '.join(missing)}",
                expected=f"evidence of it; there is: {', '.join(verdict.passed) or 'nothing'}",
            )
        )


def _is_ours(entry: Descriptor) -> bool:
    return entry.artifact_type in (IN_TOTO, BUNDLE)


def _look(registry: Registry, entry: Descriptor, image: Manifest | Index, key: Key | None) -> Finding:
    try:
        made = manifests.get(registry, str(entry.digest))
        if not isinstance(made, Manifest) or len(made.layers) != 1:
            raise InputError(Problem("an attestation of another form"))
        if made.subject is None or made.subject.digest != image.digest:
            raise InputError(Problem("an attestation that refers to another image"))
        if made.layers[0].size > LARGEST:
            raise InputError(Problem(f"a statement of {made.layers[0].size} bytes"))
        raw = blobs.read(registry, made.layers[0].digest, made.layers[0].size)
        statement, signed = opened(raw, key) if made.artifact_type == BUNDLE else (raw, False)
        evidence = read_evidence(statement)
        if evidence and image.digest not in evidence.subjects:
            raise InputError(Problem("a statement about another image"))
        config = image.config.digest if isinstance(image, Manifest) else None
        if evidence and config and config not in evidence.images:
            raise InputError(Problem("a statement about tests of another image ID"))
    except (InputError, RegistryError) as error:
        if isinstance(error, RegistryError) and error.code != "DIGEST_INVALID":
            raise
        return Finding(entry.digest, None, False, error.problems[0].found)
    return Finding(entry.digest, evidence, signed)
