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
from ctr_ci.publish.sign import BUNDLE, Verifier, statement_of
from ctr_ci.registry import Registry, RegistryError, blobs, manifests, referrers

LARGEST = 16 << 20  # bytes: what a statement may take


@dataclass(frozen=True, slots=True)
class Finding:
    """One attestation: its manifest, what it proves, which trusted key or identity signed it ("" for
    none), and what is wrong with it ("" for nothing)."""

    digest: Digest
    evidence: Evidence | None
    signer: str
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Verified:
    """The verdict on one image: `passed` names the tests that count."""

    reference: Reference
    digest: Digest
    image_id: Digest | None
    findings: tuple[Finding, ...]
    passed: tuple[str, ...]
    signers: tuple[str, ...]


def verify(
    registry: Registry, reference: Reference, require: tuple[str, ...] = (), trust: Verifier | None = None
) -> Verified:
    """The verdict. Raises Refused, naming what is missing, where evidence does not suffice; with
    `trust` only what that signed counts."""
    return _verdict(registry, reference, require, trust, {})


def _verdict(
    registry: Registry,
    reference: Reference,
    require: tuple[str, ...],
    trust: Verifier | None,
    known: dict[Digest, Verified],
) -> Verified:
    """`known` are the verdicts on what indexes list: what is listed again is not asked for again."""
    if reference.digest in known:
        return known[reference.digest]
    found = manifests.get(registry, reference.selector)
    if found is None:
        raise InputError(Problem(f"no image {reference}", help="is the tag or digest right?"))
    if isinstance(found, Index) and found.manifests and not referrers.referrers(registry, found.digest):
        return _each(registry, reference, found, require, trust, known)
    image_id = found.config.digest if isinstance(found, Manifest) else None
    entries = referrers.referrers(registry, found.digest)
    findings = tuple(_look(registry, entry, found, trust) for entry in entries if _is_ours(entry))
    good = [f for f in findings if not f.fault and f.evidence and (f.signer or trust is None)]
    passed = tuple(dict.fromkeys(test for f in good if f.evidence for test in f.evidence.passed))
    signers = tuple(dict.fromkeys(f.signer for f in good)) if all(f.signer for f in good) else ()
    verdict = Verified(reference, found.digest, image_id, findings, passed, signers)
    _judge(verdict, good, require, trust)
    return known.setdefault(verdict.digest, verdict)


def _each(
    registry: Registry,
    reference: Reference,
    index: Index,
    require: tuple[str, ...],
    trust: Verifier | None,
    known: dict[Digest, Verified],
) -> Verified:
    """An index without evidence of its own is as good as the images that it lists: all of them."""
    found = [
        _verdict(registry, Reference(reference.repository, digest=digest), require, trust, known)
        for digest in dict.fromkeys(entry.digest for entry in index.manifests)
    ]
    passed = tuple(test for test in found[0].passed if all(test in each.passed for each in found))
    findings = tuple(dict.fromkeys(finding for each in found for finding in each.findings))
    signers = tuple(dict.fromkeys(signer for each in found for signer in each.signers))
    signers = signers if all(each.signers for each in found) else ()
    verdict = Verified(reference, index.digest, None, findings, passed, signers)
    return known.setdefault(verdict.digest, verdict)


def _judge(verdict: Verified, good: list[Finding], require: tuple[str, ...], trust: Verifier | None) -> None:
    name = f"{verdict.reference.repository}@{verdict.digest}"
    faults = [f for f in verdict.findings if f.fault]
    if not good:
        said = f": {faults[0].fault}" if faults else ""
        what = "evidence with a trusted signature" if trust else "test evidence"
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


def _look(registry: Registry, entry: Descriptor, image: Manifest | Index, trust: Verifier | None) -> Finding:
    try:
        made = manifests.get(registry, str(entry.digest))
        if not isinstance(made, Manifest) or len(made.layers) != 1:
            raise InputError(Problem("an attestation of another form"))
        if made.subject is None or made.subject.digest != image.digest:
            raise InputError(Problem("an attestation that refers to another image"))
        if made.layers[0].size > LARGEST:
            raise InputError(Problem(f"a statement of {made.layers[0].size} bytes"))
        raw = blobs.read(registry, made.layers[0].digest, made.layers[0].size)
        statement, signer = _opened(raw, made.artifact_type == BUNDLE, trust)
        evidence = read_evidence(statement)
        if evidence and image.digest not in evidence.subjects:
            raise InputError(Problem("a statement about another image"))
        config = image.config.digest if isinstance(image, Manifest) else None
        if evidence and config and config not in evidence.images:
            raise InputError(Problem("a statement about tests of another image ID"))
    except (InputError, RegistryError) as error:
        if isinstance(error, RegistryError) and error.code != "DIGEST_INVALID":
            raise
        return Finding(entry.digest, None, "", error.problems[0].found)
    return Finding(entry.digest, evidence, signer)


def _opened(raw: bytes, is_bundle: bool, trust: Verifier | None) -> tuple[bytes, str]:
    """A statement, and whose trusted signature it has ("" for none that was looked for)."""
    if not is_bundle:
        return raw, ""
    return trust.opens(raw) if trust else (statement_of(raw), "")
