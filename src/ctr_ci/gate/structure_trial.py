"""A structure test tried on an image: its commands run, its files read out of a container that is never
started, its metadata compared.

Answers "" where the image passes, else which test failed and why.
"""

from __future__ import annotations

import io
import re
import shlex
import stat
import tarfile
from collections.abc import Callable
from contextlib import suppress

from ctr_ci.engine import Engine, Image
from ctr_ci.gate.structure import CommandTest, ContentTest, FileTest, MetadataTest, Pair, Structure
from ctr_ci.gate.trial import Bench, container_of, finds, last, run

FILE_LIMIT = 16 << 20
COMMAND_S = 60.0


def structure(image: Image, tests: Structure, config: Callable[[], dict[str, object]], bench: Bench) -> str:
    """All tests of a file; the first that fails answers. `config` gives the image's own JSON."""
    failed = _metadata(image, tests.metadata, config)
    if failed:
        return f"metadata: {failed}"
    for test in tests.commands:
        failed = _command_test(image, test, tests, bench)
        if failed:
            return f"{test.name}: {failed}"
    if tests.files or tests.contents:
        spec = bench.spec(image, ("/ctr-ci-never-started",), ())
        with container_of(bench, spec) as container:
            for file in tests.files:
                failed = _file_test(container, file, bench.engine)
                if failed:
                    return f"{file.name}: {failed}"
            for content in tests.contents:
                failed = _content_test(container, content, bench.engine)
                if failed:
                    return f"{content.name}: {failed}"
    return ""


def _command_test(image: Image, test: CommandTest, tests: Structure, bench: Bench) -> str:
    env = tuple((pair.key, pair.value) for pair in (*tests.env, *test.env))
    argv = test.command
    if test.setup or test.teardown:
        # Upstream commits an image after each set-up; one shell in one container shows the same to
        # the command, and leaves nothing behind.
        lines = [*map(shlex.join, test.setup), shlex.join(test.command)]
        after = "; ".join(map(shlex.join, test.teardown))
        script = " && ".join(lines) + ("; code=$?; " + after + "; exit $code" if after else "")
        argv = ("/bin/sh", "-c", script)
    said = run(image, argv[1:], bench, entrypoint=argv[:1], env=env, user=tests.user, within_s=COMMAND_S)
    if not said.in_time:
        return f"did not end within {COMMAND_S:g} s"
    if said.code != test.exit_code:
        return f"exit {said.code}, not {test.exit_code}{last(said)}"
    for name, wanted, unwanted, text in (
        ("stdout", test.output, test.no_output, said.stdout),
        ("stderr", test.error, test.no_error, said.stderr),
    ):
        for pattern in wanted:
            if not finds(pattern, text):
                return f"{name} has no {pattern!r}"
        for pattern in unwanted:
            if finds(pattern, text):
                return f"{name} has {pattern!r}"
    return ""


def _file_test(container: str, test: FileTest, engine: Engine) -> str:
    member, _ = _member(engine, container, test.path, content=False)
    if member is None or not test.exists:
        return (
            ""
            if (member is None) is (not test.exists)
            else (f"{test.path} is there" if member else f"{test.path} is missing")
        )
    kinds = ((member.isdir(), stat.S_IFDIR), (member.issym(), stat.S_IFLNK), (True, stat.S_IFREG))
    kind = next(bits for holds, bits in kinds if holds)
    mode = stat.filemode(kind | member.mode)
    if test.permissions and mode != test.permissions:
        return f"{test.path} has permissions {mode}, not {test.permissions}"
    for name, wanted, found in (("uid", test.uid, member.uid), ("gid", test.gid, member.gid)):
        if wanted not in (-1, found):
            return f"{test.path} has {name} {found}, not {wanted}"
    bits = {"owner": 0o100, "group": 0o010, "other": 0o001, "any": 0o111, "": 0}[test.executable_by]
    if bits and not member.mode & bits:
        return f"{test.path} is not executable by {test.executable_by}: {mode}"
    return ""


def _content_test(container: str, test: ContentTest, engine: Engine) -> str:
    member, content = _member(engine, container, test.path, content=True)
    if member is None:
        return f"{test.path} is missing"
    for pattern in test.expected:
        if not finds(pattern, content):
            return f"{test.path} has no {pattern!r}"
    for pattern in test.excluded:
        if finds(pattern, content):
            return f"{test.path} has {pattern!r}"
    return ""


def _metadata(image: Image, test: MetadataTest, config: Callable[[], dict[str, object]]) -> str:
    env = dict(entry.partition("=")[::2] for entry in image.env)
    for kind, wanted, have in (("ENV", test.env, env), ("label", test.labels, dict(image.labels))):
        for pair in wanted:
            if pair.key not in have or not _matches(pair, have[pair.key]):
                return f"{kind} {pair.key} is {have.get(pair.key)!r}, not {pair.value!r}"
    for name in test.unbound_env:
        if name in env:
            return f"ENV {name} is set"
    for kind, expected, found in (
        ("CMD", test.command, image.command),
        ("ENTRYPOINT", test.entrypoint, image.entrypoint),
        ("WORKDIR", test.workdir, image.workdir),
        ("USER", test.user, image.user),
    ):
        if expected is not None and expected != found:
            return f"{kind} is {found!r}, not {expected!r}"
    if test.ports or test.no_ports or test.volumes or test.no_volumes:
        return _opened(test, config())
    return ""


def _opened(test: MetadataTest, config: dict[str, object]) -> str:
    inner = config.get("config")
    ports, volumes = (_keys(inner, key) for key in ("ExposedPorts", "Volumes"))
    for port in test.ports:
        if port not in ports and f"{port}/tcp" not in ports:
            return f"port {port} is not exposed"
    for port in test.no_ports:
        if port in ports or f"{port}/tcp" in ports:
            return f"port {port} is exposed"
    for volume in test.volumes:
        if volume not in volumes:
            return f"{volume} is no volume"
    for volume in test.no_volumes:
        if volume in volumes:
            return f"{volume} is a volume"
    return ""


def _keys(config: object, key: str) -> frozenset[str]:
    found = config.get(key) if isinstance(config, dict) else None
    return frozenset(found) if isinstance(found, dict) else frozenset()


def _matches(pair: Pair, value: str) -> bool:
    return bool(re.fullmatch(pair.value, value)) if pair.pattern else pair.value == value


def _member(engine: Engine, container: str, path: str, content: bool) -> tuple[tarfile.TarInfo | None, bytes]:
    """The first entry of a path's archive, and its content."""
    pieces = engine.files(container, path)
    if pieces is None:
        return None, b""
    read = bytearray()
    for piece in pieces:
        read += piece
        if len(read) >= (FILE_LIMIT if content else 4096):
            break
    getattr(pieces, "close", lambda: None)()
    with tarfile.open(fileobj=io.BytesIO(bytes(read)), mode="r|", ignore_zeros=False) as archive:
        member = archive.next()
        if member is None:
            return None, b""
        inside = archive.extractfile(member) if content and member.isfile() else None
        found = b""
        with suppress(tarfile.ReadError):
            found = inside.read() if inside else b""
        return member, found
