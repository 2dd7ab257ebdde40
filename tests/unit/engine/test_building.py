"""The lines of a build's answer: its log, its images, its failure."""

from __future__ import annotations

import json
from urllib.parse import parse_qs

import pytest

from ctr_ci.engine import BuildFailed, BuildLine
from ctr_ci.engine.building import lines, query

CLASSIC = [
    {"stream": "Step 1/2 : FROM debian"},
    {"stream": "\n"},
    {"stream": " ---\u003e a049649e06f2\n"},
    {"stream": "Step 2/2 : RUN make"},
    {"stream": " ---\u003e Running in 931f3242ac22\n"},
    {"stream": "cc -o app app.c\n"},
]


@pytest.mark.parametrize("step", [1, 7, 1 << 16])
def test_text_and_images_of_the_classic_builder(step: int) -> None:
    said = [*CLASSIC, {"aux": {"ID": "sha256:f0c9"}}]
    raw = b"\r\n".join(json.dumps(one).encode() for one in said)
    found = list(lines(raw[at : at + step] for at in range(0, len(raw), step)))
    assert [one.image_id for one in found if one.image_id] == ["a049649e06f2", "sha256:f0c9"]
    assert BuildLine("cc -o app app.c") in found


def test_buildkit_s_own_log_is_passed_over() -> None:
    said = [
        {"id": "moby.buildkit.trace", "aux": "CmsKR3No"},
        {"id": "moby.image.id", "aux": {"ID": "sha256:5849"}},
    ]
    assert list(lines([json.dumps(one).encode() + b"\n" for one in said])) == [
        BuildLine(image_id="sha256:5849")
    ]


def test_a_failure_inside_the_stream_shows_the_end_of_the_log() -> None:
    said = [*CLASSIC, {"error": "The command '/bin/sh -c make' returned a non-zero code: 2"}]
    with pytest.raises(BuildFailed) as failed:
        list(lines([json.dumps(one).encode() + b"\n" for one in said]))
    problem = failed.value.problems[0]
    assert "returned a non-zero code: 2" in problem.found
    assert problem.help.splitlines()[-1] == "cc -o app app.c"


def test_arguments_go_along_and_nothing_is_named() -> None:
    told = parse_qs(query("a/Dockerfile", (("V", "1&2"),), buildkit=True))
    assert json.loads(told["buildargs"][0]) == {"V": "1&2"}
    assert (told["dockerfile"], told["version"]) == (["a/Dockerfile"], ["2"])
    assert "t" not in told
