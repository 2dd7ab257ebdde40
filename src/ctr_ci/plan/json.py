"""A plan as JSON: what `ctr-ci plan --format json` prints and golden tests compare. Only added to."""

from __future__ import annotations

import json
from datetime import timedelta

from ctr_ci.plan.model import Plan, Step

VERSION = 1


def to_json(plan: Plan) -> str:
    """The same text for the same plan, always; ends with a newline."""
    shown = {
        "version": VERSION,
        "config": {"path": plan.config_path, "digest": plan.config_digest},
        "timeout_seconds": plan.timeout.total_seconds(),
        "substitutions": dict(plan.substitutions),
        "steps": [_step(step) for step in plan.steps],
        "images": plan.images,
        "tags": plan.tags,
        "secrets": [{"variable": s.variable, "version_name": s.version_name} for s in plan.secrets],
        "volumes": plan.volumes,
        "objects": {"location": plan.object_location, "paths": plan.object_paths}
        if plan.object_location
        else None,
        "packages": [{"kind": one.kind, **dict(one.fields)} for one in plan.packages],
    }
    return json.dumps(shown, indent=2, ensure_ascii=False) + "\n"


def _step(step: Step) -> dict[str, object]:
    return {
        "index": step.index,
        "id": step.id,
        "image": step.image,
        "entrypoint": step.entrypoint,
        "args": step.args,
        "script": step.script,
        "env": dict(step.env),
        "secrets": step.secrets,
        "workdir": step.workdir,
        "volumes": [{"name": mount.name, "path": mount.path} for mount in step.mounts],
        "after": sorted(step.after),
        "timeout_seconds": _seconds(step.timeout),
        "allow_failure": step.allow_failure,
        "allow_exit_codes": sorted(step.allow_exit_codes),
        "stage": step.stage,
        "gate": step.gate,
    }


def _seconds(duration: timedelta | None) -> float | None:
    return duration.total_seconds() if duration is not None else None
