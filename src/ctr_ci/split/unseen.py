"""What a split cannot follow, said as notes: a command whose work is not known, a program that does not
ship, a variable of the old image. Nothing of a file is left behind without a word."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from ctr_ci.dockerfile import Arg, Env, Instruction
from ctr_ci.split.model import Artefact
from ctr_ci.split.reading import ACCOUNTS, FETCHERS, Reading, Step, option

_FOLLOWED = frozenset(
    [
        *("cp", "mv", "install", "ln", "tee", "touch", "mkdir", "chown", "chmod", "rm", "curl", "wget"),
        *("ldconfig", "update-ca-certificates"),
    ]
)
_BUILDS = frozenset(
    [
        *(
            "go",
            "cargo",
            "rustup",
            "rustc",
            "gcc",
            "g++",
            "cc",
            "c++",
            "clang",
            "clang++",
            "ld",
            "ar",
            "strip",
        ),
        *("make", "cmake", "ninja", "meson", "autoconf", "automake", "autoreconf", "configure", "aclocal"),
        *("libtoolize", "autogen.sh", "bootstrap.sh", "javac", "mvn", "mvnw", "gradle", "gradlew", "ant"),
        *("dotnet", "npm", "yarn", "pnpm", "npx", "corepack", "node", "tsc", "webpack", "vite", "esbuild"),
        *("rollup", "next", "pip", "pip3", "python", "python3", "virtualenv", "uv", "poetry", "pipenv"),
        *("bundle", "bundler", "gem", "rake", "rails", "upx", "golangci-lint", "mypy", "pytest", "ruff"),
    ]
)
# They look, print or wait, or hold other commands; what they print is followed as a redirection.
_QUIET = frozenset(
    [
        *(
            "cd",
            "echo",
            "printf",
            "cat",
            "set",
            "true",
            "false",
            ":",
            "export",
            "unset",
            "test",
            "[",
            "[[",
            "ls",
        ),
        *(
            "id",
            "grep",
            "find",
            "xargs",
            "env",
            "sudo",
            "sh",
            "bash",
            "uname",
            "dpkg",
            "rpm",
            "getent",
            "which",
        ),
        *(
            "command",
            "exit",
            "sleep",
            "date",
            "pwd",
            "head",
            "tail",
            "cut",
            "tr",
            "sort",
            "uniq",
            "wc",
            "awk",
        ),
        *(
            "sha256sum",
            "sha512sum",
            "md5sum",
            "gpg",
            "basename",
            "dirname",
            "nproc",
            "mktemp",
            "file",
            "time",
        ),
        *(
            "apt",
            "apt-get",
            "apt-cache",
            "apk",
            "dnf",
            "yum",
            "microdnf",
            "tdnf",
            "zypper",
            "source",
            ".",
            "read",
        ),
        *(
            "local",
            "shift",
            "return",
            "eval",
            "exec",
            "trap",
            "umask",
            "ulimit",
            "wait",
            "hash",
            "jq",
            "openssl",
        ),
        *("apt-mark", "diff", "cmp", "stat", "du", "df", "whoami", "arch", "readelf", "ldd", "pkg-config"),
    ]
)
_PATH = re.compile(r"(?<![\w./$}-])/[\w.@+-]+(?:/[\w.@+-]+)*")
_VARIABLE = re.compile(r"(?<!\\)\$\{?([A-Za-z_]\w*)\}?")
_EVERYWHERE = frozenset(["PATH", "HOME", "HOSTNAME", "TERM"])
_BY_MODULE = ("pip", "venv", "compileall", "build", "ensurepip", "pytest", "unittest")
_OWN = (
    "/bin/",
    "/usr/bin/",
    "/sbin/",
    "/usr/sbin/",
    "/lib/",
    "/usr/lib/",
    "/dev/",
    "/proc/",
    "/tmp/",
    "/sys/",
)


def unseen(
    reading: Reading, shipped: tuple[Artefact, ...], packages: tuple[str, ...], runtime: str
) -> Iterator[str]:
    """Notes on what a reader should look at."""
    places = [one.path.rstrip("/") for one in shipped]
    yield from dict.fromkeys(_commands(reading))
    yield from dict.fromkeys(_programs(reading, places))
    yield from _named(reading, [*places, *(one.place.rstrip("/") for one in shipped)])
    yield from _variables(reading, runtime)
    yield from _tools(reading, packages, runtime)


def _commands(reading: Reading) -> Iterator[str]:
    for step in reading.steps:
        name, values = step.command.name, [text or "" for text in step.command.values]
        at = f"line {step.run.span.start.line}: "
        if name in ACCOUNTS:
            if {"for", "while", "case", "function"} & set(step.command.nesting):
                yield f"{at}`{name}` is repeated or chosen there: look at what stands in the second stage"
        elif name in _FOLLOWED or any(one.operator in (">", ">>") for one in step.command.redirections):
            unknown = "" in values or any(
                one.operator in (">", ">>") and one.target.value is None for one in step.command.redirections
            )
            if unknown and name not in ("rm", "chown", "chmod", "curl", "wget"):
                yield f"{at}where `{name}` writes is not known: if the program needs it, --keep PATH"
        elif name in ("npm", "yarn", "pnpm") and {"-g", "--global", "global"} & set(values):
            yield f"{at}what `{name}` installs for all does not ship: if it is needed, --keep PATH"
        elif (
            name.startswith("python") and values[:1] == ["-m"] and values[1:2] and values[1] not in _BY_MODULE
        ):
            yield f"{at}what `{name} -m {values[1]}` leaves is not followed: if it is needed, --keep PATH"
        elif name == "dotnet" and values[:1] == ["tool"]:
            yield f"{at}tools of `dotnet tool` do not ship: if one is needed, --keep PATH"
        elif name == "sed" and not any(text.startswith(("-i", "--in-place")) for text in values):
            continue
        elif not _known(step) and not _stays_below(reading, step):
            yield f"{at}what `{name or '?'}` leaves is not followed: if the program needs it, --keep PATH"


def _known(step: Step) -> bool:
    return step.command.name.removesuffix(".exe") in _BUILDS | _QUIET


def _stays_below(reading: Reading, step: Step) -> bool:
    """Whether a command says a place, and it is a passing one."""
    told = [step.path(text) for text in step.command.values if text and "/" in text and "://" not in text]
    return bool(told) and all(place.startswith(("/tmp/", "/var/cache/", "/usr/src/")) for place in told)


def _programs(reading: Reading, places: list[str]) -> Iterator[str]:
    """Programs that commands make beside the one that is started."""
    for step in reading.steps:
        name, values = step.command.name, step.command.values
        if name not in ("go", "gcc", "g++", "cc", "c++", "clang") or (
            name == "go" and "build" not in values[:1]
        ):
            continue
        output = option(step.command, "-o", "--output")
        made = step.path(output).rstrip("/") if output else ""
        if not output or not made or made.startswith("/tmp/") or output.endswith((".o", ".a", ".so")):
            continue
        if output.endswith("/") or any(place.startswith(f"{made}/") for place in places):
            yield f"line {step.run.span.start.line}: of {made} only what is started ships: else --keep {made}"
        elif not _within(made, places):
            yield f"line {step.run.span.start.line}: {made} does not ship: if it is called, --keep {made}"


def _named(reading: Reading, places: list[str]) -> Iterator[str]:
    """Files that the command names beside its program."""
    start = reading.start
    copied = [posixpath.join(reading.at(one), one.destination.text).rstrip("/") for one in reading.external()]
    for path in dict.fromkeys(
        path for word in (start.words[1:] if start else ()) for path in _PATH.findall(word)
    ):
        known = (
            _within(path, places)
            or path.startswith(_OWN)
            or path in ("/dev", "/tmp")
            or _within(path, copied)
        )
        if not known and not any(place.startswith(f"{path}/") for place in places):
            yield f"{path}, which the command names, does not ship: if the build leaves it, --keep {path}"


def _variables(reading: Reading, runtime: str) -> Iterator[str]:
    image = reading.image
    if image is None or runtime == image.text or image.path == runtime.partition(":")[0]:
        return
    told = set(_EVERYWHERE)
    for one in reading.stage.instructions:
        if isinstance(one, Env | Arg):
            for name in _reads(one):
                if name not in told:
                    told.add(name)
                    yield (
                        f"line {one.span.start.line}: {name} comes from {image.text} or is empty: "
                        f"{runtime} may not set it"
                    )
            told.update(pair.key.text for pair in one.pairs)


def _reads(one: Instruction) -> list[str]:
    return _VARIABLE.findall(one.arguments.text) if isinstance(one, Env) else []


def _tools(reading: Reading, packages: tuple[str, ...], runtime: str) -> Iterator[str]:
    kept = {one.partition("=")[0] for one in packages}
    left = [name for _, _, one in reading.installed() if (name := one.partition("=")[0]) in FETCHERS - kept]
    if left:
        names = " ".join(dict.fromkeys(left))
        yield f"only the build is taken to call {names}: if the program does, --package NAME"
    image = reading.image
    if (
        image is not None
        and runtime.endswith("-slim")
        and image.path in ("python", "node", "ruby")
        and (image.text != runtime)
    ):
        yield f"{image.text} has libraries and tools that {runtime} lacks: --prove finds what is missing"


def _within(path: str, places: list[str]) -> bool:
    return any(path == place or path.startswith(f"{place}/") for place in places)
