"""The receipt of a push, for people and for programs. Pure."""

from __future__ import annotations

from ctr_ci.publish import Receipt, Release, Verified
from ctr_ci.source import visible


def as_json(receipt: Receipt) -> dict[str, object]:
    """The contract's form; each blob says by one true key how it came to be there."""
    release = receipt.release
    return {
        "image_id": str(release.image_id),
        "digest": str(receipt.digest),
        "reference": f"{receipt.repository}@{receipt.digest}",
        "size": receipt.size,
        "repository": str(receipt.repository),
        "media_type": receipt.media_type,
        "tags": [
            {
                "name": tag.name,
                "previous_digest": str(tag.previous) if tag.previous else None,
                "moved": tag.moved,
                "kept": bool(tag.kept),
                "because": tag.kept or None,
            }
            for tag in receipt.tags
        ],
        "blobs": [
            {"digest": str(blob.digest), "size": blob.size, "how": blob.how, blob.how: True}
            for blob in receipt.blobs
        ],
        "platforms": [
            {"digest": str(member.digest), "image_id": str(member.release.image_id)}
            for member in receipt.members
        ],
        "attestations": [str(digest) for digest in receipt.attestations],
        "evidence": {
            "verified": release.verified,
            "build_id": release.build_id or None,
            "config_digest": release.config_digest or None,
            "tested_by": list(release.tested_by),
            "because": release.because,
        },
        "seconds": round(receipt.seconds, 3),
    }


def text(receipt: Receipt) -> str:
    """A few lines: the digest to deploy by, who tested the image, what travelled, which tags moved."""
    release = receipt.release
    by = visible(", ".join(release.tested_by))
    evidence = f"tested by {by} (build {release.build_id})" if release.verified else "UNVERIFIED: no test"
    moved = [_tag(receipt, tag.name) for tag in receipt.tags]
    there = len(receipt.blobs) - sum(blob.how == "uploaded" for blob in receipt.blobs)
    lines = [
        f"published {receipt.repository}@{receipt.digest}",
        f"  image     {release.image_id} {f'({release.name})' if release.name else ''}".rstrip(),
        f"  evidence  {evidence}",
        f"  blobs     {len(receipt.blobs)}, {_size(receipt.size)}: {_size(receipt.uploaded)} uploaded"
        + (f", {there} already there" if there else ""),
        *(f"  platform  {member.digest} ({member.release.name})" for member in receipt.members),
        *(f"  tag       {line}" for line in moved),
        *(f"  attested  {digest}" for digest in receipt.attestations),
        f"  took      {receipt.seconds:.1f} s",
    ]
    return "\n".join(lines) + "\n"


def _tag(receipt: Receipt, name: str) -> str:
    tag = next(one for one in receipt.tags if one.name == name)
    if tag.kept:
        return f"{name} (kept at {tag.previous}: {tag.kept})"
    if not tag.moved:
        return f"{name} (unchanged)"
    return f"{name} (moved from {tag.previous})" if tag.previous else f"{name} (new)"


def _size(size_bytes: int) -> str:
    """Megabytes as registries count them, kilobytes below one."""
    return f"{size_bytes / 1e6:.1f} MB" if size_bytes >= 1e6 else f"{size_bytes / 1e3:.1f} kB"


def verdict_json(verdict: Verified) -> dict[str, object]:
    """The verdict of `verify`; `signed` says whether a trusted key vouches for it."""
    return {
        "reference": f"{verdict.reference.repository}@{verdict.digest}",
        "digest": str(verdict.digest),
        "image_id": str(verdict.image_id) if verdict.image_id else None,
        "passed": list(verdict.passed),
        "signed": bool(verdict.signers),
        "signers": list(verdict.signers),
        "attestations": [
            {
                "digest": str(finding.digest),
                "result": finding.evidence.result if finding.evidence else None,
                "config": finding.evidence.config if finding.evidence else None,
                "signer": finding.signer or None,
                "signed": bool(finding.signer),
                "fault": finding.fault or None,
            }
            for finding in verdict.findings
        ],
    }


def verdict_text(verdict: Verified) -> str:
    """What was proven, by what, and how far that can be trusted; what unsigned evidence says of itself
    is anybody's text, and stays on its line."""
    config = next((f.evidence.config for f in verdict.findings if f.evidence and not f.fault), "")
    unsigned = "no signer demanded (--key, --certificate-identity): as good as whoever may push there"
    trust = f"signed by {', '.join(verdict.signers)}" if verdict.signers else unsigned
    lines = [
        f"verified {verdict.reference.repository}@{verdict.digest}",
        f"  image     {verdict.image_id}" if verdict.image_id else "",
        f"  tested by {', '.join(verdict.passed)}",
        f"  config    {config}" if config else "",
        f"  evidence  {trust}",
        *(f"  ignored   {f.digest}: {f.fault}" for f in verdict.findings if f.fault),
    ]
    return "".join(f"{visible(line)}\n" for line in lines if line)


def tested_json(release: Release, path: str, signer: str) -> dict[str, object]:
    """The verdict of `verify --record`: the same keys, and which run it is."""
    return {
        "reference": release.name,
        "digest": None,
        "image_id": str(release.image_id),
        "passed": list(release.tested_by),
        "signed": bool(signer),
        "signers": [signer] if signer else [],
        "attestations": [],
        "record": path,
        "build_id": release.build_id,
    }


def tested_text(release: Release, path: str, signer: str) -> str:
    unsigned = "no signer demanded (--key): as good as whoever could write it"
    lines = [
        f"verified {release.name}",
        f"  image     {release.image_id}",
        f"  tested by {', '.join(release.tested_by)}",
        f"  build     {release.build_id}",
        f"  record    {path}: {f'signed by {signer}' if signer else unsigned}",
    ]
    return "".join(f"{visible(line)}\n" for line in lines)
