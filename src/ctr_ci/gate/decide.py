"""Record and policy in, verdicts out. Pure: the evidence is in the record or it does not exist.

Evidence binds to an image ID, never to a name: what was tested before a rebuild or a re-tag says
nothing of what the name means now.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ctr_ci.gate.policy import Policy, Stage
from ctr_ci.record import ImageRecord, Ran, Record, StepRecord


@dataclass(frozen=True, slots=True)
class Verdict:
    """May the image behind `name` ship? `tested_by` holds labels of steps and names of gates;
    `because` says why (not), `help` the way to satisfy it ("" where it passed)."""

    name: str
    image_id: str
    passed: bool
    tested_by: tuple[str, ...]
    because: str
    help: str = ""


@dataclass(frozen=True, slots=True)
class _Finding:
    """What one requirement came to."""

    passed: bool
    by: tuple[str, ...]
    because: str
    help: str = ""


def decide(record: Record, policy: Policy) -> tuple[Verdict, ...]:
    """One verdict for each of the record's images, in their order."""
    return tuple(_verdict(image, record, policy) for image in record.images)


def _verdict(image: ImageRecord, record: Record, policy: Policy) -> Verdict:
    findings = tuple(_findings(image, record, policy))
    failed = next((finding for finding in findings if not finding.passed), None)
    by = tuple(dict.fromkeys(label for finding in findings if finding.passed for label in finding.by))
    if failed is not None:
        return Verdict(image.name, image.image_id, False, by, failed.because, failed.help)
    return Verdict(image.name, image.image_id, True, by, "; ".join(f.because for f in findings))


def _findings(image: ImageRecord, record: Record, policy: Policy) -> Iterable[_Finding]:
    stages = {stage.name: stage for stage in policy.stages}
    gates = {gate.name for gate in policy.gates}
    required = policy.require or (
        *(stage.name for stage in policy.stages if stage.gate),
        *(gate.name for gate in policy.gates if gate.is_for(image.name)),
    )
    if not policy.require and not any(stage.gate for stage in policy.stages):
        yield _implicit(image, record)
    for name in required:
        if name in stages:
            yield _stage(image, record, stages[name])
        elif name in gates or any(gate.name == name for gate in record.gates):
            yield _gate(image, record, name)
        else:
            known = ", ".join([*stages, *gates]) or "none is declared"
            yield _Finding(
                False,
                (),
                f"{name!r}, which the policy requires, is neither a stage nor a gate",
                f"name one of ctr-ci.yaml's stages and gates under publish.require: {known}",
            )


def _implicit(image: ImageRecord, record: Record) -> _Finding:
    testers = [step for step in record.steps if _tests(step, image.image_id, record)]
    if testers:
        said = ", ".join(_said(step, image.image_id, record) for step in testers)
        return _Finding(True, tuple(label(step) for step in testers), f"tested by {said}")
    ran = [step for step in record.steps if _runs(step, image.image_id, record)]
    if ran:
        return _failed(ran[-1], image)
    return _untested(image, record)


def _failed(step: StepRecord, image: ImageRecord) -> _Finding:
    """Some step ran the image, and it is no test that passed."""
    short = _short(image.image_id)
    if step.status == "SUCCESS" and not step.forgiven:
        codes = ", ".join(str(run.exit_code) for run in step.ran if run.image_id == image.image_id)
        return _Finding(
            False,
            (),
            f"{label(step)} ran it ({short}), but what it ran ended with exit {codes}",
            "let the step fail when its test fails, mend the test, then `ctr-ci run` again",
        )
    how = f"exit {step.exit_code}" if step.exit_code is not None else step.status
    excuse = "; a test that allowFailure excuses is no test" if step.forgiven else ""
    return _Finding(
        False,
        (),
        f"its test {label(step)} ended with {how}{excuse}",
        "mend what the step's log shows, then `ctr-ci run` again",
    )


def _untested(image: ImageRecord, record: Record) -> _Finding:
    """No step ran this image: say what comes nearest."""
    builder = next((step for step in record.steps if image.image_id in step.built), None)
    way = f"add a step that runs it: `- name: {image.name}`, or `docker run {image.name} ...` in a step"
    for step in record.steps:
        same_name = _same_name(step.name, image.name)
        if same_name and step.image_id and step.image_id != image.image_id:
            return _Finding(
                False,
                (),
                f"{label(step)} tested {_short(step.image_id)}, but {image.name} is"
                f" {_short(image.image_id)} since" + (f" {label(builder)}" if builder else ""),
                "move the test behind the last step that builds or tags the image",
            )
    if builder is None:
        return _Finding(False, (), f"no step ran {_short(image.image_id)}", way)
    early = any(
        step.image_id == image.image_id or any(run.image_id == image.image_id for run in step.ran)
        for step in record.steps
    )
    because = f"no step ran it after {label(builder)} built it"
    return _Finding(False, (), because + (", only before" if early else ""), way)


def _stage(image: ImageRecord, record: Record, stage: Stage) -> _Finding:
    steps = [step for step in record.steps if step.id in stage.steps or str(step.index) in stage.steps]
    for step in steps:
        if not _passed(step):
            finding = _failed(step, image)
            return _Finding(False, (), f"stage {stage.name}: {label(step)} did not pass", finding.help)
    testers = [step for step in steps if _tests(step, image.image_id, record)]
    if not testers:
        return _Finding(
            False,
            (),
            f"stage {stage.name} passed, but none of its steps ran this image ({_short(image.image_id)})",
            f"let a step of stage {stage.name} run {image.name} after it was built",
        )
    labels = tuple(label(step) for step in testers)
    said = ", ".join(_said(step, image.image_id, record) for step in testers)
    return _Finding(True, (stage.name, *labels), f"stage {stage.name} tested it in {said}")


def _gate(image: ImageRecord, record: Record, name: str) -> _Finding:
    found = [gate for gate in record.gates if gate.name == name and gate.image_id == image.image_id]
    bad = next((gate for gate in found if gate.verdict != "passed"), None)
    if bad is not None:
        return _Finding(
            False,
            (),
            f"gate {name}: {bad.because}",
            f"change the image so that gate {name} passes, then `ctr-ci run` again",
        )
    if not found:
        other = next((gate for gate in record.gates if gate.name == name), None)
        seen = f"; it saw {_short(other.image_id)}" if other else ""
        return _Finding(
            False,
            (),
            f"gate {name} has not seen this image ({_short(image.image_id)}){seen}",
            "run it with `ctr-ci run`, and let nothing move the name afterwards",
        )
    return _Finding(True, (name,), f"gate {name} passed")


def _tests(step: StepRecord, image_id: str, record: Record) -> bool:
    """Is this step a test that this image passed?"""
    if not _passed(step):
        return False
    if _own(step, image_id, record):
        return True
    runs = _of(step, image_id, record)
    ended = [run.exit_code for run in runs if not run.stopped]
    # A server that a step stops again was tested by it, unless what else ran of the image all failed.
    return 0 in ended if ended else bool(runs)


def _said(step: StepRecord, image_id: str, record: Record) -> str:
    """A test by its label; and by what ran in place of the image's own program, if something did."""
    if _own(step, image_id, record):
        programs = {step.entrypoint}
    else:
        programs = {run.program for run in _of(step, image_id, record) if run.exit_code == 0 or run.stopped}
    others = sorted(program for program in programs if program is not None)
    if None in programs or not others:
        return label(step)
    return f"{label(step)} (which ran {', '.join(others)} in it)"


def _runs(step: StepRecord, image_id: str, record: Record) -> bool:
    return _own(step, image_id, record) or bool(_of(step, image_id, record))


def _own(step: StepRecord, image_id: str, record: Record) -> bool:
    """Was the step's own container the image's, started when it was there?"""
    return step.image_id == image_id and (step.started or 0.0) >= _since(image_id, record)


def _of(step: StepRecord, image_id: str, record: Record) -> list[Ran]:
    since = _since(image_id, record)
    return [run for run in step.ran if run.image_id == image_id and run.started >= since]


def _since(image_id: str, record: Record) -> float:
    """When this build made the image; minus infinity for one that was there before.

    A step that makes an image may run it too: what counts is the start of the container, which the
    broker saw after the build had ended.
    """
    starts = [step.started for step in record.steps if image_id in step.built and step.started is not None]
    if not starts:
        return float("-inf")
    named = [named.since for named in record.names if named.image_id == image_id]
    return max(min(starts), min(named, default=min(starts)))


def _passed(step: StepRecord) -> bool:
    return step.status == "SUCCESS" and step.exit_code == 0 and not step.forgiven


def _same_name(one: str, other: str) -> bool:
    return one.removesuffix(":latest") == other.removesuffix(":latest")


def label(step: StepRecord) -> str:
    """The field's own words for a step: `Step #1 - "unit"`."""
    return f'Step #{step.index} - "{step.id}"' if step.id else f"Step #{step.index}"


def _short(image_id: str) -> str:
    return image_id.removeprefix("sha256:")[:12]
