"""The failure of a step as a person wants to read it. Pure."""

from __future__ import annotations

import shlex

from ctr_ci.engine import Image
from ctr_ci.plan import Step
from ctr_ci.problem import Problem
from ctr_ci.value import value


@value
class StepFailure:
    """`code` None: it never ran. `last` holds the last lines of its output, masked."""

    step: Step
    image: Image | None
    code: int | None
    out_of_memory: bool
    last: tuple[str, ...]


def tell(failure: StepFailure, status: str, refusal: str = "") -> Problem:
    """The problem of a step that did not pass; `refusal` is why the engine would not start it."""
    step = failure.step
    head = f'build step {step.index} "{step.image}" failed: '
    if status == "TIMEOUT":
        limit = step.timeout.total_seconds() if step.timeout is not None else 0
        return Problem(
            f"{head}context deadline exceeded",
            help=f"{step.label} ran into its own timeout of {limit:g} s: {command(failure)}",
        )
    if status == "CANCELLED":
        return Problem(f"{head}context canceled")
    if refusal:
        return Problem(head + refusal, help=_why_not_started(failure, refusal))
    what = f"{head}step exited with non-zero status: {failure.code}"
    return Problem(what, help="\n".join(filter(None, (f"it ran: {command(failure)}", _why(failure)))))


def command(failure: StepFailure) -> str:
    """The command line as the image and the step make it."""
    step, image = failure.step, failure.image
    if step.script is not None:
        lines = [line for line in step.script.splitlines() if line.strip()]
        body = [line for line in lines if not line.startswith("#!")]
        return f"script: {body[0].strip()}{' …' if len(body) > 1 else ''}" if body else "an empty script"
    if step.entrypoint is not None:
        words = (step.entrypoint, *(step.args or ()))
    else:
        default = image.command if image else ()
        words = (*(image.entrypoint if image else ()), *(default if step.args is None else step.args))
    line = shlex.join(words)
    return line if len(line) <= 300 else line[:297] + "..."


def _why(failure: StepFailure) -> str:
    """What a known sign in the last lines means here and on Cloud Build."""
    text = "\n".join(failure.last)
    user = failure.image.user if failure.image else ""
    if failure.out_of_memory:
        return "the kernel ended it: it wanted more memory than there is"
    if "ermission denied" in text and user not in ("", "0", "root"):
        return (
            f"the image runs as user {user}, and /workspace belongs to root, as on Cloud Build; "
            "an earlier step may open it: chmod -R a+w /workspace"
        )
    if "no new privileges" in text:
        return "sudo cannot work here: steps may not gain privileges"
    if "Cannot connect to the Docker daemon" in text or "docker.sock" in text:
        return "this run gives steps no Docker engine"
    return ""


def _why_not_started(failure: StepFailure, refusal: str) -> str:
    step, image = failure.step, failure.image
    if step.script is not None:
        if "\r" in step.script.split("\n", 1)[0]:
            return "the script's first line ends with a carriage return: save it with Unix line ends"
        return "a script needs its interpreter in the image; without a first line #!… it is /bin/sh"
    first = step.entrypoint or (step.args[0] if step.args else "")
    if "no such file or directory" in refusal or "not found" in refusal:
        if step.entrypoint is None and image is not None and not image.entrypoint:
            return f"the image has no ENTRYPOINT, so args[0] is the program: {first!r}"
        return f"the image has no program {first!r}"
    return ""
