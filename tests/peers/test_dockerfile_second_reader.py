"""dockerfile-parse, with what it does not know masked, cuts a file as we do; and tells when it was broken."""

from __future__ import annotations

import pytest

from ctr_ci.dockerfile import parse, second_reading
from ctr_ci.dockerfile.second_reader import disagreement, readings
from ctr_ci.source import Source

FILES = [
    "FROM a\nRUN a \\\n\n# c\n && b\nRUN c",
    "FROM a\nRUN a\\\\\nRUN b\n",
    "\ufeffFROM a AS b\r\nRUN c \\\r\n d\r\n",
    "# check=skip=all\n# escape=`\nFROM a\nCOPY a c:\\\nRUN b `\n c\n",
    "FROM a\nRUN cat <<A >/x && cat <<B\nRUN x\nA\nFROM y\nB\nRUN c",
    "FROM a\nCOPY <<-'E' /x\n\tFROM evil\n\tE\nENV a=b c=d\n",
    "FROM a\n  \\\nRUN b\n",
    "FROM a\nRUN b \\",
    'ARG A=1\nFROM a:$A\nCMD ["a", "b"]\n# end\n',
]


@pytest.mark.parametrize("text", FILES)
def test_the_second_reader_agrees(text: str) -> None:
    assert disagreement(parse(Source("Dockerfile", text))) == ""


def test_it_reads_for_itself() -> None:
    found = readings(parse(Source("Dockerfile", "FROM a\nRUN <<E\nFROM evil\nE\nCOPY a \\\n\n b\n")))
    assert [(each.keyword, each.start_line, each.end_line) for each in found] == [
        ("FROM", 1, 1),
        ("RUN", 2, 2),
        ("COPY", 5, 7),
    ]


def test_a_difference_is_told() -> None:
    dockerfile = parse(Source("Dockerfile", "FROM a\nghc-devel\\\n"))
    assert not second_reading(dockerfile)
    assert "line 2" in disagreement(dockerfile)
