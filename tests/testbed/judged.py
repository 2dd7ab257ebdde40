"""One gate asked of one image of a real engine."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType

from ctr_ci import document
from ctr_ci.document import Map
from ctr_ci.engine import BUILD_LABEL, OWNER_LABEL, Engine
from ctr_ci.gate import Policy, Surroundings, judge, load
from ctr_ci.record import ImageRecord, Record
from ctr_ci.source import Source
from testbed.broker import direct


@contextmanager
def built(engine_socket: str, dockerfile: str, folder: Path, name: str) -> Iterator[str]:
    """The ID of an image that a Dockerfile makes, gone at the end."""
    (folder / "Dockerfile").write_text(dockerfile)
    name = f"{name}-{os.getpid()}"  # an unnamed parent goes with its last child
    done = direct(engine_socket, "build", "-q", "-t", name, str(folder))
    assert done.code == 0, done.err
    yield done.out.strip()
    direct(engine_socket, "rmi", name)


def record(image_id: str) -> Record:
    return Record(
        build_id="b",
        status="SUCCESS",
        started=0,
        finished=1,
        source=(),
        config_path="",
        config_digest="",
        substitutions=(),
        steps=(),
        images=(ImageRecord("app", image_id, ()),),
    )


def policy(text: str) -> Policy:
    node = document.load(Source("ctr-ci.yaml", text))
    assert isinstance(node, Map)
    return load(None, node.entries[0].value, None, "ctr-ci.yaml")


def said(
    engine: Engine,
    image_id: str,
    gate: str,
    folder: Path = Path(),
    environment: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """What the gate says against the image, "" where it passes. Nothing of its trial is left behind."""
    labels = ((BUILD_LABEL, "gate-test"), (OWNER_LABEL, "test/0/0"))
    around = Surroundings(
        engine,
        labels,
        folder,
        lambda: 1.0,
        lambda level: f"no lint at {level}",
        environment=environment,
    )
    (decided,) = judge(record(image_id), policy(f"gates:\n- {gate}\n"), around)
    assert decided.image_id == image_id
    assert decided.because
    owned = [each for each in engine.owned() if each.build_id == "gate-test"]
    assert owned == []
    return decided.because if decided.verdict == "failed" else ""
