"""One stage, read for a split: what it starts, where, what its commands make and leave.

Sorts every command of every RUN: package manager, account, harmless, or part of the build. Knows no
ecosystem's recipe.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from ctr_ci.dockerfile import (
    Add,
    Cmd,
    Copy,
    Entrypoint,
    Healthcheck,
    Instruction,
    Run,
    Stage,
    Workdir,
    is_git,
    is_url,
)
from ctr_ci.lint import Facts, build_only
from ctr_ci.shell import Command, parse
from ctr_ci.source import Span
from ctr_ci.split.model import Folder

# Images that set a WORKDIR of their own.
_WORKDIRS = {"golang": "/go", "gradle": "/home/gradle"}
SYSTEM = ("apt", "apk", "dnf", "zypper")
ACCOUNTS = frozenset(["useradd", "adduser", "groupadd", "addgroup", "usermod", "groupmod"])
INSTALLERS = frozenset(
    ["python3-pip", "python3-venv", "python3-wheel", "py3-pip", "pipx", "npm", "yarn", "pnpm"]
)
# Installed to fetch sources; what is started or checked with one of them keeps it.
FETCHERS = frozenset(
    ["git", "subversion", "mercurial", "wget", "curl", "unzip", "xz-utils", "gnupg", "file", "patch", "bzip2"]
)


@dataclass(frozen=True, slots=True)
class Step:
    """A command of a RUN: where, and with which folder as its own ("" where that is not known)."""

    run: Run
    command: Command
    folder: str

    def path(self, word: str) -> str:
        """A path as the command sees it; "" where its folder is not known."""
        if word.startswith("/"):
            return posixpath.normpath(word)
        return posixpath.normpath(posixpath.join(self.folder, word)) if self.folder else ""


@dataclass(frozen=True, slots=True)
class Start:
    """What the image starts: its words (those of ENTRYPOINT, then of CMD), and whether a shell reads them."""

    words: tuple[str, ...]
    shell: bool
    span: Span


class Reading:
    """The only stage of a file, and what a recipe asks about it. `runtime`: the image that the user wants."""

    def __init__(self, facts: Facts, folder: Folder, runtime: str = "") -> None:
        self.runtime = runtime
        self.facts = facts
        self.folder = folder
        self.stage: Stage = facts.dockerfile.stages[0]
        self.image = facts.image(self.stage)
        end = facts.dockerfile.after(self.stage)
        self.workdir = self.at(None)
        self.user = end.user or ""
        self.env = end.env
        self.runs = [one for one in self.stage.instructions if isinstance(one, Run)]
        self.steps = tuple(self._steps())
        self.folders = frozenset({self.workdir, *map(self.at, self.stage.instructions)})

    def _steps(self) -> Iterator[Step]:
        for run in self.runs:
            script = self.facts.script(run)
            folder = self.at(run)
            for command in script.commands if script else ():
                yield Step(run, command, folder)
                if command.name == "cd":
                    target = next((v for v in command.values if v and not v.startswith("-")), None)
                    folder = posixpath.normpath(posixpath.join(folder, target)) if target and folder else ""

    def at(self, before: Instruction | None) -> str:
        """The working folder of an instruction, or the last one: the image's own may count in it."""
        folder = _WORKDIRS.get(self.image.path if self.image else "", "/")
        for one in self.stage.instructions:
            if before is not None and one.start >= before.start:
                break
            if isinstance(one, Workdir):
                told = self.facts.before(one).expand(one.path).value or one.path.text
                folder = posixpath.normpath(posixpath.join(folder, told))
        return folder

    @property
    def start(self) -> Start | None:
        """What ENTRYPOINT and CMD start together; None for nothing, or for more than one command."""
        command: Cmd | None = None
        entry: Entrypoint | None = None
        for one in self.stage.instructions:
            if isinstance(one, Cmd):
                command = one
            elif isinstance(one, Entrypoint):
                entry = one
        words: list[str] = []
        shell = False
        for started in (entry, command):
            if started is None:
                continue
            if started.json is not None:
                words += [word.text for word in started.json]
                continue
            script = self.facts.script(started)
            commands = script.commands if script else ()
            plain = [one for one in commands if one.name not in ("exec",)]
            if len(plain) != 1:
                return None
            shell = True
            words += [word.value if word.value is not None else word.text for word in plain[0].words]
            if started is entry:
                break  # a shell-form ENTRYPOINT does not see CMD
        first = entry or command
        return Start(tuple(words), shell, first.span) if words and first is not None else None

    def program(self, start: Start) -> str:
        """The program that is started: an absolute path, or a bare name that PATH resolves."""
        return self.absolute(start.words[0]) if "/" in start.words[0] else start.words[0]

    def absolute(self, path: str) -> str:
        return posixpath.normpath(posixpath.join(self.workdir, path))

    # -- what is installed -------------------------------------------------------------------------------

    def installed(self) -> Iterator[tuple[Run, str, str]]:
        """RUN, manager, package: what the distribution's package manager installs."""
        for run in self.runs:
            for one in self.facts.operations(run):
                if one.manager in SYSTEM and one.verb == "install":
                    for word in one.packages:
                        yield run, one.manager, word.value if word.value is not None else word.text

    def packages(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Packages that the program may need when it runs, and -dev packages whose library it may need."""
        used = " ".join((*self._checked_with(), *self.tools()))
        running: list[str] = []
        headers: list[str] = []
        for _, _, package in self.installed():
            name = package.partition("=")[0]
            if build_only(name) or (name in INSTALLERS and name not in used):
                if name.endswith(("-dev", "-devel")) and name not in _NO_LIBRARY:
                    headers.append(name)
            elif name not in FETCHERS or name in used:
                running.append(package)
        return tuple(dict.fromkeys(running)), tuple(dict.fromkeys(headers))

    def tools(self) -> Iterator[str]:
        """Names of the programs that HEALTHCHECK and the script of the entry point call."""
        for one in self.stage.instructions:
            if isinstance(one, Healthcheck):
                if one.json:
                    yield posixpath.basename(one.json[0].text)
                script = self.facts.script(one)
                yield from (command.name for command in (script.commands if script else ()))
        start = self.start
        for word in start.words[:2] if start else ():
            text = self.text_at(self.absolute(word))
            if text and text.startswith("#!") and text.partition("\n")[0].endswith("sh"):
                yield from (command.name for command in parse(text.partition("\n")[2]).commands)

    def text_at(self, place: str) -> str | None:
        """The text of a file of the context by its place in the image; None where it is not known."""
        return next((self.folder.text(path) for path, at in self.places() if at == place), None)

    def _checked_with(self) -> Iterator[str]:
        for one in self.stage.instructions:
            if isinstance(one, Cmd | Entrypoint) or one.keyword == "HEALTHCHECK":
                yield one.arguments.text

    @property
    def manager(self) -> str:
        return next((manager for _, manager, _ in self.installed()), "")

    # -- what is copied ----------------------------------------------------------------------------------

    def copied(self) -> Iterator[tuple[Copy | Add, str, str]]:
        """COPY or ADD, a path of the context ("" for all of it), and the place it gets in the image."""
        for one in self.stage.instructions:
            if not isinstance(one, Copy | Add) or (isinstance(one, Copy) and one.from_):
                continue
            state = self.facts.before(one)
            told = state.expand(one.destination).value or one.destination.text
            target = posixpath.normpath(posixpath.join(self.at(one), told))
            into = told.endswith(("/", ".")) or len(one.sources) > 1 or target in self.folders
            for here in one.heredocs:
                yield one, here.name, posixpath.join(target, here.name) if into else target
            for word in one.sources:
                text = state.expand(word).value or word.text
                if is_url(text) or is_git(text):
                    continue
                source = posixpath.normpath(text.lstrip("/") or ".")
                if unpacks(one, source):
                    yield one, source, target
                elif source == ".":
                    yield one, "", target
                elif "*" in source or "?" in source:
                    yield from ((one, name, place) for name, place in self._matching(source, target))
                elif self._is_folder(source):
                    yield one, source, target
                else:
                    yield one, source, posixpath.join(target, posixpath.basename(source)) if into else target

    def _matching(self, pattern: str, target: str) -> Iterator[tuple[str, str]]:
        """What a pattern of a COPY finds at its own depth; the content of a folder goes into the target."""
        depth = pattern.count("/") + 1
        names = {"/".join(path.split("/")[:depth]) for path in self.folder.files}
        for name in sorted(names):
            if fnmatchcase(name, pattern) and name.count("/") + 1 == depth:
                whole = self._is_folder(name)
                yield name, target if whole else posixpath.join(target, posixpath.basename(name))
        if not self.folder.known:
            yield pattern, target

    def external(self) -> Iterator[Copy]:
        """The COPYs from other images."""
        for one in self.stage.instructions:
            if isinstance(one, Copy) and one.from_ is not None:
                yield one

    def _is_folder(self, source: str) -> bool:
        return any(path.startswith(f"{source}/") for path in self.folder.files)

    def places(self) -> Iterator[tuple[str, str]]:
        """Every file of the context that is copied, and its place in the image."""
        for one, source, target in self.copied():
            yield from self.files(one, source, target)

    def files(self, one: Copy | Add, source: str, target: str) -> Iterator[tuple[str, str]]:
        """What one path that is copied brings: a name, and its place."""
        alone = any(source == here.name for here in one.heredocs) or unpacks(one, source)
        if alone or (source and not self.folder.known):
            yield source, target
            return
        for path in self.folder.files:
            if not source:
                yield path, posixpath.join(target, path)
            elif path == source:
                yield path, target
            elif path.startswith(f"{source}/"):
                yield path, posixpath.join(target, path[len(source) + 1 :])


def unpacks(one: Copy | Add, source: str) -> bool:
    """Whether ADD puts an archive's content there, not the archive."""
    return isinstance(one, Add) and one.unpack is not False and source.endswith(_ARCHIVES)


_ARCHIVES = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")

# Folders that every image has of its own: what is put there may ship, never the whole folder.
_SYSTEM = frozenset(
    [
        *("/", "/bin", "/boot", "/dev", "/etc", "/home", "/lib", "/lib64", "/media", "/mnt", "/opt", "/root"),
        *("/run", "/sbin", "/srv", "/sys", "/tmp", "/usr", "/var", "/usr/bin", "/usr/include", "/usr/lib"),
        *("/usr/sbin", "/usr/share", "/usr/src", "/usr/local", "/usr/local/bin", "/usr/local/etc"),
        *("/usr/local/lib", "/usr/local/sbin", "/usr/local/share", "/var/cache", "/var/lib", "/var/log"),
        *("/var/run", "/var/spool", "/etc/ssl", "/etc/ssl/certs", "/etc/cron.d", "/etc/apt", "/etc/init.d"),
    ]
)


def system(place: str) -> bool:
    """Whether a folder is one of the system's own."""
    return place in _SYSTEM


# -dev packages without a library of their own.
_NO_LIBRARY = frozenset(["libc6-dev", "libc-dev", "musl-dev", "linux-libc-dev", "python3-dev", "python-dev"])


def option(command: Command, *names: str) -> str | None:
    """The value of an option (`-o x`, `-ox`, `--out=x`); None when it is not there or not known."""
    values = command.values
    for at, text in enumerate(values):
        for name in names:
            if text == name:
                return values[at + 1] if at + 1 < len(values) else None
            if text and text.startswith(f"{name}=") and name.startswith("--"):
                return text[len(name) + 1 :]
    return None
