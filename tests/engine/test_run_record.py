"""What a run writes down: the same for equal builds but for times and ids, and true to its schema."""

from __future__ import annotations

import json
import re
from pathlib import Path

from jsonschema import Draft202012Validator

from ctr_ci.record import dumps
from ctr_ci.reference.record_schema import render
from testbed.builds import Builds, sh

# The numbers of moments, of the build, and of what is made anew each time.
FLEETING = ("started", "finished", "build_id", "digest", "since")


def still(value: object) -> object:
    """A record without times and ids."""
    if isinstance(value, dict):
        kept = {key: still(item) for key, item in value.items() if key not in FLEETING}
        return {key: item for key, item in kept.items() if key != "BUILD_ID"}
    if isinstance(value, list):
        return [still(item) for item in value]
    return re.sub(r"build-\d+\.json", "build.json", value) if isinstance(value, str) else value


def test_equal_builds_differ_in_times_and_ids_only(ran: Builds, tmp_path: Path) -> None:
    steps = (
        sh("echo hello; echo out > $BUILDER_OUTPUT/output", id="one"),
        {"args": ["false"], "allowFailure": True},
    )
    first, second = (json.loads(dumps(ran(*steps).record)) for _ in range(2))
    assert first["build_id"] != second["build_id"]
    assert still(first) == still(second)


def test_a_record_of_a_real_run_fits_its_schema_and_holds_the_commands(ran: Builds) -> None:
    done = ran(sh("true"), {"script": "#!/bin/sh -e\ntrue\n"}, {})
    content = json.loads(dumps(done.record))
    Draft202012Validator(json.loads(render())).validate(content)
    assert [step["command"] for step in content["steps"]] == [
        ["sh", "-c", "true"],
        ["/bin/sh", "-e", "#!/bin/sh -e\ntrue\n"],
        [],
    ]
