"""What the bytes of an image are for, and that they add up."""

from __future__ import annotations

import json

import pytest

from ctr_ci.image import Share
from unit.image.pack import Content, hard, link, shares, weigh
from unit.image.test_elf import elf

ELF = elf((), 10)
NEEDS_GOMP = elf(("libgomp.so.1",), 10)


def status(*stanzas: str) -> str:
    return "\n\n".join(f"{stanza}\nStatus: install ok installed" for stanza in stanzas) + "\n"


@pytest.mark.parametrize(
    ("path", "content", "share"),
    [
        ("usr/include/stdio.h", "x", "build"),
        ("usr/local/lib/libz.a", "x", "build"),
        ("usr/lib/pkgconfig/z.pc", "x", "build"),
        ("usr/local/go/bin/go", ELF, "build"),
        ("usr/local/go/src/fmt/print.go", "x", "build"),
        ("root/.rustup/toolchains/x/lib/librustc_driver-1.so", ELF, "build"),
        ("usr/local/cargo/bin/cargo", ELF, "build"),
        ("usr/local/cargo/bin/my-app", ELF, "runtime"),
        ("usr/local/cargo/registry/src/x/lib.rs", "x", "cache"),
        ("go/bin/app", ELF, "runtime"),
        ("go/pkg/mod/github.com/x/y.go", "x", "cache"),
        ("usr/lib/gcc/x86_64-linux-gnu/12/cc1", ELF, "build"),
        ("usr/lib/gcc/x86_64-linux-gnu/12/cc1.txt", "no binary", "runtime"),
        ("usr/bin/x86_64-linux-gnu-gcc-12", ELF, "build"),
        ("usr/bin/gcc", "#!/bin/sh a wrapper, no compiler", "runtime"),
        ("usr/bin/sh", ELF, "runtime"),
        ("opt/java/bin/javac", ELF, "build"),
        ("opt/java/jmods/java.base.jmod", "x", "build"),
        ("opt/java/lib/modules", "x", "runtime"),
        ("usr/share/dotnet/sdk/8.0/csc.dll", "x", "build"),
        ("usr/share/dotnet/shared/x.dll", "x", "runtime"),
        ("app/target/release/deps/libx.rlib", "x", "build"),
        ("app/target/release/app", ELF, "runtime"),
        ("app/target/classes/A.class", "x", "build"),
        ("app/main.o", ELF, "build"),
        ("app/main.c", "x", "source"),
        ("app/Makefile", "x", "source"),
        ("app/.git/objects/ab/cd", "x", "source"),
        ("app/tests/test_app.py", "x", "source"),
        ("app/app.py", "x", "runtime"),
        ("app/server.js", "x", "runtime"),
        ("app/run.sh", "x", "runtime"),
        ("app/node_modules/.cache/x", "x", "cache"),
        ("root/.cache/pip/http/x", "x", "cache"),
        ("root/.npm/_cacache/x", "x", "cache"),
        ("root/.m2/repository/a.jar", "x", "cache"),
        ("var/lib/apt/lists/x_Packages", "x", "cache"),
        ("var/cache/apk/x", "x", "cache"),
        ("var/cache/debconf/templates.dat-old", "x", "cache"),
        ("var/cache/debconf/templates.dat", "x", "runtime"),
        ("tmp/leftover", "x", "cache"),
        ("var/log/dpkg.log", "x", "cache"),
        ("root/app.deb", "x", "cache"),
        ("usr/lib/python3/__pycache__/a.cpython-311.pyc", "x", "cache"),
        ("usr/share/doc/x/README", "x", "docs"),
        ("usr/share/doc/x/copyright", "x", "runtime"),
        ("usr/share/man/man1/x.1.gz", "x", "docs"),
        ("usr/share/locale/de/x.mo", "x", "docs"),
        ("etc/passwd", "x", "runtime"),
    ],
)
def test_a_path_that_no_package_owns_says_what_it_is_for(path: str, content: str | bytes, share: str) -> None:
    assert shares(weigh({path: content})) == {path: share}


def test_what_the_command_runs_is_no_toolchain_left_behind() -> None:
    files: dict[str, Content] = {"usr/local/go/bin/go": ELF, "app/main.go": "x"}
    found = shares(weigh(files, config={"Cmd": ["go", "run", "."], "Env": ["PATH=/usr/local/go/bin"]}))
    assert found["usr/local/go/bin/go"] == "runtime"
    assert shares(weigh(files, config={"Cmd": ["/app"]}))["usr/local/go/bin/go"] == "build"
    shell = {"Cmd": ["/bin/sh", "-c", "cd /app && java -cp target/classes Main"]}
    assert shares(weigh({"app/target/classes/Main.class": "x"}, config=shell)) == {
        "app/target/classes/Main.class": "runtime"
    }


def test_what_the_start_script_runs_is_needed_too() -> None:
    files: dict[str, Content] = {
        "app/start.sh": "#!/bin/sh\nset -e\n# gcc is not needed\nexec /app/run\n",
        "app/run": "#!/usr/bin/env bash\ncd /app && go build . && exec ./app\n",
        "usr/local/go/bin/go": ELF,
        "usr/lib/gcc/cc1": ELF,
    }
    command = {"Entrypoint": ["/app/start.sh"], "Env": ["PATH=/usr/local/go/bin"]}
    found = shares(weigh(files, config=command, mode=0o755))
    assert found["usr/local/go/bin/go"] == "runtime"
    assert found["usr/lib/gcc/cc1"] == "build"
    assert shares(weigh(files, config={"Cmd": ["/other"]}, mode=0o755))["usr/local/go/bin/go"] == "build"


TOOLCHAIN = status(
    "Package: gcc-12\nSection: devel\nVersion: 12\nDepends: libisl23, libgomp1, libc6",
    "Package: libisl23\nSection: libs\nVersion: 1",
    "Package: libgomp1\nSection: libs\nVersion: 1",
    "Package: libc6\nSection: libs\nVersion: 1\nPriority: required",
    "Package: libz1\nSection: libs\nVersion: 1",
)
AUTOMATIC = "".join(
    f"Package: {name}\nArchitecture: amd64\nAuto-Installed: 1\n\n" for name in ("libisl23", "libgomp1")
)


def debian(**more: Content) -> dict[str, Content]:
    return {
        "usr/lib/gcc/cc1": ELF,
        "usr/lib/libisl.so.23": ELF,
        "usr/lib/libgomp.so.1": ELF,
        "usr/lib/libc.so.6": ELF,
        "usr/lib/libz.so.1": ELF,
        "usr/share/doc/gcc-12/changelog": "x",
        "var/lib/dpkg/status": TOOLCHAIN,
        "var/lib/dpkg/info/gcc-12.list": "/usr/lib/gcc/cc1\n/usr/share/doc/gcc-12/changelog\n",
        "var/lib/dpkg/info/gcc-12.md5sums": "x",
        "var/lib/dpkg/info/libisl23.list": "/usr/lib/libisl.so.23\n",
        "var/lib/dpkg/info/libgomp1.list": "/usr/lib/libgomp.so.1\n",
        "var/lib/dpkg/info/libc6.list": "/usr/lib/libc.so.6\n",
        "var/lib/dpkg/info/libz1.list": "/usr/lib/libz.so.1\n",
        "var/lib/apt/extended_states": AUTOMATIC,
        **more,
    }


def test_what_only_the_toolchain_needs_goes_with_it() -> None:
    found = weigh(debian())
    share = shares(found)
    assert {path for path, kind in share.items() if kind == "build"} == {
        "usr/lib/gcc/cc1",
        "usr/lib/libisl.so.23",
        "usr/lib/libgomp.so.1",
        "usr/share/doc/gcc-12/changelog",
        "var/lib/dpkg/info/gcc-12.list",
        "var/lib/dpkg/info/gcc-12.md5sums",
        "var/lib/dpkg/info/libisl23.list",
        "var/lib/dpkg/info/libgomp1.list",
    }
    assert found.compilers == (("C", "usr/lib/gcc/cc1"),)
    assert {p.name: p.why for p in found.packages if p.name == "libisl23"} == {
        "libisl23": "needed by build packages alone (gcc-12)"
    }


def test_a_library_that_the_application_loads_stays() -> None:
    share = shares(weigh(debian(**{"app/server": NEEDS_GOMP})))
    assert share["usr/lib/libgomp.so.1"] == "runtime"
    assert share["usr/lib/libisl.so.23"] == "build"


def test_an_interpreter_that_came_with_the_toolchain_stays_if_a_script_needs_it() -> None:
    packages = status(
        "Package: build-essential\nVersion: 1\nDepends: perl",
        "Package: perl\nSection: perl\nVersion: 1",
    )
    files: dict[str, Content] = {
        "usr/bin/perl": ELF,
        "var/lib/dpkg/status": packages,
        "var/lib/dpkg/info/perl.list": "/usr/bin/perl\n",
        "var/lib/apt/extended_states": "Package: perl\nAuto-Installed: 1\n",
    }
    assert shares(weigh(files))["usr/bin/perl"] == "build"
    assert shares(weigh(files | {"app/run.pl": "print 1"}))["usr/bin/perl"] == "runtime"
    assert shares(weigh(files, config={"Cmd": ["perl", "-e", "1"]}))["usr/bin/perl"] == "runtime"


def test_paths_of_a_package_are_led_through_a_merged_usr() -> None:
    found = weigh(
        {
            "bin": link("usr/bin"),
            "usr/bin/bash": ELF,
            "var/lib/dpkg/status": status("Package: bash\nVersion: 5"),
            "var/lib/dpkg/info/bash.list": "/bin/bash\n",
        }
    )
    assert {item.path: item.package for item in found.items}["usr/bin/bash"] == "bash"


def test_a_toolchain_that_was_removed_later_is_waste_and_still_named() -> None:
    lower = debian()
    kept = status("Package: libc6\nVersion: 1\nPriority: required")
    upper: dict[str, Content] = {
        "usr/lib/gcc/.wh.cc1": "",
        "usr/lib/.wh.libisl.so.23": "",
        "var/lib/dpkg/status": kept,
        "var/lib/dpkg/info/.wh.gcc-12.list": "",
        "var/lib/dpkg/info/.wh.libisl23.list": "",
    }
    found = weigh(lower, upper)
    hidden = {item.path: item for item in found.items if item.how}
    cc1 = hidden["usr/lib/gcc/cc1"]
    assert (cc1.share, cc1.was, cc1.package, cc1.how, cc1.layer, cc1.by) == (
        Share.WASTE,
        Share.BUILD,
        "gcc-12",
        "deleted",
        0,
        1,
    )
    assert hidden["usr/lib/libisl.so.23"].was is Share.BUILD
    assert found.build_bytes >= len(ELF) * 2
    gcc = next(package for package in found.packages if package.name == "gcc-12")
    assert (gcc.removed, gcc.layer) == (True, 0)
    assert not found.compilers


def test_shares_layers_and_items_add_up_to_the_size() -> None:
    found = weigh(
        debian(),
        {"usr/lib/libz.so.1": ELF, "app/a": b"12345", "app/b": hard("app/a"), "app/c": link("a")},
        {".wh.app": ""},
    )
    assert found.size_bytes == sum(size for _, size in found.shares())
    assert found.size_bytes == sum(item.size for item in found.items)
    assert [layer.size_bytes for layer in found.layers][1:] == [len(ELF) + 5 + 1, 0]
    again = next(item for item in found.items if item.path == "usr/lib/libz.so.1" and item.how)
    assert again.how == "stored again"
    assert all(layer.tar_bytes % 512 == 0 for layer in found.layers)


def test_packages_tell_which_layer_brought_them() -> None:
    first: dict[str, Content] = {
        "var/lib/dpkg/status": status("Package: libc6\nVersion: 1"),
        "var/lib/dpkg/info/libc6.list": "/lib/libc.so\n",
        "lib/libc.so": ELF,
    }
    second: dict[str, Content] = {
        "var/lib/dpkg/status": status("Package: libc6\nVersion: 1", "Package: curl\nVersion: 8"),
        "var/lib/dpkg/info/curl.list": "/usr/bin/curl\n",
        "usr/bin/curl": ELF,
    }
    found = {package.name: package for package in weigh(first, second).packages}
    assert (found["libc6"].layer, found["curl"].layer) == (0, 1)
    assert (found["libc6"].size_bytes, found["curl"].size_bytes) == (len(ELF) + 13, len(ELF) + 14)


def test_dependencies_for_development_are_build_only() -> None:
    lock = {"packages": {"node_modules/a": {}, "node_modules/t": {"dev": True}}}
    found = weigh(
        {
            "app/package.json": "{}",
            "app/node_modules/.package-lock.json": json.dumps(lock),
            "app/node_modules/a/package.json": "{}",
            "app/node_modules/a/include/a.h": "a header of a package that runs",
            "app/node_modules/t/package.json": "{}",
            "app/node_modules/t/index.js": "x",
            "usr/local/lib/node_modules/npm/package.json": "{}",
            "usr/local/lib/node_modules/npm/node_modules/glob/package.json": "{}",
        }
    )
    share = shares(found)
    assert share["app/node_modules/a/include/a.h"] == "runtime"
    assert share["app/node_modules/t/index.js"] == "build"
    assert share["usr/local/lib/node_modules/npm/node_modules/glob/package.json"] == "build"


def test_the_same_name_in_two_places_is_two_packages() -> None:
    files: dict[str, Content] = {
        "usr/local/lib/node_modules/npm/package.json": '{"version": "10"}',
        "usr/local/lib/node_modules/npm/node_modules/semver/package.json": '{"version": "7"}',
        "app/package.json": '{"dependencies": {"semver": "6"}}',
        "app/node_modules/semver/package.json": '{"version": "6"}',
    }
    found = weigh(files)
    share = shares(found)
    assert share["app/node_modules/semver/package.json"] == "runtime"
    assert share["usr/local/lib/node_modules/npm/node_modules/semver/package.json"] == "build"
    assert sorted((p.version, p.size_bytes) for p in found.packages if p.name == "semver") == [
        ("6", 16),
        ("7", 16),
    ]
    npm = files | {"usr/local/bin/npm": link("../lib/node_modules/npm/bin/npm-cli.js")}
    npm["usr/local/lib/node_modules/npm/bin/npm-cli.js"] = "#!/usr/bin/env node\n"
    assert "build" not in shares(weigh(npm, config={"Cmd": ["npm", "start"]})).values()


def test_alpine_virtual_packages_tell_what_they_are_for() -> None:
    installed = (
        "P:.build-deps\nV:1\nD:gcc zlib\n\nP:gcc\nV:13\nD:isl26\nF:usr/bin\nR:gcc\n\n"
        "P:isl26\nV:1\nF:usr/lib\nR:libisl.so\n\nP:zlib\nV:1\nF:usr/lib\nR:libz.so\n\n"
        "P:.run-deps\nV:1\nD:libpq\n\nP:libpq\nV:1\nF:usr/lib\nR:libpq.so\n\n"
    )
    files: dict[str, Content] = {
        f"usr/{path}": ELF for path in ("bin/gcc", "lib/libisl.so", "lib/libz.so", "lib/libpq.so")
    }
    found = shares(
        weigh(
            {
                **files,
                "lib/apk/db/installed": installed,
                "etc/apk/world": "alpine-base\n.build-deps\n.run-deps\n",
            }
        )
    )
    assert {path for path, share in found.items() if share == "build"} == {
        "usr/bin/gcc",
        "usr/lib/libisl.so",
        "usr/lib/libz.so",
    }


def test_typescript_is_a_source_only_where_something_compiled_it() -> None:
    assert shares(weigh({"app/src/main.ts": "x"})) == {"app/src/main.ts": "runtime"}
    assert shares(weigh({"app/src/main.ts": "x", "app/dist/main.js": "y"}))["app/src/main.ts"] == "source"


def test_the_same_content_twice_is_told() -> None:
    found = weigh({"a": b"x" * 5000, "b": b"x" * 5000, "c": hard("a"), "d": b"small", "e": b"small"})
    assert [(each.paths, each.wasted_bytes) for each in found.duplicates] == [(("a", "b"), 5000)]


def test_history_names_the_layers() -> None:
    found = weigh(
        {"a": "1"},
        {"b": "2"},
        history=[{"comment": "Imported from -"}, {"created_by": "COPY b / # buildkit"}],
    )
    assert [(layer.instruction, layer.base) for layer in found.layers] == [
        ("Imported from -", True),
        ("COPY b /", False),
    ]
    assert found.base_from == "guessed"
