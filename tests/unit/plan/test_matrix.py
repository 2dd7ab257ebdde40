"""A monorepo's builds in waves, by the command."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path
from typing import Any

import pytest

from ctr_ci.problem import Exit, InputError
from ctr_ci.verbs.build_inputs import BuildChoice
from ctr_ci.verbs.plan import Request, plan

DOCKER = "gcr.io/cloud-builders/docker"


def build(folder: Path, *words: str, dockerfile: str, name: str = "cloudbuild.yaml", **more: object) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "Dockerfile").write_text(dockerfile)
    step = {"name": DOCKER, "args": ["build", *words]}
    (folder / name).write_text(json.dumps({"steps": [step], **more}))


def matrices(folder: Path, choice: BuildChoice | None = None) -> list[dict[str, list[dict[str, Any]]]]:
    out, err = io.StringIO(), io.StringIO()
    given = choice or BuildChoice(project="proj", commit="c" * 40)
    assert plan(Request(folder, given, "text", "github"), {}, out, err) is Exit.DONE
    assert out.getvalue().count("\n") == 1  # a line, as $GITHUB_OUTPUT takes it
    found: list[dict[str, list[dict[str, Any]]]] = json.loads(out.getvalue())
    return found


def names(found: list[dict[str, list[dict[str, Any]]]]) -> list[list[str]]:
    return [[job["name"] for job in wave["include"]] for wave in found]


def test_a_build_comes_after_those_whose_images_it_starts_from(tmp_path: Path) -> None:
    image = "gcr.io/$PROJECT_ID/base:$SHORT_SHA"
    build(tmp_path / "z-base", "-t", image, ".", dockerfile="FROM debian:12\n", images=[image])
    build(
        tmp_path / "services/api",
        *("--build-arg", "FROM=gcr.io/proj/base:live", "--tag=gcr.io/proj/api", "."),
        dockerfile="ARG FROM\nFROM $FROM AS build\nFROM scratch\nCOPY --from=build /a /a\n",
    )
    build(
        tmp_path / "services/web",
        *("-t", "gcr.io/proj/web", "."),
        dockerfile="FROM node:20\nCOPY --from=gcr.io/proj/api@sha256:" + "0" * 64 + " /a /a\n",
    )
    build(tmp_path / "alone", "-t", "gcr.io/proj/alone", ".", dockerfile="FROM gcr.io/other/base\n")
    found = matrices(tmp_path)
    assert names(found) == [["alone", "z-base"], ["services/api"], ["services/web"]]
    assert found[1]["include"] == [
        {
            "name": "services/api",
            "source": "services/api",
            "config": "services/api/cloudbuild.yaml",
            "images": "gcr.io/proj/api",
            "needs": "z-base",
        }
    ]


def test_a_build_whose_steps_name_its_folder_gets_the_top_as_its_source(tmp_path: Path) -> None:
    build(tmp_path / "a", "-t", "x/a", "-f", "a/Dockerfile", ".", dockerfile="FROM scratch\n")
    build(tmp_path / "b", "-t", "x/b", "./b", dockerfile="FROM scratch\n")
    build(tmp_path / "c", "-t", "x/c", ".", dockerfile="FROM scratch\n")
    build(tmp_path / "d", "-t", "c/d", "-f", "Dockerfile", ".", dockerfile="FROM scratch\n")
    sources = {job["name"]: job["source"] for job in matrices(tmp_path)[0]["include"]}
    assert sources == {"a": ".", "b": ".", "c": "c", "d": "d"}


def test_several_configs_of_a_folder_are_several_builds(tmp_path: Path) -> None:
    build(tmp_path, "-t", "x/top", ".", dockerfile="FROM scratch\n")
    build(tmp_path / "a", "-t", "x/a", ".", dockerfile="FROM x/top\n")
    build(tmp_path / "a", "-t", "x/a", ".", dockerfile="FROM x/top\n", name="cloudbuild-nightly.yml")
    build(tmp_path / "b", "-t", "x/b", ".", dockerfile="FROM x/a:1\n")
    found = matrices(tmp_path)
    assert names(found) == [["cloudbuild.yaml"], ["a/cloudbuild-nightly.yml", "a"], ["b"]]
    assert found[2]["include"][0]["needs"] == "a/cloudbuild-nightly.yml a"


def test_a_circle_is_told_with_its_way(tmp_path: Path) -> None:
    build(tmp_path / "a", "-t", "x/a", ".", dockerfile="FROM x/b\n")
    build(tmp_path / "b", "-t", "x/b", ".", dockerfile="FROM x/c\n")
    build(tmp_path / "c", "-t", "x/c", ".", dockerfile="FROM x/b\n")
    with pytest.raises(InputError, match="each other's images: b needs c needs b"):
        matrices(tmp_path)


def test_problems_of_all_configs_are_told_at_once(tmp_path: Path) -> None:
    for name in ("a", "b"):
        build(tmp_path / name, "-t", "x/a", ".", dockerfile="FROM scratch\n", stepz=[])
    with pytest.raises(InputError) as told:
        matrices(tmp_path)
    assert {Path(one.path).parent.name for one in told.value.problems} == {"a", "b"}


def test_a_matrix_of_one_build_or_of_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no cloudbuild\.yaml here or below"):
        matrices(tmp_path)
    with pytest.raises(InputError, match="is no folder"):
        matrices(tmp_path / "no")
    for one in (BuildChoice(tag="x/a"), BuildChoice(config="c.yaml")):
        with pytest.raises(InputError, match="--matrix with one build"):
            matrices(tmp_path, one)


def test_more_jobs_than_a_matrix_may_have_are_told(tmp_path: Path) -> None:
    for number in range(257):
        build(tmp_path / f"s{number}", "-t", f"x/s{number}", ".", dockerfile="FROM scratch\n")
    with pytest.raises(InputError, match="257 builds that need no other; expected at most 256"):
        matrices(tmp_path)


def test_a_dockerfile_that_is_named_and_lies_elsewhere_and_a_mount_count(tmp_path: Path) -> None:
    build(tmp_path / "z", "-t", "x/z", ".", dockerfile="FROM scratch\n")
    build(tmp_path / "y", "-t", "x/y", ".", dockerfile="FROM a\nRUN --mount=from=x/z,target=/m ls\n")
    build(tmp_path / "a", "-t", "x/a", "-f", "docker/a.Dockerfile", ".", dockerfile="FROM scratch\n")
    (tmp_path / "docker").mkdir()
    (tmp_path / "docker" / "a.Dockerfile").write_text("FROM x/y\n")
    assert names(matrices(tmp_path)) == [["z"], ["y"], ["a"]]


def test_a_pipe_that_is_called_like_a_dockerfile_is_passed_over(tmp_path: Path) -> None:
    build(tmp_path / "a", "-t", "x/a", ".", dockerfile="FROM scratch\n")
    os.mkfifo(tmp_path / "a" / "Dockerfile.pipe")
    assert names(matrices(tmp_path)) == [["a"]]
