"""Runs real Cloud Build configs to their end, with a stand-in for each builder image.

    python benchmarks/real_configs.py CORPUS [--only TEXT] [--write]

CORPUS is a folder of real configs with INDEX.tsv (file, repository, commit, path). One image stands
in for every builder: whatever a step calls in it (its entry point, its script's interpreter) is a
recorder, which says how it was called, builds a small image of its own under each name that the step
would have built, and succeeds. So this checks the runner, not what the builders do: that each step
runs once, with its arguments, script and folder, after all steps that the file says it waits for (read
here from the file itself, beside the plan), that images built by a step can be a later step's, and
that the build ends with SUCCESS. `--write` writes docs/cloudbuild-real-runs.md (with `--only`,
those rows of it). One run at a time: all builds have the build ID of plans. Leaves nothing in the
engine. Exit 1 below 30 files that ran to the end.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from ctr_ci import record
from ctr_ci.events import StepFinished, StepOutput, StepStarted
from ctr_ci.report import journal
from ctr_ci.source import Source

ENOUGH = 30
PAGE = Path(__file__).parents[1] / "docs" / "cloudbuild-real-runs.md"
BASE = "gcr.io/cloud-builders/docker"  # a docker command line, sh and bash: made by tests/testbed/images.py
STAND_IN = f"ctr-ci-real-runs:{os.getpid()}"
PROJECT = "ctr-ci-real-runs"
SCRIPT = "/cloudbuild/script"
SECRET = "CTR_CI_REAL_RUNS_SECRET"
LONGEST_S = 240

# repository -> the files' paths there; one that ends with / is the folder of a cloudbuild.yaml.
FILES: Mapping[str, tuple[str, ...]] = {
    "GoogleCloudPlatform/cloud-build-local": (
        "integration_tests/cloudbuild_volumes.yaml",
        "integration_tests/cloudbuild_big.yaml",
        "integration_tests/cloudbuild_substitutions.yaml",
        "integration_tests/cloudbuild_auth.yaml",
        "cloudbuild_tag.yaml",
    ),
    "GoogleCloudPlatform/cloud-builders": (
        "docker/",
        "mvn/",
        "go/examples/multi_step/",
        "gke-deploy/doc/app/cloudbuild-no-configs.yaml",
        "aactl/examples/",
    ),
    "GoogleCloudPlatform/cloud-builders-community": (
        "base-image-builder/",
        "cache/",
        "buildah/",
        "kaniko/",
        "jfrog/examples/",
        "pypi-tools/examples/kms-cloudbuild.yaml",
        "flutter/examples/",
        "bandit/examples/with_issues/",
        "docker-reuse/examples/multistage/",
    ),
    "GoogleCloudPlatform/cloud-build-samples": (
        "basic-config/cloudbuild.json",
        "basic-config/",
        "quickstart-build/",
        "sql-proxy/",
        "sql-private-pool/",
        "maven-example-noncontainer/",
        "python-example-noncontainer-artifacts/",
        "golang-sample/",
        "scan-build-example/",
        "mig-blue-green/pipelines/apply.cloudbuild.yaml",
    ),
    "GoogleCloudPlatform/professional-services": (
        "examples/cloudbuild-with-tcp-proxy/",
        "tools/cloud-composer-dag-validation/",
        "tools/custom-organization-policy-library/",
    ),
    "GoogleCloudPlatform/click-to-deploy": ("cloudbuild-k8s.yaml", "tools/cloudbuild-functional_test.yaml"),
    "GoogleCloudPlatform/cloud-run-samples": (
        "gcloud-report/tests.cloudbuild.yaml",
        "jobs-shell/tests.cloudbuild.yaml",
    ),
    "GoogleCloudPlatform/avocano": (
        "cloudbuild.yaml",
        "provisioning/automation/",
        "provisioning/tagged-images.cloudbuild.yaml",
    ),
    "GoogleCloudPlatform/emblem": ("ops/canary.cloudbuild.yaml", "ops/web-e2e.cloudbuild.yaml"),
    "GoogleCloudPlatform/python-docs-samples": ("storage/cloudbuild/zb-system-tests-cloudbuild.yaml",),
    "GoogleCloudPlatform/kubernetes-engine-samples": ("ai-ml/gke-ray/tpu/get-started/train/",),
    "GoogleContainerTools/skaffold": ("examples/ko/",),
    "GoogleContainerTools/kaniko": ("integration/benchmark_fs/",),
    "GoogleContainerTools/distroless": (".cloudbuild/",),
    "google/go-containerregistry": ("cloudbuild_v2.yaml",),
    "google/go-tpm-tools": ("launcher/", "launcher/image/test/test_launchpolicy_cloudbuild.yaml"),
    "google/oss-fuzz": ("infra/build/functions/trial_build/", "infra/experimental/chronos/"),
    "google/trillian": ("cloudbuild.yaml", "cloudbuild_pr.yaml"),
    "googleforgames/agones": ("cloudbuild.yaml", "build/build-image/cache/"),
    "googleforgames/open-match": ("cloudbuild.yaml",),
    "kubernetes/release": ("gcb/stage/", "gcb/release/", "images/build/go-runner/"),
    "kubernetes/test-infra": ("images/kubekins-e2e-v2/",),
    "kubernetes-sigs/cluster-api": ("cloudbuild.yaml",),
    "sigstore/cosign": ("release/",),
    "googleapis/googleapis": (".cloudbuild/",),
    "HariSekhon/Dockerfiles": ("git-kustomize/",),
}

# Says its name, the digest of its arguments (and script), its folder; builds what the step would have.
RECORDER = f"""#!/bin/busybox sh
b=/bin/busybox
for last; do :; done
key=$({{ printf '%s\\0' "$@"; [ "$last" != {SCRIPT} ] || $b cat {SCRIPT}; }} | $b sha256sum | $b cut -c1-64)
echo "stand-in $0 $key $PWD"
[ -f /workspace/.stand-in/$key ] || exit 0
while read -r image; do
  printf 'FROM {STAND_IN}\\nLABEL ctr-ci.real-run=%s\\n' "$image" |
    DOCKER_BUILDKIT=0 $b env -u DOCKER_HOST -u DOCKER_CONFIG /docker build -q -t "$image" - || exit 3
done </workspace/.stand-in/$key
"""


class Refused(Exception):
    """`ctr-ci plan` refuses the file."""


@dataclass(frozen=True, slots=True)
class Step:
    index: int
    image: str
    program: str  # "": the image's own entry point
    arguments: tuple[str, ...]
    script: str | None
    workdir: str
    after: frozenset[int]

    @property
    def key(self) -> str:
        content = b"".join(
            text.encode("utf-8", "surrogateescape") + b"\0" for text in self.arguments or ("",)
        )
        return hashlib.sha256(content + (self.script or "").encode("utf-8", "surrogateescape")).hexdigest()

    @property
    def line(self) -> str:
        """What the recorder says of it."""
        program = self.program or "/stand-in"
        if "/" not in program:
            program = f"/usr/sbin/{program}"
        return f"stand-in {os.path.normpath(os.path.join(self.workdir, program))} {self.key} {self.workdir}"

    def words(self) -> list[str]:
        text = " ".join((*self.arguments, self.script or ""))
        return [word.strip("\"';") for word in re.split(r"[\s=,]+", text)]


@dataclass(frozen=True, slots=True)
class Plan:
    steps: tuple[Step, ...]
    images: tuple[str, ...]
    secrets: tuple[str, ...]
    files: tuple[str, ...]  # patterns of artifacts


@dataclass(frozen=True, slots=True)
class Row:
    name: str
    steps: int
    seconds: float
    verdict: str  # passed, refused, failed, absent
    reason: str = ""


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--only", default="", help="files whose repository:path holds this")
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.name}")
    given = parser.parse_args()
    index: dict[tuple[str, str], Path] = {}
    for line in (given.corpus / "INDEX.tsv").read_text().splitlines():
        file, repository, _, path = line.split("\t")
        index[repository, path] = given.corpus / file
    rows = []
    try:
        for repository, paths in FILES.items():
            for path in paths:
                full = f"{path}cloudbuild.yaml" if path.endswith("/") else path
                if given.only in (name := f"{repository}:{full}"):
                    row = tried(name, index.get((repository, full)))
                    rows.append(row)
                    shown = f"{row.name:75} {row.steps:3} {row.seconds:6.1f} s  {row.verdict} {row.reason}"
                    print(shown, flush=True)
    finally:
        remove({STAND_IN})
    passed = sum(row.verdict == "passed" for row in rows)
    print(f"{passed} of {len(rows)} ran to the end, with {sum(row.steps for row in rows)} steps")
    if given.write:
        PAGE.write_text(page(merged(rows) if given.only else rows))
    return 0 if passed >= ENOUGH or given.only else 1


def tried(name: str, path: Path | None) -> Row:
    if path is None:
        return Row(name, 0, 0, "absent", "not in the corpus")
    text = path.read_text()
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="ctr-ci-real-", dir="/tmp") as place:
        try:
            rules, plan = "", None
            try:
                plan = planned(path, options := choice(text, "trigger"))
            except Refused as error:
                rules = f"by hand (as a trigger: {error})"
                plan = planned(path, options := choice(text, "manual"))
            problem = trial(path, text, plan, options, Path(place))
        except Refused as error:
            return Row(name, 0, time.monotonic() - started, "refused", str(error))
        except subprocess.SubprocessError as error:
            return Row(name, 0, time.monotonic() - started, "failed", str(error)[:200])
    verdict = "failed" if problem else "passed"
    return Row(name, len(plan.steps), time.monotonic() - started, verdict, problem or rules)


def choice(text: str, rules: str) -> list[str]:
    """The options of a build: a branch or a tag, and a value for each key without one."""
    raw = yaml.safe_load(text)
    known = {key for key, value in (raw.get("substitutions") or {}).items() if value}
    used = set(re.findall(r"\$\{?(_[A-Z0-9_]+)", text)) - known
    buckets = set(re.findall(r"""location: *["']?\$\{?(_[A-Z0-9_]+)""", text))
    values = [f"{key}={'gs://value' if key in buckets else 'value'}" for key in sorted(used)]
    ref = ["--tag-name", "v1.0.0"] if "TAG_NAME" in text else ["--branch-name", "main"]
    fixed = [
        "--as",
        rules,
        "--no-config",
        "--project",
        PROJECT,
        "--commit",
        "0123456789abcdef" * 2 + "01234567",
    ]
    return [*fixed, *ref, "--repo", "team/app", *(["--substitutions", ",".join(values)] if values else [])]


def planned(path: Path, options: list[str]) -> Plan:
    done = ctr_ci("plan", "/", "--config", str(path), *options, "--format", "json")
    if done.returncode != 0:
        errors = json.loads(done.stderr.strip().splitlines()[-1])["errors"]
        raise Refused("; ".join(error["message"].split("\n")[0] for error in errors))
    content = json.loads(done.stdout)
    steps = tuple(_step(step) for step in content["steps"])
    objects = (content["objects"] or {}).get("paths", [])
    fields = ("path", "deployFolder", "paths", "packagePath", "sourcePath", "file", "folder")
    packages = [path for one in content["packages"] for field in fields for path in one.get(field, ())]
    secrets = {secret for step in content["steps"] for secret in step["secrets"]}
    return Plan(steps, tuple(content["images"]), tuple(sorted(secrets)), (*objects, *packages))


def _step(content: Mapping[str, object]) -> Step:
    program, arguments = str(content["entrypoint"] or ""), content["args"] or []
    assert isinstance(arguments, list)
    script = content["script"]
    if isinstance(script, str):
        shebang = re.match(r"#![ \t]*(\S+)[ \t]*(.*)", script)
        program = shebang[1] if shebang else "/bin/sh"
        arguments = [*filter(None, [shebang[2].strip()] if shebang else ()), SCRIPT]
    after, index = content["after"], content["index"]
    assert isinstance(after, list)
    assert isinstance(index, int)
    return Step(
        index,
        str(content["image"]),
        program,
        tuple(arguments),
        script if isinstance(script, str) else None,
        os.path.normpath(str(content["workdir"])),
        frozenset(after),
    )


def trial(path: Path, text: str, plan: Plan, options: list[str], place: Path) -> str:
    """Runs the file; what is wrong with how that went, "" for nothing."""
    (source := place / "source").mkdir()
    built = makers(plan)
    taken = [name for name in built if image_id(name)]
    if taken:
        return f"the engine has {taken[0]} already"
    make_stand_in(plan)
    make_source(source, plan, built)
    builders = sorted({step.image for step in plan.steps} - built.keys())
    command = ["run", str(source), "--config", str(path), *options, "--record", str(place / "record.json")]
    command += [part for image in builders for part in ("--builder", f"{image}={STAND_IN}")]
    command += [part for name in plan.secrets for part in ("--secret", f"{name}=env:{SECRET}")]
    try:
        done = ctr_ci(*command, "--pull", "never")
        if not (place / "record.json").exists():
            return f"exit {done.returncode}: {done.stderr.strip().splitlines()[-1:]}"
        kept = record.loads(Source.decode("record.json", (place / "record.json").read_bytes()))
        return "; ".join(wrong(plan, text, kept, place / "record.events", done))
    finally:
        remove((*built, STAND_IN))


def makers(plan: Plan) -> dict[str, int]:
    """Which step has to make each image of `images:`, and each that a later step runs: the first whose
    words name it beside build or tag; for images, the last that names it at all, or the last step."""
    found: dict[str, int] = {}
    for name in dict.fromkeys(plan.images):
        naming = [step for step in plan.steps if _bare(name) in map(_bare, step.words())]
        making = [step for step in naming if _makes(step)]
        found[name] = (making[:1] or naming[-1:] or plan.steps[-1:])[0].index
    for user in plan.steps:
        earlier = (step for step in plan.steps[: user.index] if _makes(step))
        if user.image not in found or found[user.image] >= user.index:
            maker = next((step for step in earlier if _bare(user.image) in map(_bare, step.words())), None)
            if maker is not None:
                found[user.image] = maker.index
    return found


def _makes(step: Step) -> bool:
    return not {"build", "buildx", "tag", "bud", "--destination"}.isdisjoint(step.words())


def _bare(name: str) -> str:
    return name.removesuffix(":latest")


def make_stand_in(plan: Plan) -> None:
    """One image in which everything that the file's steps call is the recorder."""
    programs = {step.program for step in plan.steps if step.program.startswith("/")}
    programs |= {
        f"/usr/sbin/{step.program}" for step in plan.steps if step.program and "/" not in step.program
    }
    lines = ["set -e", "b=/bin/busybox", "$b mv /usr/bin/docker /docker"]
    for program in sorted(programs):
        lines += [f"$b mkdir -p '{os.path.dirname(program)}'", f"$b ln -sf /stand-in '{program}'"]
    with tempfile.TemporaryDirectory(prefix="ctr-ci-real-", dir="/tmp") as name:
        context = Path(name)
        (context / "stand-in").write_text(RECORDER)
        (context / "stand-in").chmod(0o755)
        run = json.dumps(["/bin/busybox", "sh", "-c", "\n".join(lines)])
        dockerfile = f'FROM {BASE}\nCOPY stand-in /stand-in\nRUN {run}\nENTRYPOINT ["/stand-in"]\nCMD []\n'
        (context / "Dockerfile").write_text(dockerfile)
        subprocess.run(["docker", "build", "-q", "-t", STAND_IN, name], check=True, capture_output=True)


def make_source(source: Path, plan: Plan, built: Mapping[str, int]) -> None:
    """What the recorder is to build for each step, the programs that steps call in the source, and a
    file for each pattern of artifacts."""
    (source / ".stand-in").mkdir()
    for name, index in built.items():
        with (source / ".stand-in" / plan.steps[index].key).open("a") as names:
            names.write(f"{name}\n")
    for step in plan.steps:
        if "/" in step.program and not step.program.startswith("/"):
            target = source / os.path.relpath(os.path.join(step.workdir, step.program), "/workspace")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(RECORDER)
            target.chmod(0o755)
    for pattern in plan.files:
        target = source / re.sub(r"[*?]+", "x", pattern.removeprefix("/workspace/"))
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text("made up\n")


def wrong(
    plan: Plan, text: str, kept: record.Record, events: Path, done: subprocess.CompletedProcess[str]
) -> Iterable[str]:
    if kept.status != "SUCCESS" or done.returncode != 0:
        last = kept.problem.found if kept.problem else "\n".join(done.stderr.strip().splitlines()[-1:])
        yield f"{kept.status}, exit {done.returncode}: {last}"
    said: dict[int, bytes] = {step.index: b"" for step in plan.steps}
    ended: list[int] = []
    waits, planned_after = waited(text), closed(plan)
    for event in journal.read(events):
        if isinstance(event, StepStarted) and (missing := waits[event.step] - set(ended)):
            yield f"step {event.step} started before the end of {sorted(missing)}"
        elif isinstance(event, StepFinished):
            ended.append(event.step)
        elif isinstance(event, StepOutput):
            said[event.step] += event.data
    if sorted(ended) != list(range(len(waits))):
        yield f"steps ended {sorted(ended)}"
    steps = {step.index: step for step in kept.steps}
    for step in plan.steps:
        lines = [_whole(line) for line in said[step.index].decode().splitlines() if line[:9] == "stand-in "]
        if lines != [step.line]:
            yield f"step {step.index} said {lines}, not {step.line}"
        for before in waits[step.index]:
            start, end = steps[step.index].started, steps[before].finished
            if start is None or end is None or start < end:
                yield f"step {step.index} began at {start}, step {before} ended at {end}"
        if waits[step.index] != planned_after[step.index]:
            yield f"step {step.index} is planned after {planned_after[step.index]}, not {waits[step.index]}"
    if {image.name for image in kept.images} != set(plan.images):
        yield f"images found: {[image.name for image in kept.images]}"


def _whole(line: str) -> str:
    """A recorder's line with the whole path of a program that was called by a relative one."""
    word, program, key, folder = line.split(" ", 3)
    return f"{word} {os.path.normpath(os.path.join(folder, program))} {key} {folder}"


def waited(text: str) -> list[set[int]]:
    """Of each step of a file, all steps that must have ended before it."""
    found: list[set[int]] = []
    index: dict[str, int] = {}
    for number, step in enumerate(yaml.safe_load(text)["steps"]):
        names = step.get("waitFor", step.get("wait_for")) or []
        names = [names] if isinstance(names, str) else names
        direct = [index[name] for name in names if name != "-"] if names else range(number)
        found.append(set(direct).union(*(found[one] for one in direct)))
        if step.get("id"):
            index[step["id"]] = number
    return found


def closed(plan: Plan) -> list[set[int]]:
    """The same by the plan."""
    found: list[set[int]] = []
    for step in plan.steps:
        found.append(set(step.after).union(*(found[one] for one in step.after)))
    return found


def ctr_ci(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The command, with the build ID that plans have: so the plan says to the letter what runs."""
    fixed = "import uuid, runpy; uuid.uuid4 = lambda: uuid.UUID(int=0);"
    command = [sys.executable, "-c", f"{fixed} runpy.run_module('ctr_ci', None, '__main__')", *arguments]
    environment = {**os.environ, SECRET: "made-up-value-7391"}
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False, timeout=LONGEST_S
    )


def image_id(name: str) -> str:
    command = ["docker", "image", "inspect", "-f", "{{.Id}}", name]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def remove(names: Iterable[str]) -> None:
    there = [name for name in names if image_id(name)]
    if there:
        subprocess.run(["docker", "rmi", "-f", *there], capture_output=True, check=False)


def merged(rows: list[Row]) -> list[Row]:
    """The page's rows, and in their places those that were tried again."""
    found = {}
    for line in PAGE.read_text().splitlines():
        if match := re.fullmatch(r"\| (\S+:\S+) \| (\d*) \| (\w+)(?:: (.*))? \|", line):
            name, steps, verdict, reason = match.groups()
            found[name] = Row(name, int(steps or 0), 0, verdict, (reason or "").replace("\\|", "|"))
    return list((found | {row.name: row for row in rows}).values())


def page(rows: list[Row]) -> str:
    tried_ = [row for row in rows if row.verdict != "absent"]
    passed = [row for row in tried_ if row.verdict == "passed"]
    lines = [
        "# Real Cloud Build configs, run",
        "",
        "Written by `benchmarks/real_configs.py CORPUS --write`: real files of public repositories, each run",
        "to its end by `ctr-ci run` with one image that stands in for every builder. In that image whatever",
        "a step calls is a recorder: it says how it was called, builds a small image under each name that",
        "the step would have built, and succeeds. So the table is about the runner, not about the builders.",
        "",
        "A file *passed* when each step ran exactly once, with the planned arguments, script and folder,",
        "after the end of every step that the file's `waitFor` (read apart from the plan) puts before it;",
        "when steps found the images that earlier ones built, and `images:` and `artifacts:` what they",
        "name; and when the build ended with SUCCESS. *Refused*: before anything ran; Google does too,",
        "but for a duplicate key, of which gcloud takes the first with a warning.",
        "",
        f"{len(passed)} of {len(tried_)} passed, with {sum(row.steps for row in passed)} steps.",
        "",
        "| file | steps | verdict |",
        "|---|---:|---|",
    ]
    for row in tried_:
        verdict = f"{row.verdict}: {row.reason}" if row.reason else row.verdict
        escaped = verdict.replace("|", "\\|").replace("\n", " ")
        lines.append(f"| {row.name} | {row.steps or ''} | {escaped} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    raise SystemExit(main())
