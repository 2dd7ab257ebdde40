"""What each package database says, from small ones written as their formats say."""

from __future__ import annotations

import io
import json
import sqlite3
import struct
import zipfile

import pytest

from ctr_ci.image.elf import Binary
from ctr_ci.image.packages import databases
from ctr_ci.image.packages.java import coordinates
from ctr_ci.image.packages.package import Package

STATUS = """\
Package: gcc-12
Status: install ok installed
Priority: optional
Section: devel
Architecture: amd64
Version: 12.2.0-14
Depends: cpp-12 (= 12.2.0-14), libcc1-0 (>= 12), binutils (>= 2.40) | gold, libc6:any
Description: compiler
 with continuation: lines

Package: libcc1-0
Status: install ok installed
Section: libs
Architecture: amd64
Multi-Arch: same
Version: 12.2.0-14
Provides: libcc1 (= 12), cc-plugin

Package: old
Status: deinstall ok config-files
Architecture: all
Version: 1

Package: bash
Essential: yes
Status: install ok installed
Architecture: amd64
Version: 5.2
"""


def read(kept: dict[str, str | bytes]) -> dict[str, Package]:
    raw = {path: text.encode() if isinstance(text, str) else text for path, text in kept.items()}
    found = {}
    for path, content in raw.items():
        make = databases.keep(path, len(content))
        if make is not None:
            found[path] = make(content)
    return {package.name: package for package in databases.read(found, {}, raw)}


def test_dpkg_says_what_is_installed_and_what_for() -> None:
    found = read(
        {
            "var/lib/dpkg/status": STATUS,
            "var/lib/dpkg/info/gcc-12.list": "/.\n/usr\n/usr/bin/gcc-12\n",
            "var/lib/dpkg/info/libcc1-0:amd64.list": "/.\n/lib/libcc1.so.0\n",
            "var/lib/apt/extended_states": "Package: libcc1-0\nArchitecture: amd64\nAuto-Installed: 1\n\n",
        }
    )
    assert set(found) == {"gcc-12", "libcc1-0", "bash"}
    gcc = found["gcc-12"]
    assert (gcc.version, gcc.section, gcc.automatic) == ("12.2.0-14", "devel", False)
    assert gcc.files == ("usr", "usr/bin/gcc-12")
    assert gcc.depends == (("cpp-12",), ("libcc1-0",), ("binutils", "gold"), ("libc6",))
    assert found["libcc1-0"].automatic
    assert found["libcc1-0"].files == ("lib/libcc1.so.0",)
    assert found["libcc1-0"].provides == ("libcc1", "cc-plugin")
    assert found["bash"].essential


def test_dpkg_diversions_move_files() -> None:
    found = read(
        {
            "var/lib/dpkg/status": "Package: a\nStatus: install ok installed\nVersion: 1\n",
            "var/lib/dpkg/info/a.list": "/usr/bin/x\n",
            "var/lib/dpkg/diversions": "/usr/bin/x\n/usr/bin/x.orig\nb\n",
        }
    )
    assert found["a"].files == ("usr/bin/x.orig",)


def test_distroless_keeps_a_stanza_a_package() -> None:
    found = read(
        {
            "var/lib/dpkg/status.d/tzdata": "Package: tzdata\nVersion: 2024a\nSection: localization\n",
            "var/lib/dpkg/status.d/tzdata.md5sums": f"{'0' * 32}  usr/share/zoneinfo/UTC\n",
        }
    )
    assert "usr/share/zoneinfo/UTC" in found["tzdata"].files


def test_apk_tells_what_was_asked_for() -> None:
    found = read(
        {
            "lib/apk/db/installed": "P:musl\nV:1.2.4\nF:lib\nR:ld-musl.so\np:so:libc.musl=1\n\n"
            "P:gcc\nV:13\nD:binutils so:libc.musl !gcc-bad\nF:usr/bin\nR:gcc\nZ:Q1\n\n"
            "P:binutils\nV:2\nF:usr/bin\nR:ld\n\n",
            "etc/apk/world": "gcc>12\nalpine-base\n",
        }
    )
    assert found["gcc"].files == ("usr/bin", "usr/bin/gcc")
    assert found["gcc"].depends == (("binutils",), ("so:libc.musl",))
    assert not found["gcc"].automatic
    assert found["binutils"].automatic
    assert found["musl"].provides == ("so:libc.musl",)


def rpm_header(name: str, folders: list[str], files: list[tuple[int, str]]) -> bytes:
    entries, store = b"", b""

    def add(tag: int, kind: int, count: int, raw: bytes) -> None:
        nonlocal entries, store
        if kind == 4:
            store += bytes(-len(store) % 4)
        entries += struct.pack(">IIII", tag, kind, len(store), count)
        store += raw

    add(1000, 6, 1, name.encode() + b"\0")
    add(1001, 6, 1, b"1.0\0")
    add(1002, 6, 1, b"3.fc40\0")
    add(1049, 8, 2, b"libc.so.6\0rpmlib(X)\0")
    add(1116, 4, len(files), b"".join(struct.pack(">I", index) for index, _ in files))
    add(1117, 8, len(files), b"".join(base.encode() + b"\0" for _, base in files))
    add(1118, 8, len(folders), b"".join(folder.encode() + b"\0" for folder in folders))
    return struct.pack(">II", len(entries) // 16, len(store)) + entries + store


def test_rpm_headers_are_read_from_sqlite() -> None:
    database = sqlite3.connect(":memory:")
    database.execute("CREATE TABLE Packages (hnum INTEGER PRIMARY KEY, blob BLOB NOT NULL)")
    header = rpm_header("gcc", ["/usr/bin/", "/usr/lib/gcc/"], [(0, "gcc"), (1, "cc1")])
    database.execute("INSERT INTO Packages (blob) VALUES (?)", (header,))
    database.execute("INSERT INTO Packages (blob) VALUES (?)", (b"short",))
    database.commit()
    raw = bytearray(database.serialize())
    database.close()
    raw[18:20] = b"\2\2"  # as rpm leaves it: WAL
    found = read({"usr/lib/sysimage/rpm/rpmdb.sqlite": bytes(raw)})
    assert set(found) == {"gcc"}
    assert found["gcc"].version == "1.0-3.fc40"
    assert found["gcc"].files == ("usr/bin/gcc", "usr/lib/gcc/cc1")
    assert found["gcc"].depends == (("libc.so.6",),)


def test_a_damaged_rpm_database_tells_nothing() -> None:
    assert read({"var/lib/rpm/rpmdb.sqlite": b"SQLite format 3\0" + b"\1" * 500}) == {}


@pytest.mark.parametrize(
    "blob",
    [
        None,
        "text",
        5,
        struct.pack(">II", 5, 0) + b"\1" * 17,
        struct.pack(">II", 1 << 31, 1 << 31) + b"x" * 64,
        struct.pack(">IIIIIIIIII", 2, 20, 1000, 6, 0, 1, 1116, 4, 0, 1 << 30) + b"name\0",
        struct.pack(">IIIIIIIIII", 2, 20, 1000, 6, 0, 1, 1116, 4, 1 << 31, 4) + b"name\0",
    ],
)
def test_one_bad_rpm_header_hides_no_other(blob: object) -> None:
    database = sqlite3.connect(":memory:")
    database.execute("CREATE TABLE Packages (hnum INTEGER PRIMARY KEY, blob)")
    header = rpm_header("gcc", ["/usr/bin/"], [(0, "gcc")])
    database.executemany("INSERT INTO Packages (blob) VALUES (?)", [(blob,), (header,)])
    database.commit()
    raw = database.serialize()
    database.close()
    assert "gcc" in read({"var/lib/rpm/rpmdb.sqlite": raw})


def test_a_view_without_end_is_no_rpm_database() -> None:
    database = sqlite3.connect(":memory:")
    database.execute(
        "CREATE VIEW Packages AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n)"
        " SELECT CAST(x AS BLOB) AS blob FROM n"
    )
    database.commit()
    raw = database.serialize()
    database.close()
    assert read({"var/lib/rpm/rpmdb.sqlite": raw}) == {}


def test_rpm_databases_of_older_forms_are_named() -> None:
    assert databases.unread({"var/lib/rpm/Packages": 1}) == (
        "/var/lib/rpm/Packages: RPM's Berkeley DB database is not read",
    )


def test_pacman_folders_are_packages() -> None:
    found = read(
        {
            "var/lib/pacman/local/gcc-13-1/desc": "%NAME%\ngcc\n\n%VERSION%\n13-1\n\n%REASON%\n1\n\n"
            "%DEPENDS%\nbinutils>=2.28\nlibisl=23\n",
            "var/lib/pacman/local/gcc-13-1/files": "%FILES%\nusr/\nusr/bin/gcc\n",
        }
    )
    assert found["gcc"].automatic
    assert "usr/bin/gcc" in found["gcc"].files
    assert found["gcc"].depends == (("binutils",), ("libisl",))


def test_pip_records_count_from_site_packages() -> None:
    site = "usr/local/lib/python3.12/site-packages"
    found = read(
        {
            f"{site}/My_Pkg-1.2.dist-info/RECORD": "my_pkg/__init__.py,sha256=x,1\n../../../bin/my,,\n"
            '"my_pkg/a,b.py",,\nMy_Pkg-1.2.dist-info/RECORD,,\n'
        }
    )
    package = found["my-pkg"]
    assert package.version == "1.2"
    assert f"{site}/my_pkg/a,b.py" in package.files
    assert "usr/local/bin/my" in package.files
    assert f"{site}/my_pkg" in package.folders


def test_npm_says_itself_what_is_for_development() -> None:
    lock = {"packages": {"node_modules/left": {}, "node_modules/jest": {"dev": True}}}
    found = read(
        {
            "app/package.json": "{}",
            "app/node_modules/.package-lock.json": json.dumps(lock),
            "app/node_modules/left/package.json": '{"version": "1.3.0"}',
            "app/node_modules/left/lib/package.json": '{"type": "module"}',
            "app/node_modules/jest/package.json": '{"version": "29"}',
            "app/node_modules/@scope/x/package.json": "not json",
        }
    )
    assert (found["left"].version, found["left"].dev) == ("1.3.0", False)
    assert found["jest"].dev
    assert found["@scope/x"].folders == ("app/node_modules/@scope/x",)
    assert set(found) == {"left", "jest", "@scope/x"}


def test_without_a_lock_the_manifests_are_followed() -> None:
    found = read(
        {
            "app/package.json": '{"dependencies": {"a": "1"}, "devDependencies": {"t": "1"}}',
            "app/node_modules/a/package.json": '{"dependencies": {"b": "1"}}',
            "app/node_modules/a/node_modules/b/package.json": "{}",
            "app/node_modules/t/package.json": "{}",
        }
    )
    assert {name: package.dev for name, package in found.items()} == {"a": False, "b": False, "t": True}


def test_where_links_hide_the_dependencies_nothing_is_called_dev() -> None:
    found = read(
        {
            "app/package.json": '{"dependencies": {"a": "1"}, "devDependencies": {"t": "1"}}',
            "app/node_modules/.pnpm/a@1/node_modules/a/package.json": "{}",
            "app/node_modules/t/package.json": "{}",
        }
    )
    assert not any(package.dev for package in found.values())


def test_gems_composer_cpan_and_conda() -> None:
    found = read(
        {
            "usr/bundle/specifications/pg-1.5.4-x86_64-linux.gemspec": 's.executables = ["pgx".freeze]\n',
            "app/vendor/composer/installed.json": json.dumps(
                {
                    "packages": [
                        {"name": "a/b", "version": "1", "install-path": "../a/b"},
                        {"name": "phpunit/phpunit", "version": "9"},
                    ],
                    "dev-package-names": ["phpunit/phpunit"],
                }
            ),
            "usr/local/lib/perl5/auto/Foo/Bar/.packlist": "/usr/local/lib/perl5/Foo/Bar.pm type=file\n",
            "opt/conda/conda-meta/zlib-1.json": '{"name": "zlib", "version": "1", "files": ["lib/libz.so"]}',
        }
    )
    assert found["pg"].version == "1.5.4-x86_64-linux"
    assert "usr/bundle/gems/pg-1.5.4-x86_64-linux" in found["pg"].folders
    assert "usr/bundle/bin/pgx" in found["pg"].files
    assert found["a/b"].folders == ("app/vendor/a/b",)
    assert found["phpunit/phpunit"].dev
    assert found["phpunit/phpunit"].folders == ("app/vendor/phpunit/phpunit",)
    assert "usr/local/lib/perl5/Foo/Bar.pm" in found["Foo::Bar"].files
    assert "opt/conda/lib/libz.so" in found["zlib"].files


def jar(properties: str | None) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("META-INF/MANIFEST.MF", "Manifest-Version: 1.0\n")
        if properties is not None:
            archive.writestr("META-INF/maven/g/a/pom.properties", properties)
    return packed.getvalue()


def test_jars_tell_their_coordinates_or_their_name() -> None:
    assert coordinates(jar("#comment\ngroupId=com.x\nartifactId=core\nversion=2\n")) == ("com.x:core", "2")
    assert coordinates(jar(None)) == coordinates(b"PK\3\4broken") == ("", "")
    found = read(
        {"app/lib/guava-31.1-jre.jar": jar(None), "app/a.jar": jar("groupId=g\nartifactId=a\nversion=1\n")}
    )
    assert found["guava"].version == "31.1-jre"
    assert found["g:a"].files == ("app/a.jar",)


def test_binaries_name_the_language_that_made_them() -> None:
    binaries = {
        "app/server": Binary("executable", language="go", module="example.org/server"),
        "app/tool": Binary("shared", language="rust"),
        "usr/lib/librustc.so": Binary("shared", language="rust"),
        "bin/sh": Binary("shared"),
    }
    found = databases.read({}, binaries, {})
    assert [(p.ecosystem, p.name) for p in found] == [("go", "example.org/server"), ("cargo", "tool")]


@pytest.mark.parametrize(
    "path",
    [
        "var/lib/dpkg/status",
        "app/node_modules/x/package.json",
        "app/vendor/composer/installed.json",
        "opt/conda/conda-meta/x.json",
        "usr/lib/python3/site-packages/x.dist-info/RECORD",
    ],
)
@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff\xfe\0",
        b"[1, 2]",
        b"{",
        b'{"packages": 3, "dev-package-names": 4, "files": 5}',
        b"Package\n: x\n\n",
        b"[" * 200_000,
    ],
)
def test_damaged_databases_break_nothing(path: str, raw: bytes) -> None:
    databases.read({path: raw}, {}, {path: 1})
