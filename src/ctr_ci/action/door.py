"""One use of the action, from inputs to reports: lint, then run, then publish, as far as each says yes."""

from __future__ import annotations

import io
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from ctr_ci import __version__
from ctr_ci.action import child, inputs, results
from ctr_ci.action.event import Event, event
from ctr_ci.action.inputs import Job
from ctr_ci.action.results import Lint, Receipt
from ctr_ci.action.summary import counted, summary
from ctr_ci.github import Annotation, annotate, clipped, command, connect, defuse, mask, output
from ctr_ci.problem import CtrCiError, Exit, Problem, Refused
from ctr_ci.record import Record, read
from ctr_ci.secret import Secret
from ctr_ci.source import visible
from ctr_ci.verbs.report import Request as Page
from ctr_ci.verbs.report import report as write_page

TOKEN = inputs.NAMES["github-token"].variable


@dataclass(slots=True)
class Outcome:
    """What has happened so far. `told`: the errors that ended it, but for findings."""

    exit: int = 0
    verdict: str = "nothing to do: give `dockerfile`, `config` or `image`"
    lint: Lint | None = None
    sarif: Path | None = None
    record: Record | None = None
    record_path: Path | None = None
    page: Path | None = None
    receipts: tuple[Receipt, ...] = ()
    told: tuple[Annotation, ...] = ()
    notes: list[str] = field(default_factory=list)


def act(environment: Mapping[str, str], folder: Path, out: TextIO) -> int:
    """Does the job of the inputs; `folder` is scratch space that outlives us (SARIF, record).

    Returns the exit code of the first command that did not say yes. Raises InputError, Refused.
    """
    for value in inputs.sensitive(environment, child.SIGNING):
        out.write("\n".join(mask(value)) + "\n")
    for word in inputs.unknown(environment):
        out.write(command("warning", word, title="ctr-ci") + "\n")
    job = inputs.job(environment)
    about = event(environment)
    if (job.run or job.publish) and about.trusts_a_stranger:
        raise Refused(
            Problem(
                f"{about.name} runs with this repository's secrets, and the code is a fork's",
                expected="the event pull_request, which has no secrets",
                help="build forks on pull_request; publish after the merge, on push",
            )
        )
    outcome = Outcome()
    try:
        _work(job, environment, folder, out, outcome)
    finally:
        _report(job, about, environment, outcome, out)
    return outcome.exit


def _work(job: Job, environment: Mapping[str, str], folder: Path, out: TextIO, outcome: Outcome) -> None:
    plain = child.environment_of(environment, {})
    if job.lint:
        report, outcome.sarif = folder / "lint.json", folder / "lint.sarif"
        formats = ("--format=text", f"--format=json:{report}", f"--format=sarif:{outcome.sarif}")
        outcome.exit, said = child.run(["lint", *formats, *job.lint], plain, out, "ctr-ci lint")
        outcome.lint = results.lint(report)
        outcome.verdict = _lint_verdict(outcome.exit, outcome.lint)
        if not outcome.sarif.is_file():
            outcome.sarif = None
        if outcome.exit:
            if not outcome.lint or not (outcome.lint.findings or outcome.lint.errors):
                outcome.told = results.problems(said) or _error(outcome.verdict)
            return
    if job.run:
        path = folder / "record.json"
        outcome.exit, said = child.run(["run", f"--record={path}", *job.run], plain, out, "ctr-ci run")
        if path.is_file():
            outcome.record_path = path
            outcome.record = read(path)
            outcome.page = _page(path, folder / "report.html", outcome)
        # Without a record no step has run: all that was said is ours.
        faults = () if outcome.record else results.problems(said)
        outcome.verdict = _run_verdict(outcome.exit, outcome.record, faults)
        if outcome.exit:
            problem = outcome.record.problem if outcome.record else None
            parts = (problem.found, problem.help) if problem else ()
            outcome.told = faults or _error(outcome.verdict, *parts)
            return
    if job.publish:
        own = {
            name: value
            for name, value in environment.items()
            if name.startswith("ACTIONS_") or name in child.SIGNING
        }
        if token := environment.get(TOKEN):
            own["GITHUB_TOKEN"] = token
        given = environment.get(inputs.NAMES["password"].variable, "").strip() or None
        source = () if job.promotes else (f"--record={folder / 'record.json'}",)
        asked = ["publish", *source, "--format=json", *job.publish]
        outcome.exit, said = child.run(
            asked, child.environment_of(environment, own), out, "ctr-ci publish", hide="{", given=given
        )
        outcome.receipts = results.receipts(said)
        complaints = results.complaints(said)
        outcome.notes += results.warnings(said)
        why = _first(complaints[0]) if complaints else "the log says why"
        pushed = ", ".join(receipt.digest for receipt in outcome.receipts)
        outcome.verdict = f"pushed {pushed}" if outcome.exit == 0 and pushed else f"nothing was pushed: {why}"
        if outcome.exit and pushed:
            outcome.verdict = f"pushed {pushed}, then stopped: {why}"
        if outcome.exit:
            outcome.told = _error(outcome.verdict, *complaints)


def _error(*parts: str) -> tuple[Annotation, ...]:
    text = "\n".join(dict.fromkeys(part for part in parts if part))
    return (Annotation("error", text, title="ctr-ci"),)


def _placed(item: Annotation) -> str:
    place = f"{item.path}:{item.line}: " if item.line else f"{item.path}: " if item.path else ""
    return place + _first(item.message)


def _first(text: str) -> str:
    return text.partition("\n")[0]


def _page(record: Path, page: Path, outcome: Outcome) -> Path | None:
    """The run as one HTML page; None where it cannot be made, which is no reason to fail."""
    try:
        write_page(Page(record.parent, record, str(page)), io.StringIO())
    except CtrCiError as error:
        outcome.notes.append(f"no HTML report: {error.problems[0].found}")
        return None
    return page


def _lint_verdict(code: int, lint: Lint | None) -> str:
    if lint is None or code not in (Exit.DONE, Exit.NO):
        return "the Dockerfiles could not be linted; the log says why"
    if code:
        return f"{counted(lint)} in Dockerfiles"
    return f"{counted(lint)}, none that fails" if lint.findings else "the Dockerfiles are fine"


def _run_verdict(code: int, record: Record | None, faults: Sequence[Annotation]) -> str:
    if record is None:
        return f"the build did not start: {_placed(faults[0]) if faults else 'the log says why'}"
    if code == Exit.DONE:
        number = len(record.images)
        return f"built and tested {number} image{'' if number == 1 else 's'}"
    failed = [step.id or step.name for step in record.steps if step.status == "FAILURE" and not step.forgiven]
    if failed:
        return f"step {failed[0]} failed: nothing may be pushed"
    return f"the build ended with {record.status}: nothing may be pushed"


def _report(job: Job, about: Event, environment: Mapping[str, str], outcome: Outcome, out: TextIO) -> None:
    """Outputs, annotations, pull request, summary. None of it changes the verdict."""
    findings = outcome.lint.findings if outcome.lint else ()
    items = [finding.annotation() for finding in findings]
    if outcome.lint:
        items += outcome.lint.errors
    changed = _pull_request(job, about, environment, outcome)
    # What ended the job comes first: GitHub keeps ten of a level.
    shown = annotate(outcome.told, where="the log")
    if job.annotations:
        shown += annotate(items, changed, where="the job summary")
    out.write("".join(f"{line}\n" for line in shown))
    for note in outcome.notes:
        out.write(command("notice", note, title="ctr-ci") + "\n")
    _append(environment.get("GITHUB_OUTPUT"), "".join(_outputs(outcome)))
    if job.summary:
        text = _summary(outcome, environment, tuple(outcome.notes))
        _append(environment.get("GITHUB_STEP_SUMMARY"), clipped(text))
    out.write(defuse(f"ctr-ci: {visible(outcome.verdict)}\n"))
    out.flush()


def _summary(outcome: Outcome, environment: Mapping[str, str], notes: tuple[str, ...]) -> str:
    ours, ref = (environment.get(f"CTR_CI_ACTION_{name}", "") for name in ("REPOSITORY", "REF"))
    server = environment.get("GITHUB_SERVER_URL", "")
    pages = f"{server}/{ours}/blob/{ref}/" if server and ours and ref else ""
    return summary(outcome.verdict, outcome.lint, outcome.record, outcome.receipts, notes, pages)


def _outputs(outcome: Outcome) -> Sequence[str]:
    lint, record, receipts = outcome.lint, outcome.record, outcome.receipts
    values = {
        "version": __version__,
        "findings": str(len(lint.findings)) if lint else "",
        "errors": str(lint.count("error")) if lint else "",
        "warnings": str(lint.count("warning")) if lint else "",
        "fixable": str(sum(finding.fixable for finding in lint.findings)) if lint else "",
        "sarif-file": str(outcome.sarif or ""),
        "status": record.status if record else "",
        "record": str(outcome.record_path or ""),
        "report": str(outcome.page or ""),
        "image": "\n".join(one.repository for one in receipts),
        "image-id": "\n".join(one.image_id for one in receipts),
        "digest": "\n".join(one.digest for one in receipts),
        "tags": "\n".join(tag for one in receipts for tag in one.tags),
        "attestations": "\n".join(digest for one in receipts for digest in one.attested),
    }
    return [output(name, value, f"ctr-ci-{secrets.token_hex(16)}") for name, value in values.items()]


def _pull_request(
    job: Job, about: Event, environment: Mapping[str, str], outcome: Outcome
) -> Mapping[str, frozenset[int]]:
    """Says on GitHub what was asked for; the lines that the pull request changes, if they are known."""
    wanted = job.upload_sarif or job.comment or job.suggest or job.check_run
    token = environment.get(TOKEN, "")
    if not token or not about.repository or not (wanted or about.pull_request):
        return {}
    hub = connect(Secret(token, "github-token"), about.repository, about.api_url)
    changed: Mapping[str, frozenset[int]] = {}
    done = []
    try:
        if about.pull_request:
            changed = hub.changed_lines(about.pull_request)
        text = _summary(outcome, environment, ())
        if job.upload_sarif and outcome.sarif:
            done.append(hub.upload_sarif(about.sha, about.ref, outcome.sarif.read_text(encoding="utf-8")))
        if job.check_run:
            items = [finding.annotation() for finding in outcome.lint.findings] if outcome.lint else []
            done.append(hub.check_run("ctr-ci", about.sha, outcome.exit == 0, outcome.verdict, text, items))
        if job.comment and about.pull_request:
            done.append(hub.comment(about.pull_request, "report", text))
        if job.suggest and about.pull_request and outcome.lint and outcome.lint.fixes:
            paths = {fix.path for fix in outcome.lint.fixes}
            lines = {path: tuple(_lines(Path(path))) for path in paths}
            made = results.suggestions(outcome.lint.fixes, lines)
            done.append(hub.suggest(about.pull_request, about.sha, made))
    except CtrCiError as error:
        outcome.notes.append(f"GitHub's API: {error.problems[0].found}")
    outcome.notes += [one.because for one in done if not one.done]
    return changed


def _lines(path: Path) -> Sequence[str]:
    try:
        return path.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return ()


def _append(path: str | None, text: str) -> None:
    if path:
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(text)
