"""The action as a consumer's workflow meets it: `act` in host mode, from a copy of what is checked in."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
ACT = Path(sys.executable).with_name("act")
WORKFLOW = """\
on: push
jobs:
  job:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v7
      - id: it
        uses: org/ctr-action@v1
        with: {inputs}
        env: {env}
      - if: always()
        env:
          OUTPUTS: ${{{{ toJSON(steps.it.outputs) }}}}
          PAGE: ${{{{ steps.it.outputs.report }}}}
        run: printf '%s' "$OUTPUTS" >"$REPORT"; [ -z "$PAGE" ] || cp "$PAGE" "$REPORT.html"
"""


@dataclass(frozen=True, slots=True)
class Done:
    """How a job went. `annotations`: level, file, line and text of each; `log`: what was printed,
    without the workflow commands that acted; `page`: the HTML report."""

    passed: bool
    outputs: dict[str, str]
    annotations: tuple[tuple[str, str, str, str], ...]
    summary: str
    log: str
    page: str


def checkout(folder: Path) -> Path:
    """A copy of the files as they are now, but for ignored ones: what `uses:` would fetch."""
    target = folder / "ctr-action"
    ask = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(ask, cwd=ROOT, capture_output=True, check=True).stdout
    for name in listed.decode().split("\0"):
        if name and (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target / name)
    return target


def use(
    action: Path,
    repository: Path,
    home: Path,
    inputs: Mapping[str, str],
    env: Mapping[str, str] | None = None,
    event: Mapping[str, object] | None = None,
    event_name: str = "push",
    secrets: Mapping[str, str] | None = None,
    more: Mapping[str, str] | None = None,
) -> Done:
    """Runs a workflow that uses the action with these inputs in a repository's folder.

    `home` takes act's and the action's caches. `env` is the step's; `more` the whole job's.
    """
    workflow = repository / ".github" / "workflows" / "ci.yml"
    workflow.parent.mkdir(parents=True, exist_ok=True)
    text = WORKFLOW.format(inputs=json.dumps(dict(inputs)), env=json.dumps(dict(env or {})))
    workflow.write_text(text.replace("on: push", f"on: {event_name}"))
    if not (repository / ".git").exists():
        subprocess.run(["git", "init", "-q", "-b", "main", "."], cwd=repository, check=True)
    report = home / "outputs.json"
    page = home / "outputs.json.html"
    for left in (report, page):
        left.unlink(missing_ok=True)
    arguments = [str(ACT), event_name, "--json", "-P", "ubuntu-latest=-self-hosted"]
    arguments += ["--local-repository", f"org/ctr-action@v1={action}", "--env", f"REPORT={report}"]
    for name, value in (more or {}).items():
        arguments += ["--env", f"{name}={value}"]
    for name, value in (secrets or {}).items():
        arguments += ["-s", f"{name}={value}"]
    if event is not None:
        payload = home / "event.json"
        payload.write_text(json.dumps(event))
        arguments += ["-e", str(payload)]
    done = subprocess.run(
        arguments,
        cwd=repository,
        env=os.environ | {"HOME": str(home), "XDG_CACHE_HOME": str(home / ".cache")},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    outputs: dict[str, str] = json.loads(report.read_text()) if report.is_file() else {}
    return _read(done.returncode == 0, outputs, done.stdout, page.read_text() if page.is_file() else "")


def _read(passed: bool, outputs: dict[str, str], said: str, page: str) -> Done:
    annotations, summary, log = [], "", []
    for line in said.splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            log.append(line)
            continue
        kind, pairs = entry.get("command"), entry.get("kvPairs") or {}
        if kind in ("error", "warning", "notice"):
            annotations.append((kind, pairs.get("file", ""), pairs.get("line", ""), entry["arg"]))
        elif kind == "summary":
            summary = entry["content"]
        elif entry.get("raw_output"):
            log.append(entry["msg"].rstrip("\n"))
    return Done(passed, outputs, tuple(annotations), summary, "\n".join(log), page)
