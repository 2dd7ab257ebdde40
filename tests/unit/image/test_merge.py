"""Layers on top of each other: what shows, what is hidden by what, and that no byte is lost or doubled."""

from __future__ import annotations

import tarfile

from hypothesis import given, settings
from hypothesis import strategies as st

from ctr_ci.image.merge import Merged
from unit.image.pack import Content, hard, layer, link, merged


def tree(found: Merged) -> dict[str, int]:
    return {path: each.layer for path, each in found.tree.items() if each.entry.kind != "directory"}


def hidden(found: Merged) -> list[tuple[str, int, int, str]]:
    return sorted((s.path, s.layer, s.by, s.how) for s in found.shadows)


def test_a_whiteout_deletes_a_file() -> None:
    found = merged({"a": b"1", "b": b"2"}, {".wh.a": b""})
    assert tree(found) == {"b": 0}
    assert hidden(found) == [("a", 0, 1, "deleted")]


def test_a_whiteout_of_a_folder_deletes_all_below_and_nothing_beside() -> None:
    found = merged(
        {"d": None, "d/x": b"1", "d/e": None, "d/e/y": b"2", "d.txt": b"3", "d0": b"4"}, {".wh.d": b""}
    )
    assert tree(found) == {"d.txt": 0, "d0": 0}
    assert hidden(found) == [("d/e/y", 0, 1, "deleted"), ("d/x", 0, 1, "deleted")]


def test_an_opaque_folder_hides_below_but_not_its_own() -> None:
    found = merged({"d": None, "d/x": b"1", "d/y": b"2"}, {"d": None, "d/.wh..wh..opq": b"", "d/x": b"new"})
    assert tree(found) == {"d/x": 1}
    assert hidden(found) == [("d/x", 0, 1, "overwritten"), ("d/y", 0, 1, "deleted")]


def test_an_opaque_root_hides_everything() -> None:
    assert tree(merged({"a": b"1", "d": None, "d/b": b"2"}, {".wh..wh..opq": b"", "c": b"3"})) == {"c": 1}


def test_the_same_bytes_with_another_mode_are_stored_again() -> None:
    info = tarfile.TarInfo()
    info.mode, info.size = 0o755, 0
    found = merged({"a": b"same", "b": b"old"}, [("a", b"same"), ("b", b"new")])  # type: ignore[arg-type]
    assert hidden(found) == [("a", 0, 1, "stored again"), ("b", 0, 1, "overwritten")]


def test_a_folder_replaced_by_a_symlink_takes_its_content_along() -> None:
    found = merged({"lib": None, "lib/a": b"1", "usr/lib/a": b"2"}, {"lib": link("usr/lib")})
    assert tree(found) == {"usr/lib/a": 0, "lib": 1}
    assert hidden(found) == [("lib/a", 0, 1, "deleted")]
    assert found.real("lib/a") == "usr/lib/a"


def test_a_file_below_a_symlink_makes_it_a_folder() -> None:
    found = merged({"lib": link("usr/lib"), "usr/lib/a": b"2"}, {"lib/b": b"3"})
    assert tree(found) == {"usr/lib/a": 0, "lib/b": 1}


def test_hard_links_count_once_and_outlive_their_first_name() -> None:
    found = merged({"a": b"12345", "b": hard("a"), "c": hard("b")}, {".wh.a": b""})
    assert hidden(found) == []
    assert sum(each.entry.size for each in found.tree.values()) == 5
    gone = merged({"a": b"12345", "b": hard("a")}, {".wh.a": b"", ".wh.b": b""})
    assert hidden(gone) == [("a", 0, 1, "deleted")]


def test_the_last_of_two_entries_of_one_name_counts() -> None:
    found = layer([("a", b"first"), ("a", b"second!")])
    assert found.entries["a"].size == 7


def test_symlinks_are_followed_and_loops_end() -> None:
    found = merged(
        {
            "bin": link("usr/bin"),
            "usr/bin/sh": link("dash"),
            "x": link("y"),
            "y": link("x"),
            "up": link("/a/../bin"),
        }
    )
    assert found.real("bin/sh") == "usr/bin/dash"
    assert found.folder("bin/sh") == "usr/bin/sh"
    assert found.real("up/sh") == "usr/bin/dash"
    assert found.real("x/z") in ("x/z", "y/z")


NAMES = st.sampled_from(["a", "b", "d", "d/a", "d/b", "d/e", "d/e/a", "f/a"])
STEPS = st.lists(
    st.tuples(st.sampled_from(["put", "delete", "opaque"]), NAMES, st.binary(min_size=1, max_size=3)),
    max_size=6,
)


@settings(max_examples=200, deadline=None)
@given(st.lists(STEPS, min_size=1, max_size=4))
def test_every_stored_byte_shows_or_is_hidden_exactly_once(steps: list[list[tuple[str, str, bytes]]]) -> None:
    layers: list[dict[str, Content]] = []
    model: dict[str, bytes] = {}
    for each in steps:
        made: dict[str, Content] = {}
        fresh: dict[str, bytes] = {}
        for act, path, content in each:
            folder, _, base = path.rpartition("/")
            prefix = f"{folder}/" if folder else ""
            if act == "put" and not any(p.startswith(f"{path}/") or path.startswith(f"{p}/") for p in fresh):
                made[path] = fresh[path] = content
            elif act == "delete" and path not in made:
                made[f"{prefix}.wh.{base}"] = b""
                model = {p: c for p, c in model.items() if p != path and not p.startswith(f"{path}/")}
            elif act == "opaque" and not any(path == p or path.startswith(f"{p}/") for p in fresh):
                made[f"{path}/.wh..wh..opq"] = b""
                model = {p: c for p, c in model.items() if not p.startswith(f"{path}/")}
        for path in fresh:
            model = {
                p: c
                for p, c in model.items()
                if not p.startswith(f"{path}/") and not path.startswith(f"{p}/")
            }
        model |= fresh
        layers.append(made)
    read = [layer(each) for each in layers]
    found = merged(*layers)
    assert {p: f.entry.size for p, f in found.tree.items() if f.entry.size} == {
        p: len(c) for p, c in model.items()
    }
    stored = sum(entry.size for each in read for entry in each.entries.values())
    assert stored == sum(f.entry.size for f in found.tree.values()) + sum(s.entry.size for s in found.shadows)
