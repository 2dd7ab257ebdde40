"""What may leave: the only maker of a `Release`, and `push` takes nothing else. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from ctr_ci.gate import Policy, Verdict, decide
from ctr_ci.oci import Digest
from ctr_ci.problem import InputError, Problem, Refused
from ctr_ci.record import Record


@dataclass(frozen=True, slots=True)
class Release:
    """An image that may be pushed, by its ID; `name` is what the run or the user called it.

    `verified`: a run's evidence says that this ID was tested, by `tested_by` (steps and gates).
    Without it the release says so wherever it is told.
    """

    image_id: Digest
    name: str
    verified: bool
    tested_by: tuple[str, ...]
    because: str
    record: Record | None = None

    @property
    def build_id(self) -> str:
        return self.record.build_id if self.record else ""

    @property
    def config_digest(self) -> str:
        return self.record.config_digest if self.record else ""


def releases(record: Record, policy: Policy, image: str = "") -> tuple[Release, ...]:
    """What `record` allows to push, one release an image name; `image` (a name, or an ID or its
    beginning) picks one. Raises Refused where an image was not tested, InputError where the
    record knows no such image."""
    if record.status != "SUCCESS":
        raise Refused(_unsuccessful(record))
    verdicts = _picked(decide(record, policy), image, record)
    failed = [verdict for verdict in verdicts if not verdict.passed]
    if failed:
        raise Refused(*(_refusal(verdict) for verdict in failed))
    return tuple(
        Release(
            Digest.parse(verdict.image_id),
            verdict.name,
            True,
            verdict.tested_by,
            verdict.because,
            record,
        )
        for verdict in verdicts
    )


def promoted(image_id: Digest, name: str, tested_by: tuple[str, ...]) -> Release:
    """A release of what is in a registry already, by evidence that `verify` has accepted there."""
    return Release(image_id, name, True, tested_by, f"evidence attached to {name}")


def unverified(image_id: Digest, name: str) -> Release:
    """A release without evidence, because the user says so (`--unverified`)."""
    return Release(image_id, name, False, (), "pushed with --unverified: no test has seen this image")


def _picked(verdicts: tuple[Verdict, ...], image: str, record: Record) -> tuple[Verdict, ...]:
    wanted = verdicts
    if image:
        bare = image.removeprefix("sha256:")
        wanted = tuple(
            verdict
            for verdict in verdicts
            if image in (verdict.name, f"{verdict.name}:latest")
            or (len(bare) >= 12 and verdict.image_id.removeprefix("sha256:").startswith(bare))
        )
    if wanted:
        return wanted
    names = ", ".join(verdict.name for verdict in verdicts)
    raise InputError(
        Problem(
            f"build {record.build_id} has no image {image}"
            if image
            else f"build {record.build_id} has no images",
            expected=f"one of {names}" if names else "an `images:` list in its cloudbuild.yaml",
            help="`ctr-ci publish --image REF --unverified` pushes an image that no run has seen"
            if image
            else "name in `images:` what the build makes, and `ctr-ci run` again",
        )
    )


def _unsuccessful(record: Record) -> Problem:
    failed = next(
        (step for step in record.steps if step.status in ("FAILURE", "TIMEOUT") and not step.forgiven), None
    )
    gate = next((gate for gate in record.gates if gate.verdict == "failed"), None)
    why, way_out = f"build {record.build_id} ended in {record.status}", "`ctr-ci run` again"
    if failed:
        label = failed.id or f"#{failed.index}"
        code = f" with exit code {failed.exit_code}" if failed.exit_code is not None else ""
        why = f"step {label} of build {record.build_id} ended in {failed.status}{code}"
        way_out = "mend that step and `ctr-ci run` again"
    elif gate:
        why = f"gate {gate.name} of build {record.build_id} failed: {gate.because}"
        way_out = f"mend what the gate {gate.name} says and `ctr-ci run` again"
    return Problem(f"nothing may be pushed: {why}", help=way_out)


def _refusal(verdict: Verdict) -> Problem:
    short = verdict.image_id.removeprefix("sha256:")[:12]
    return Problem(f"{verdict.name} ({short}) may not be pushed: {verdict.because}", help=verdict.help)
