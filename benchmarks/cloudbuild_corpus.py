"""Plans every real Cloud Build config of a folder and writes down what became of them, as counts.

`python benchmarks/cloudbuild_corpus.py FOLDER [--show REASON]`: prints the page
docs/cloudbuild-corpus.md. Each file is planned as a trigger would (keys without a value get one, as
a trigger's settings would give it) and by hand (the file as it stands), twice, and must give the
same plan. `--show` lists the files of a reason instead.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from ctr_ci import cloudbuild, plan
from ctr_ci.cloudbuild import Builtins, Rules
from ctr_ci.problem import InputError, Problem
from ctr_ci.source import Source

BUILTINS = Builtins(
    project="proj",
    project_number="123456789",
    build_id="00000000-0000-0000-0000-000000000000",
    location="global",
    branch="main",
    tag="v1.0.0",
    commit="0123456789abcdef0123456789abcdef01234567",
    repo="app",
    repo_full_name="team/app",
)

# What a refusal's words begin with -> the reason, and where Google refuses for it too.
REASONS = (
    ("there is no field of a Cloud Build config at all", "not a Cloud Build config", "gcloud: unused fields"),
    ("a config that is no map", "not a Cloud Build config", "gcloud: Could not parse as a dictionary"),
    ("no build steps are specified", "no steps", "gcloud: config must list at least one step"),
    ("unknown field", "unknown field", "gcloud and the service: unused"),
    ("is not a valid built-in", "`$NAME` that is no built-in", "service: not a valid built-in substitution"),
    ("in the template", "key without a value", "service: key in the template is not matched"),
    ("in the substitution data", "key without a use", "service: key in the substitution data is not matched"),
    ("the built-in substitution", "built-in key in the file", "gcloud: keys must match ^_[A-Z0-9_]+$"),
    ("the substitution key", "malformed key", "gcloud: keys must match ^_[A-Z0-9_]+$"),
    ("illegal base64", "secret that is no base64 (placeholder)", "service: illegal base64 data"),
    ("invalid image name", "invalid image name (placeholder)", "service: invalid image name"),
    ("invalid build step name", "invalid step name", "service: invalid build step name"),
    ("duplicate key", "duplicate key", "gcloud warns and takes the first, Go readers the last: refused here"),
    ("is defined and not used", "secret without a use", "service: secret is defined but not used"),
    ("is not defined", "secret that is not defined", "service: secretEnv is not defined"),
    ("which has not been defined", "waitFor of no earlier step", "service: depends on a step not defined"),
    ("the location", "artifacts outside gs://", "service: location must be gs://"),
    ("payload binding", "payload binding", "needs the event that triggers the build"),
    (" for .", "wrong type", "gcloud: Expected type"),
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file under one set of rules; no problem: planned."""

    path: str
    problem: Problem | None

    @property
    def reason(self) -> tuple[str, str]:
        if self.problem is None:
            return "", ""
        for words, reason, google in REASONS:
            if words in self.problem.found:
                return reason, google
        return "invalid YAML", "gcloud: parsing error"


def outcome(source: Source, rules: Rules) -> Outcome:
    flags: dict[str, str] = {}
    try:
        build = cloudbuild.load(source)
        if rules is Rules.TRIGGER:
            flags = missing(source, build)
        first, _ = plan.make(build, flags, BUILTINS, rules=rules)
        second, _ = plan.make(cloudbuild.load(source), flags, BUILTINS, rules=rules)
    except InputError as error:
        return Outcome(source.path, error.problems[0])
    if plan.to_json(first) != plan.to_json(second):
        raise AssertionError(f"{source.path}: two plans differ")
    return Outcome(source.path, None)


def missing(source: Source, build: cloudbuild.Build) -> dict[str, str]:
    """A value for each key of the user's that the file uses and leaves without one."""
    known = {pair.key.value for pair in build.substitutions if pair.value.value}
    used = set(re.findall(r"\$\{?(_[A-Z0-9_]+)", source.text))
    buckets = set(re.findall(r"""location: *["']?\$\{?(_[A-Z0-9_]+)""", source.text))
    return {key: "gs://value" if key in buckets else "value" for key in used - known}


def page(outcomes: dict[Rules, list[Outcome]], total: int) -> str:
    lines = [
        "# Real Cloud Build configs",
        "",
        f"{total} files named `*cloudbuild*.yaml`, `.yml` or `.json` from public repositories",
        "(GoogleCloudPlatform, GoogleContainerTools, kubernetes, googleforgames and others; newest",
        "snapshots, one copy of each content), planned by `benchmarks/cloudbuild_corpus.py`. Each plan was",
        "made twice and came out the same.",
    ]
    for rules, found in outcomes.items():
        planned = sum(one.problem is None for one in found)
        title = (
            "As a trigger (`--as trigger`), keys of the trigger's given"
            if rules is Rules.TRIGGER
            else "By hand, as the file stands"
        )
        lines += [
            "",
            f"## {title}",
            "",
            f"Planned: {planned} of {total}. Refused:",
            "",
            "| files | reason | at Google's |",
        ]
        lines.append("|---|---|---|")
        for (reason, google), count in Counter(one.reason for one in found if one.problem).most_common():
            lines.append(f"| {count} | {reason} | {google} |")
    return "\n".join(lines) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--show", metavar="REASON")
    given = parser.parse_args()
    paths = sorted(
        p for p in given.folder.rglob("*") if p.suffix in (".yaml", ".yml", ".json") and p.is_file()
    )
    sources = [Source.decode(str(path), path.read_bytes()) for path in paths]
    started = time.monotonic()
    outcomes = {
        rules: [outcome(source, rules) for source in sources] for rules in (Rules.TRIGGER, Rules.MANUAL)
    }
    seconds = time.monotonic() - started
    if given.show:
        for rules, found in outcomes.items():
            for one in found:
                if one.problem and given.show in one.reason[0]:
                    print(rules.value, one.problem.render())
        return 0
    sys.stdout.write(page(outcomes, len(sources)))
    print(f"{len(sources)} files, planned up to four times each: {seconds:.1f} s", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
