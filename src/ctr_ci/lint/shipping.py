"""Judges whether what only built an application ships with it: the decision behind both flagship rules.

An image is judged when a toolchain remains in it (T), it was used in this build (C), an application
ships (A), and nothing says that the toolchain is what the image is for (N).
"""

from __future__ import annotations

from ctr_ci.dockerfile import Add, Cmd, Copy, Entrypoint, Run, Unknown
from ctr_ci.lint import purpose
from ctr_ci.lint.packages import SYSTEM
from ctr_ci.lint.toolchain import build_only, compiler, compiles, fits, sdk
from ctr_ci.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from ctr_ci.dockerfile import Instruction, Stage
    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.image import Image
    from ctr_ci.lint.packages import Operation
    from ctr_ci.lint.toolchain import Compile, Sdk
    from ctr_ci.shell import Command
    from ctr_ci.source import Span


@value
class Made:
    """A command that compiles or bundles: where, what, and whether it stands in the chain that ships."""

    span: Span
    text: str
    compile: Compile
    ships: bool
    run: Run


@value
class Left:
    """A build-only package that an instruction of the shipping chain leaves installed."""

    span: Span
    name: str


@value
class Judgement:
    """A shipping stage that carries an application and what built it.

    `sdk` is the base's toolchain; `left` packages; `made` what was compiled in all stages that feed the
    image; `implied` a tool that must be there, because a command of the chain used it. `fetches` says
    that dependencies were installed (pip, gem, npm), which may compile.
    """

    stage: Stage
    image: Image | None
    sdk: Sdk | None
    left: tuple[Left, ...]
    made: tuple[Made, ...]
    implied: Made | None
    fetches: Span | None
    stages: int


# Python packages that call a C compiler while the program runs.
_JITS = ("torch", "triton", "numba", "bitsandbytes", "vllm", "deepspeed", "cython", "pyximport")
# Tools that also run things: alone they do not show that something was built.
_COMMON = ("make", "ant")


def judge(facts: Facts) -> tuple[Judgement, ...]:
    """A judgement for each stage that ships with a build in it; () when there is none."""
    kind = purpose.said(facts)
    if kind not in ("", "app") or (not kind and purpose.by_place(facts)):
        return ()
    found = (_judge(facts, stage, forced=kind == "app") for stage in facts.shipping)
    return tuple(one for one in found if one is not None)


def _judge(facts: Facts, stage: Stage, forced: bool) -> Judgement | None:
    dockerfile = facts.dockerfile
    chain = dockerfile.chain(stage)
    indices = {one.index for one in chain}
    image = facts.image(stage)
    instructions = [one for link in reversed(chain) for one in link.instructions]
    if not forced and purpose.is_tool(facts, stage, image, instructions):
        return None
    reached = dockerfile.reached(stage)
    made = tuple(
        one
        for link in sorted({*reached, *chain}, key=lambda s: s.index)
        for one in _made(facts, link, indices)
    )
    runs = [one for one in instructions if isinstance(one, Run)]
    left = tuple(one for run in runs for one in _left(facts, run))
    holds = _relevant(sdk(image), made)
    fetches = next(filter(None, (_fetches(facts, run) for run in runs)), None)
    implied = next(
        (one for one in made if one.ships and one.compile.implies and not _cleans(facts, one.run)), None
    )
    if any(_compiles_at_run(facts, run) for run in runs):
        left = tuple(one for one in left if not compiler(one.name) and "python" not in one.name)
    tools = [one for one in left if compiler(one.name)]
    used = made or (left and fetches) or any(one.name not in _COMMON for one in tools)
    if not (
        used and (holds or left or implied or any(one.ships and not one.compile.implies for one in made))
    ):
        return None
    arrives = (tools and fetches) or _application(facts, [*reached, *chain], made, fetches is not None)
    if not (forced or arrives):
        return None
    return Judgement(
        stage, image, holds, left, made, implied, fetches, len({s.index for s in (*reached, *chain)})
    )


def _compiles_at_run(facts: Facts, run: Run) -> bool:
    return any(
        one.manager == "pip" and any((word.value or "").lower().startswith(_JITS) for word in one.packages)
        for one in facts.operations(run)
    )


def idle(facts: Facts) -> tuple[tuple[Stage, Image, Sdk], ...]:
    """The shipping stages on an image with a toolchain that nothing of the file uses, with an application."""
    kind = purpose.said(facts)
    if kind not in ("", "app") or (not kind and purpose.by_place(facts)):
        return ()
    busy = {one.stage.index for one in facts.once(judge) if one.sdk or one.left or one.implied}
    found = []
    for stage in facts.shipping:
        image = facts.image(stage)
        holds = sdk(image)
        if image is None or holds is None or stage.index in busy:
            continue
        chain = facts.dockerfile.chain(stage)
        instructions = [one for link in reversed(chain) for one in link.instructions]
        if not kind and purpose.is_tool(facts, stage, image, instructions):
            continue
        if holds.compiled and any(_brings_sources(one) for one in instructions):
            continue  # nothing compiled them here, so what is started does
        downloads = holds.ecosystem != "Java"  # a server that is downloaded may need the JDK it is put on
        if _application(facts, [*facts.dockerfile.reached(stage), *chain], (), downloads):
            found.append((stage, image, holds))
    return tuple(found)


def _relevant(holds: Sdk | None, made: tuple[Made, ...]) -> Sdk | None:
    """The base's toolchain, unless all that was built here was built with another one."""
    if holds is None or not made or not holds.compiled:
        return holds
    return holds if any(fits(one.compile, holds) for one in made) else None


def _made(facts: Facts, stage: Stage, chain: set[int]) -> Iterable[Made]:
    for run in stage.instructions:
        if not isinstance(run, Run):
            continue
        for command, text in _commands(facts, run):
            compiled = compiles(command)
            if compiled is not None and "function" not in command.nesting:
                span = facts.span(run, command.start, command.end) if run.json is None else run.span
                yield Made(span, text, compiled, stage.index in chain, run)


def _commands(facts: Facts, run: Run) -> Iterable[tuple[Command, str]]:
    script = facts.script(run)
    for command in script.commands if script else ():
        yield (
            command,
            " ".join([command.name, *[w.text for w in command.arguments if not w.text.startswith("-")][:2]]),
        )


def _left(facts: Facts, run: Run) -> Iterable[Left]:
    operations = facts.operations(run)
    for at, one in enumerate(operations):
        if one.verb not in ("install", "groupinstall") or one.manager not in SYSTEM:
            continue
        later = operations[at + 1 :]
        if _forgets_all(facts, run, later):
            continue
        removed = {
            word.value or word.text
            for o in later
            if o.verb in ("remove", "autoremove")
            for word in o.packages
        }
        if one.manager == "apt" and not _autoremoves(later):
            removed -= _METAPACKAGES
        if one.manager == "apk" and one.setting("--virtual", "-t") in removed:
            continue
        for word in one.packages:
            name = word.value if word.value is not None else word.text
            if name in removed or not (build_only(name) or "PHPIZE_DEPS" in name):
                continue
            if one.verb == "groupinstall" or build_only(name) or "PHPIZE_DEPS" in name:
                yield Left(facts.span(run, word.start, word.end), name)


# Packages that hold nothing: what they brought stays when only they are removed.
_METAPACKAGES = frozenset(["build-essential", "default-jdk", "ruby-full", "golang"])


def _autoremoves(later: tuple[Operation, ...]) -> bool:
    return any(
        one.verb == "autoremove" or (one.verb == "remove" and one.has("--auto-remove", "--autoremove"))
        for one in later
    )


def _forgets_all(facts: Facts, run: Run, later: tuple[Operation, ...]) -> bool:
    """Whether packages are removed whose names we cannot read: then we claim nothing."""
    for one in later:
        if one.verb == "remove" and any(w.value is None or w.glob or w.value == ".*" for w in one.packages):
            return True
        if one.verb == "history":
            return True
        if one.verb == "remove" and not one.packages:
            return True
    script = facts.script(run)
    return script is not None and any(
        command.name == "apt-mark" and command.values[:1] == ("auto",) for command in script.commands
    )


def _cleans(facts: Facts, run: Run) -> bool:
    """Whether the tool that a RUN used need not be in its layer: removed again, or lent by a mount."""
    removes = any(one.verb in ("remove", "autoremove") for one in facts.operations(run))
    return removes or any(mount.from_ is not None for mount in run.mounts)


_DEPENDENCIES = {
    "pip": ("install", "wheel"),
    "npm": ("install", "ci"),
    "yarn": ("install",),
    "pnpm": ("install",),
    "gem": ("install",),
}
# Packages that only install others.
_INSTALLING = frozenset(
    ["bundler", "pip", "setuptools", "wheel", "virtualenv", "npm", "yarn", "pnpm", "pipenv", "poetry"]
)
_INSTALLERS = {
    "bundle": ("install", ""),
    "composer": ("install", "update"),
    "poetry": ("install",),
    "uv": ("sync",),
    "pdm": ("install", "sync"),
    "pipenv": ("install", "sync"),
    "cpanm": (),
    "pecl": ("install",),
    "docker-php-ext-install": (),
    "luarocks": ("install",),
}


def _fetches(facts: Facts, run: Run) -> Span | None:
    """Where a RUN installs dependencies of a language, which may compile some."""
    for one in facts.operations(run):
        names = {(word.value or "").rpartition(":")[0] or word.value for word in one.packages}
        if names and names <= _INSTALLING:
            continue
        if one.verb in _DEPENDENCIES.get(one.manager, ()):
            return facts.span(run, one.command.start, one.command.end)
    for command, _ in _commands(facts, run):
        if command.name.startswith("python") and "setup.py" in command.values and "install" in command.values:
            return facts.span(run, command.start, command.end)
        verbs = _INSTALLERS.get(command.name)
        first = (command.values[:1] or ("",))[0] or ""
        if verbs is not None and (not verbs or ("" if first.startswith("-") else first) in verbs):
            return facts.span(run, command.start, command.end)
    return None


def _application(facts: Facts, stages: Iterable[Stage], made: tuple[Made, ...], fetches: bool) -> bool:
    """Whether an application comes into the image: sources of the context, or what a RUN fetched.

    A manifest alone is none, unless something is made of it: its sources are mounted when it runs.
    """
    for stage in stages:
        for instruction in stage.instructions:
            if isinstance(instruction, Copy | Add):
                copied_from = instruction.from_ if isinstance(instruction, Copy) else None
                sources = () if copied_from is not None else instruction.sources
                if any(_is_source(word.text) and (made or not _is_manifest(word.text)) for word in sources):
                    return True
            elif isinstance(instruction, Unknown) and instruction.keyword in ("COPY", "ADD"):
                return True
            elif isinstance(instruction, Run):
                script = facts.script(instruction)
                commands = script.commands if script else ()
                if any(one.run is instruction for one in made):
                    if any(mount.type == "bind" for mount in instruction.mounts):
                        return True
                    if any(_is_fetch(command) for command in commands):
                        return True
                elif (fetches or any(one.ships for one in made)) and _unpacks(commands):
                    return True
    return any(
        not one.ships and isinstance(copy, Copy) and copy.from_ is not None
        for one in made
        for stage in facts.shipping
        for copy in stage.instructions
    )


def _is_fetch(command: Command) -> bool:
    values = command.values
    if command.name in ("curl", "wget"):
        return True
    if command.name == "git":
        return "clone" in values or "fetch" in values
    return command.name in ("go", "cargo", "cabal", "stack") and "install" in values


def _brings_sources(instruction: Instruction) -> bool:
    if not isinstance(instruction, Copy | Add) or (isinstance(instruction, Copy) and instruction.from_):
        return False
    texts = [word.text for word in instruction.sources]
    return any(
        text in (".", "./", "*", "/") or text.endswith((".go", ".rs", ".c", ".java", ".cs")) for text in texts
    )


def _unpacks(commands: tuple[Command, ...]) -> bool:
    """Whether a RUN brings a tree of sources: a clone, or a download that it unpacks."""
    names = {command.name for command in commands}
    if any(c.name == "tar" and {"/usr/local", "/usr/local/"} & set(c.values) for c in commands):
        return False  # a tool is put in its place
    if names & {"curl", "wget"} and names & {"tar", "unzip", "bsdtar"}:
        return True
    return any(command.name == "git" and "clone" in command.values for command in commands)


_MANIFESTS = frozenset(
    [
        "package.json",
        "package-lock.json",
        "yarn.lock",
        "pnpm-lock.yaml",
        "go.mod",
        "go.sum",
        "cargo.toml",
        "cargo.lock",
        "pom.xml",
        "build.gradle",
        "build.gradle.kts",
        "requirements.txt",
        "setup.py",
        "pyproject.toml",
        "gemfile",
        "gemfile.lock",
        "composer.json",
        "makefile",
        "cmakelists.txt",
        "mix.exs",
        "stack.yaml",
        "build.sbt",
        "package.swift",
        "project.clj",
    ]
)
_SOURCES = [
    ".go",
    ".c",
    ".cc",
    ".cpp",
    ".h",
    ".hpp",
    ".rs",
    ".java",
    ".kt",
    ".scala",
    ".py",
    ".js",
    ".mjs",
    ".ts",
    ".tsx",
    ".jsx",
    ".rb",
    ".php",
    ".cs",
    ".fs",
    ".csproj",
    ".sln",
    ".hs",
    ".cabal",
    ".swift",
    ".zig",
    ".dart",
    ".cr",
    ".nim",
    ".ml",
    ".ex",
    ".exs",
    ".erl",
    ".pl",
    ".r",
    ".lua",
    ".jar",
    ".war",
]
_CONFIG = [
    ".conf",
    ".cfg",
    ".ini",
    ".cnf",
    ".yml",
    ".yaml",
    ".toml",
    ".json",
    ".xml",
    ".env",
    ".txt",
    ".md",
    ".crt",
    ".pem",
    ".key",
    ".list",
    ".repo",
    ".service",
    ".properties",
    ".patch",
    ".diff",
    ".gz",
    ".tgz",
    ".zip",
    ".xz",
    ".bz2",
    ".deb",
    ".rpm",
    ".apk",
    ".gpg",
    ".asc",
]


def _is_manifest(path: str) -> bool:
    return path.rstrip("/").rpartition("/")[2].lower().rstrip("*") in _MANIFESTS


def _is_source(path: str) -> bool:
    name = path.rstrip("/").rpartition("/")[2].lower()
    if name in (".", "", "*", "..") or name in _MANIFESTS or path.endswith("/"):
        return True
    if "entrypoint" in name or name.endswith((".sh", *_CONFIG)):
        return False
    if name.endswith(tuple(_SOURCES)):
        return True
    return "." not in name.strip(".*")


def started(facts: Facts, stage: Stage) -> tuple[Cmd | None, Entrypoint | None]:
    """The CMD and ENTRYPOINT that a stage's image has from this file (ENTRYPOINT drops an earlier CMD
    of a stage below)."""
    command: Cmd | None = None
    entry: Entrypoint | None = None
    for link in reversed(facts.dockerfile.chain(stage)):
        own_command = None
        for instruction in link.instructions:
            if isinstance(instruction, Cmd):
                own_command = instruction
            elif isinstance(instruction, Entrypoint):
                entry, command = instruction, None
        command = own_command or command
    return command, entry
