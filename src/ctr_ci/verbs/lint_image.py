"""`ctr-ci lint --image REF`: holds a file's findings against the image that was built from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TextIO

from ctr_ci.dockerfile import parse
from ctr_ci.lint import Finding, Linted, Severity
from ctr_ci.problem import InputError, Problem
from ctr_ci.prove import FLAGSHIP, prove
from ctr_ci.settings import LintSettings
from ctr_ci.value import replace
from ctr_ci.verbs.inspect import open_weight

# How severe what only bytes show can be, by what the file says of its purpose.
RAISED = {"": Severity.WARNING, "likely": Severity.INFO, "said": None}


def proven(
    linted: tuple[Linted, ...],
    image: str,
    settings: LintSettings,
    environment: Mapping[str, str],
    stderr: TextIO | None,
    target: str = "",
) -> tuple[Linted, ...]:
    """The findings with the image's bytes; says on `stderr` (None: nowhere) what they changed. `target`: the
    stage that the image was built from, "" for the last.

    Raises InputError where there is not exactly one file, or no such image.
    """
    from ctr_ci.lint import Context, Facts, meant, select

    if len(linted) != 1:
        raise InputError(
            Problem(
                f"--image was given for {len(linted)} files",
                expected="one Dockerfile: the one that the image was built from",
            )
        )
    one = linted[0]
    weight = open_weight(image, environment)
    wanted = any(rule.name == FLAGSHIP for rule in select(settings, one.path).rules)
    silenced = FLAGSHIP in one.source.text or "CT101" in one.source.text
    dockerfile = parse(one.source)
    purpose = meant(Facts(dockerfile, settings, Context(target)))
    most = None if silenced or not wanted else RAISED[purpose]
    found = prove(one.findings, weight, dockerfile, raises=most, target=target)
    if stderr is not None:
        for finding in found.raised:
            print(f"{_place(one, finding)}: {finding.rule.name}: raised by the bytes of {image}", file=stderr)
        for finding, reason in found.withdrawn:
            said = f"withdrawn by the bytes of {image}: {reason}"
            print(f"{_place(one, finding)}: {finding.rule.name}: {said}", file=stderr)
    return (replace(one, findings=found.findings),)


def _place(one: Linted, finding: Finding) -> str:
    return f"{one.path}:{finding.span.start.line}:{finding.span.start.column}"
