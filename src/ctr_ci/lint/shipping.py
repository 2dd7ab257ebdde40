"""Judges whether what only built an application ships with it: the decision behind both flagship rules.

An image is judged when a toolchain remains in it (T), it was used in this build (C), an application
ships (A), and nothing says that the toolchain is what the image is for (N).
"""

from __future__ import annotations

from ctr_ci.dockerfile import Cmd, Entrypoint, Run
from ctr_ci.lint import purpose
from ctr_ci.lint.arrival import arrives as application_arrives
from ctr_ci.lint.arrival import brings_manifest, brings_sources
from ctr_ci.lint.packages import SYSTEM
from ctr_ci.lint.toolchain import build_only, compiler, compiles, fits, is_jdk, sdk
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
# Packages that programs use too: alone they say nothing.
_WEAK = ("binutils", "python3-setuptools", "python-setuptools", "python3-pip-whl")


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
    if all(one.name in _WEAK for one in left):
        left = ()
    tools = [one for one in left if compiler(one.name)]
    jdk = any(is_jdk(one.name) for one in left)
    used = (
        made or jdk or (left and fetches) or _headers(left) or any(one.name not in _COMMON for one in tools)
    )
    bundled = any(one.ships and not one.compile.implies and not _discards(facts, one.run) for one in made)
    if not (used and (holds or left or implied or bundled)):
        return None
    compilers = any(one.name not in _COMMON for one in tools)
    arrives = (
        (tools and fetches)
        or (left and any(_compiles_extensions(facts, run) for run in runs))
        or application_arrives(
            facts, [*reached, *chain], made, fetches is not None or compilers or (jdk and not tools)
        )
    )
    if not (forced or arrives):
        return None
    return Judgement(
        stage, image, holds, left, made, implied, fetches, len({s.index for s in (*reached, *chain)})
    )


def _headers(left: tuple[Left, ...]) -> bool:
    """Whether headers are there for something to be compiled with: one alone may be a library that a
    program loads by its unversioned name."""
    names = {one.name for one in left if one.name.endswith(("-dev", "-devel"))}
    return len(names) > 1 or any(name.startswith(("python", "ruby", "php")) for name in names)


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
        if holds.compiled and any(brings_sources(one) for one in instructions):
            continue  # nothing compiled them here, so what is started does
        if holds.ecosystem == "Java" and "jdk" in facts.source.path.lower():
            continue  # the JDK is what this variant is for
        if (
            "onbuild" in image.tag
            or application_arrives(facts, [*facts.dockerfile.reached(stage), *chain], (), fetches=True)
            or _installs_what_starts(facts, stage, instructions)
        ):
            found.append((stage, image, holds))
    return tuple(found)


def _installs_what_starts(facts: Facts, stage: Stage, instructions: list[Instruction]) -> bool:
    """Whether a package that a RUN installs by its name (npm -g, pip, gem) is what the image starts."""
    names = {
        (word.value or "").rpartition("/")[2].partition("@")[0].partition("=")[0]
        for run in instructions
        if isinstance(run, Run)
        for one in facts.operations(run)
        if one.manager in _DEPENDENCIES and one.verb in ("install", "global")
        for word in one.packages
    } - _INSTALLING
    if not names - {""}:
        return False
    command, entry = started(facts, stage)
    programs = purpose.programs(facts, entry, command)
    if any(name in names for name in programs):
        return True
    return any(purpose.is_named(name) for name in programs[:1]) and not brings_manifest(instructions)


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


def _discards(facts: Facts, run: Run) -> bool:
    """Whether a RUN deletes a folder by its relative name: that of the sources, or node_modules."""
    script = facts.script(run)
    return script is not None and any(
        command.name == "rm"
        and any("r" in word.text.lower() for word in command.arguments if word.text.startswith("-"))
        and any(not word.text.startswith(("-", "/", "~", "$")) for word in command.arguments)
        for command in script.commands
    )


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
    "conda": ("env", "install"),
    "mamba": ("env", "install"),
    "easy_install": (),
    "R": ("CMD", ""),
    "Rscript": (),
    "install2.r": (),
    "buildout": (),
    "build.sh": (),
    "compile.sh": (),
    "autogen.sh": (),
    "bootstrap.sh": (),
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


# Installers whose packages may hold C that is compiled when they are installed.
_EXTENSIONS = frozenset(_INSTALLERS) - {"composer"}


def _compiles_extensions(facts: Facts, run: Run) -> bool:
    """Whether a RUN installs packages of a language that headers alone let it compile."""
    if _fetches(facts, run) is None:
        return False
    managers = {one.manager for one in facts.operations(run) if one.verb in ("install", "wheel")}
    return bool(managers & {"pip", "gem"}) or any(
        command.name in _EXTENSIONS for command, _ in _commands(facts, run)
    )


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
