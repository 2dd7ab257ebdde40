"""Builds run in this process on a real engine, as `ctr-ci run` runs them."""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from urllib.parse import quote

from ctr_ci import record
from ctr_ci.problem import Exit
from ctr_ci.record import Record
from ctr_ci.verbs.build_inputs import BuildChoice
from ctr_ci.verbs.run import run
from ctr_ci.verbs.run_request import Request, World
from ctr_ci.verbs.selection import Selection
from testbed import api

Step = dict[str, object]


def sh(command: str, **more: object) -> Step:
    """A step that runs a shell command; its dollars are the shell's."""
    return {"args": ["sh", "-c", command.replace("$", "$$")], **more}


@dataclass(frozen=True)
class Ran:
    """What one build did: exit code, both streams, its record."""

    exit: Exit
    out: str
    err: str
    record: Record

    @property
    def statuses(self) -> list[str]:
        return [step.status for step in self.record.steps]


@dataclass
class Builds:
    """Call it with steps to run a build; it also checks that nothing of the build is left."""

    socket: str
    image: str
    folder: Path
    count: int = 0

    def __call__(
        self,
        *steps: Step,
        config: dict[str, object] | None = None,
        source: Path | None = None,
        selection: Selection | None = None,
        rules: str = "trigger",
        **options: object,
    ) -> Ran:
        self.count += 1
        config_file = self.folder / f"build-{self.count}.json"
        record_file = self.folder / f"record-{self.count}.json"
        content = {"steps": [{"name": self.image, **step} for step in steps], **(config or {})}
        config_file.write_text(json.dumps(content))
        request = Request(
            source=str(source) if source else "",
            choice=BuildChoice(config=str(config_file), use_config=False, rules=rules),
            selection=selection or Selection(),
            record=record_file,
            **{"engine": f"unix://{self.socket}", **options},  # type: ignore[arg-type]
        )
        out, err = BytesIO(), BytesIO()
        world = World(out, err, dict(os.environ), time.time, self.folder)
        code = run(request, world)
        made = record.read(record_file)
        assert made.status != "UNFINISHED"
        assert leftovers(self.socket, made.build_id) == []
        return Ran(code, out.getvalue().decode(), err.getvalue().decode(), made)


def leftovers(socket: str, build_id: str = "") -> list[str]:
    """The names of all that is left of a build (of any build by default) in an engine."""
    label = f"ctr-ci.build={build_id}" if build_id else "ctr-ci.build"
    query = f"filters={quote(json.dumps({'label': [label]}))}"
    containers = json.loads(api.call(socket, "GET", f"/containers/json?all=1&{query}"))
    networks = json.loads(api.call(socket, "GET", f"/networks?{query}"))
    volumes = json.loads(api.call(socket, "GET", f"/volumes?{query}"))["Volumes"] or []
    names = [container["Names"][0] for container in containers]
    return names + [thing["Name"] for thing in (*networks, *volumes)]


def remove_images(socket: str, repository: str) -> None:
    """Removes all tags of a repository from an engine."""
    query = quote(json.dumps({"reference": [repository]}))
    for image in json.loads(api.call(socket, "GET", f"/images/json?filters={query}")):
        for name in image["RepoTags"] or ():
            if name.rpartition(":")[0] == repository:
                api.call(socket, "DELETE", f"/images/{quote(name)}?force=1")
