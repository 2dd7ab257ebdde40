"""The lean tar reader agrees with the standard library's on whatever that one writes."""

from __future__ import annotations

import io
import subprocess
import tarfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ctr_ci.image.stream import Stream, Truncated
from ctr_ci.image.tar import Member, clean, members
from ctr_ci.problem import InputError
from unit.image.pack import cut, hard, link, pack

NAMES = st.text(st.characters(exclude_characters="\0/", codec="utf-8"), min_size=1, max_size=120)
PATHS = st.lists(NAMES.filter(lambda name: name not in (".", "..")), min_size=1, max_size=4).map("/".join)


def listed(raw: bytes, step: int = 1000) -> list[Member]:
    return list(members(Stream(cut(raw, step))))


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(PATHS, st.binary(max_size=2000), max_size=6),
    st.sampled_from([tarfile.PAX_FORMAT, tarfile.GNU_FORMAT]),
    st.integers(1, 3000),
)
def test_names_sizes_and_content_are_those_that_were_packed(
    files: dict[str, bytes], form: int, step: int
) -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=form) as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    stream = Stream(cut(packed.getvalue(), step))
    found = {member.name: b"".join(map(bytes, stream.pieces(member.stored))) for member in members(stream)}
    assert found == {clean(name): content for name, content in files.items()}


def test_links_are_told_apart_and_hold_no_bytes() -> None:
    raw = pack({"a": b"x" * 600, "b": hard("a"), "c": link("../a")})
    assert [(m.name, m.kind, m.size, m.link) for m in listed(raw)] == [
        ("a", "file", 600, ""),
        ("b", "hard link", 0, "a"),
        ("c", "symlink", 0, "../a"),
    ]


def test_names_are_paths_from_the_root() -> None:
    raw = pack([("./", None), ("./etc/", None), ("/etc/passwd", b"x"), ("usr//bin/./sh", b"y")])
    assert [member.name for member in listed(raw)] == ["", "etc", "etc/passwd", "usr/bin/sh"]


def test_extended_attributes_come_along() -> None:
    info = tarfile.TarInfo("ping")
    info.pax_headers = {"SCHILY.xattr.security.capability": "caps"}
    assert listed(pack({"ping": info}))[0].extended == (("security.capability", b"caps"),)


@pytest.mark.parametrize("form", ["oldgnu", "posix"])
def test_a_sparse_file_has_its_real_size_and_takes_what_is_stored(form: str, tmp_path: Path) -> None:
    sparse = tmp_path / "sparse"
    with sparse.open("wb") as file:
        for at in range(30):  # more pieces than one header has room for
            file.seek(at * 1_000_000)
            file.write(b"data")
        file.truncate(40_000_000)
    (tmp_path / "after").write_bytes(b"next")
    made = subprocess.run(
        ["tar", f"--format={form}", "--sparse", "-cf", "-", "sparse", "after"],
        cwd=tmp_path,
        capture_output=True,
        check=True,
    )
    found = {member.name: member for member in listed(made.stdout)}
    assert set(found) == {"sparse", "after"}
    assert found["sparse"].size == 40_000_000
    assert found["sparse"].stored < 1_000_000
    assert found["after"].size == 4


def test_a_number_beyond_octal_is_binary() -> None:
    info = tarfile.TarInfo("big")
    info.uid = 3_000_000_000
    header = info.tobuf(tarfile.GNU_FORMAT)
    assert listed(header + bytes(1024))[0].uid == 3_000_000_000


def test_what_is_left_unread_is_skipped() -> None:
    stream = Stream(cut(pack({"a": b"x" * 5000, "b": b"y"})))
    names = []
    for member in members(stream):
        names.append(member.name)
        stream.take(min(member.stored, 10))
    assert names == ["a", "b"]


def test_a_cut_archive_says_so() -> None:
    raw = pack({"a": b"x" * 5000})
    with pytest.raises(Truncated) as error:
        listed(raw[:3000])
    assert "ends after 3,000 bytes" in error.value.problems[0].found


@pytest.mark.parametrize(
    "raw", [b"not a tar " * 200, b"\x1f\x8b" + bytes(1000), b"a" * 148 + b"12345 \0 " + b"b" * 400]
)
def test_other_bytes_are_refused(raw: bytes) -> None:
    with pytest.raises(InputError) as error:
        listed(raw)
    assert "not a readable tar archive" in error.value.problems[0].found


def test_a_broken_pax_record_is_refused() -> None:
    info = tarfile.TarInfo("x")
    info.type, info.size = tarfile.XHDTYPE, 8
    with pytest.raises(InputError, match="pax record"):
        listed(info.tobuf() + b"garbage!" + bytes(504 + 1024))


def test_an_empty_stream_has_no_members() -> None:
    assert listed(b"") == []
