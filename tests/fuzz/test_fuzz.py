"""A few seconds of each fuzz target, the same texts every time."""

from __future__ import annotations

import pytest

from fuzz.targets import TARGETS, made

# Texts that once broke a target.
KNOWN = [
    b'FROM a:1\nCMD ["a\\x"]\n',
    b'FROM a:1\nCMD ["\x01",]\n',
]
COUNT = {"parser": 400, "shell": 400, "pragmas": 60, "fixes": 40}


@pytest.mark.parametrize("name", sorted(TARGETS))
def test_any_text_is_borne(name: str) -> None:
    for data in [*KNOWN, *(made(seed) for seed in range(COUNT[name]))]:
        TARGETS[name](data)
