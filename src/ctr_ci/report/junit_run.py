"""A build as JUnit XML, from its events: a case a step, a case a gate."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from ctr_ci.events import (
    BuildFinished,
    BuildStarted,
    Event,
    GateDecided,
    StepFinished,
    StepOutput,
    StepStarted,
)
from ctr_ci.report.log import short
from ctr_ci.report.xml_text import escape
from ctr_ci.tail import Tail
from ctr_ci.value import replace, value

TAIL = 64 * 1024  # bytes of a failed step's output that the report holds


@value
class _Case:
    name: str
    group: str
    seconds: float = 0.0
    failure: str = ""
    kind: str = ""
    skipped: str = ""
    output: str = ""


def junit_run(events: Iterable[Event]) -> str:
    """The report of a finished build. A forgiven failure is a passed case that says so in its output."""
    name, started, finished, error = "build", 0.0, 0.0, ""
    cases: dict[str, _Case] = {}
    since: dict[int, float] = {}
    tails: defaultdict[int, Tail] = defaultdict(lambda: Tail(TAIL))
    for event in events:
        match event:
            case BuildStarted(build_id=build_id, at=at, steps=steps):
                name, started = build_id, at
                for index, id, image in steps:
                    title = f"#{index} {id}" if id else f"#{index} {image}"
                    cases[f"step {index}"] = _Case(title, "steps", skipped="never started")
            case StepStarted(step=step, at=at):
                since[step] = at
            case StepOutput(step=step, data=data):
                tails[step].feed(data)
            case StepFinished(step=step):
                seconds = event.at - since[step] if step in since else 0.0
                case = cases[f"step {step}"]
                cases[f"step {step}"] = _ended(case, event, seconds, tails[step].text)
                del tails[step]
            case GateDecided(name=gate, image_id=image_id, verdict=verdict, because=because):
                failure = "" if verdict == "passed" else because
                title = f"{gate} {short(image_id)}".rstrip()
                cases[f"gate {title}"] = _Case(title, "gates", failure=failure, kind=verdict)
            case BuildFinished(at=at, status=status, problem=problem):
                finished = at
                failed = any(case.failure for case in cases.values())
                if status != "SUCCESS" and not failed:
                    error = problem.found if problem else status
            case _:
                pass
    if error:
        cases["build"] = _Case("build", "build", failure=error, kind="FAILURE")
    return _render(name, list(cases.values()), max(finished - started, 0.0))


def _ended(case: _Case, event: StepFinished, seconds: float, output: str) -> _Case:
    if event.status in ("QUEUED", "SKIPPED", "CANCELLED"):
        return replace(case, seconds=seconds, skipped=event.status.lower())
    done = replace(case, seconds=seconds, skipped="")
    if event.status == "SUCCESS":
        return done
    code = "" if event.exit_code is None else f" with exit code {event.exit_code}"
    said = f"{event.status}{code}"
    if event.forgiven:
        return replace(done, output=f"{said}, forgiven\n{output}")
    return replace(done, failure=said, kind=event.status, output=output)


def _render(name: str, cases: list[_Case], seconds: float) -> str:
    failures = sum(bool(case.failure) for case in cases)
    skipped = sum(bool(case.skipped) for case in cases)
    counts = f'tests="{len(cases)}" failures="{failures}" errors="0" skipped="{skipped}" time="{seconds:.3f}"'
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        f'<testsuites name="ctr-ci run" {counts}>',
        f'  <testsuite name="{escape(name)}" {counts}>',
    ]
    for case in cases:
        lines.append(
            f'    <testcase name="{escape(case.name)}" classname="{case.group}" time="{case.seconds:.3f}">'
        )
        if case.skipped:
            lines.append(f'      <skipped message="{escape(case.skipped)}"/>')
        if case.failure:
            lines.append(f'      <failure message="{escape(case.failure)}" type="{escape(case.kind)}"/>')
        if case.output:
            lines.append(f"      <system-out>{escape(case.output)}</system-out>")
        lines.append("    </testcase>")
    return "\n".join([*lines, "  </testsuite>", "</testsuites>", ""])
