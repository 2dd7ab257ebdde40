"""A split and its proof as JSON: versioned, only added to. Sizes in bytes, lines and columns from 1."""

from __future__ import annotations

import json

from ctr_ci.image import Weight
from ctr_ci.split import Fine, Proof, Refusal, Split

VERSION = 1


def split_json(path: str, result: Split | Fine | Refusal, proof: Proof | None, written: str) -> str:
    """`verdict`: "split", "fine" (nothing to do) or "refused"."""
    report: dict[str, object] = {
        "version": VERSION,
        "path": path,
        "verdict": {Split: "split", Fine: "fine", Refusal: "refused"}[type(result)],
        "reason": None,
        "help": None,
        "line": None,
        "column": None,
        "text": None,
        "written": written or None,
        "proof": None,
    }
    if isinstance(result, Split):
        report |= {
            "text": result.text,
            "ecosystem": result.ecosystem or None,
            "runtime": result.runtime,
            "packages": result.packages,
            "artefacts": [
                {"path": one.path, "target": one.place, "owner": one.owner or None, "why": one.why}
                for one in result.artefacts
            ],
            "notes": result.notes,
        }
    else:
        report["reason"] = result.reason
    if isinstance(result, Refusal):
        report["help"] = result.help or None
        if result.span is not None:
            report |= {"line": result.span.start.line, "column": result.span.start.column}
    if proof is not None:
        report["proof"] = _proof(proof)
    return json.dumps(report, indent=2, ensure_ascii=False) + "\n"


def _proof(proof: Proof) -> dict[str, object]:
    return {
        "proven": proof.proven,
        "before": _weight(proof.before),
        "after": _weight(proof.after),
        "checks": [
            {
                "name": check.name,
                "holds": check.holds,
                "reasons": check.reasons,
                "seen": check.seen if check.holds else None,
                "help": None if check.holds else check.help or None,
            }
            for check in proof.checks
        ],
        "left_behind": proof.behind,
    }


def _weight(weight: Weight) -> dict[str, object]:
    return {
        "image_id": weight.image_id,
        "size": weight.size_bytes,
        "shares": {share.value: size for share, size in weight.shares()},
    }
