"""Layers get the instruction that made them, as a Dockerfile would say it."""

from __future__ import annotations

import json

import pytest

from ctr_ci.image.config import instruction, parse
from ctr_ci.problem import InputError


@pytest.mark.parametrize(
    ("created_by", "said"),
    [
        ('/bin/sh -c #(nop)  CMD ["sh"]', 'CMD ["sh"]'),
        ("/bin/sh -c #(nop) COPY file:1f2e in /app ", "COPY file:1f2e in /app"),
        ("/bin/sh -c apt-get update && true", "RUN apt-get update && true"),
        ("|2 A=b C=d e /bin/sh -c make all", "RUN make all"),
        ("|1 A=b /bin/sh -c #(nop) COPY dir:ab in /x", "COPY dir:ab in /x"),
        ("RUN /bin/sh -c make # buildkit", "RUN make"),
        ("RUN |1 V=2 /bin/sh -c make all # buildkit", "RUN make all"),
        ("RUN /bin/bash -o pipefail -c curl x | sh # buildkit", "RUN curl x | sh"),
        ("COPY /src /dst # buildkit", "COPY /src /dst"),
        ("ENV A=b", "ENV A=b"),
        ("/bin/true", "RUN /bin/true"),
        ("WORKDIR /app", "WORKDIR /app"),
        ("", ""),
    ],
)
def test_history_reads_as_instructions(created_by: str, said: str) -> None:
    assert instruction(created_by) == said


def config(history: list[dict[str, object]], layers: int) -> bytes:
    return json.dumps(
        {
            "os": "linux",
            "architecture": "amd64",
            "config": {"Entrypoint": None, "Cmd": ["a"], "Env": ["PATH=/x:/y"]},
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{n}" for n in range(layers)]},
            "history": history,
        }
    ).encode()


LAYER: dict[str, object] = {"created_by": "/bin/sh -c true"}
EMPTY: dict[str, object] = {"created_by": '/bin/sh -c #(nop)  CMD ["sh"]', "empty_layer": True}


def test_empty_entries_stand_for_no_layer() -> None:
    made = parse(config([LAYER, EMPTY, {"created_by": "COPY a b # buildkit"}], 2))
    assert [maker.text for maker in made.makers if maker] == ["RUN true", "COPY a b"]
    assert made.base_layers == 1
    assert made.search_path == ("/x", "/y")
    assert made.command == ("a",)


def test_a_history_that_does_not_fit_says_nothing() -> None:
    made = parse(config([LAYER, LAYER, EMPTY], 1))
    assert made.makers == (None,)
    assert made.base_layers == 0


def test_null_entries_and_a_missing_history_are_borne() -> None:
    assert parse(config([{}, {"created_by": None}], 2)).makers[0] is not None
    assert parse(config([], 3)).makers == (None, None, None)


def test_an_imported_filesystem_is_the_base() -> None:
    made = parse(config([{"comment": "Imported from -"}, LAYER, LAYER], 3))
    assert made.base_layers == 1
    assert made.makers[0] is not None
    assert made.makers[0].text == "Imported from -"


@pytest.mark.parametrize("raw", [b"", b"[]", b"{}", b'{"rootfs": 3}', b"\xff", b"[" * 200_000])
def test_other_bytes_are_no_config(raw: bytes) -> None:
    with pytest.raises(InputError, match="config is not readable"):
        parse(raw)
