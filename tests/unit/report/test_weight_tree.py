"""The tree of folders: adds up, the heaviest first, nothing of weight left out."""

from __future__ import annotations

from ctr_ci.report.weight_text import weight_text
from ctr_ci.report.weight_tree import weight_tree
from unit.image.pack import weigh

WEIGHT = weigh(
    {
        "usr/include/deep/er/a.h": b"h" * 60_000,
        "usr/bin/app": b"a" * 30_000,
        "etc/gone": b"g" * 8_000,
        "etc/\x1b[2Jevil": b"e" * 1_500,
        "etc/tiny": b"t" * 400,
        "root": b"",
    },
    {"etc/.wh.gone": b"", "usr/include/deep/b.h": b"b" * 100},
)


def test_every_folder_has_the_bytes_of_all_its_layers() -> None:
    assert WEIGHT.size_bytes == 100_000
    assert list(weight_tree(WEIGHT, 2)) == [
        "         size  build-only     waste  path",
        "       100 kB       60 kB      8 kB  /",
        "        90 kB       60 kB         ·  ├─ usr/",
        "        60 kB       60 kB         ·  │  ├─ include/",
        "        30 kB           ·         ·  │  └─ bin/",
        "        10 kB           ·      8 kB  └─ etc/",
        "         8 kB           ·      8 kB     ├─ gone",
        "         2 kB           ·         ·     ├─ \\x1b[2Jevil",
        "        400 B           ·         ·     └─ 1 smaller",
    ]


def test_the_depth_is_how_many_names_are_shown() -> None:
    assert [line.split("  ")[-1] for line in weight_tree(WEIGHT, 1)] == ["path", "/", "├─ usr/", "└─ etc/"]
    paths = "\n".join(weight_tree(WEIGHT, 9))
    assert "a.h" in paths
    assert "er/" in paths


def test_the_text_has_it_where_it_is_asked_for() -> None:
    assert "└─ etc/" not in "\n".join(weight_text(WEIGHT))
    assert "└─ etc/" in "\n".join(weight_text(WEIGHT, depth=1))
