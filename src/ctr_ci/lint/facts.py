"""`Facts`: what rules ask about one file, worked out when first asked and shared by all of them."""

from __future__ import annotations

from bisect import bisect_right

from ctr_ci.dockerfile import Cmd, Entrypoint, From, Onbuild, Run
from ctr_ci.lint import image as images
from ctr_ci.lint.context import Context

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TypeVar, overload

    from ctr_ci.dockerfile import Dockerfile, Healthcheck, Instruction, Stage, State
    from ctr_ci.lint.image import Image
    from ctr_ci.lint.packages import Operation
    from ctr_ci.lint.rule import Rule
    from ctr_ci.settings import LintSettings
    from ctr_ci.shell import Command, Script
    from ctr_ci.source import Source, Span

    T = TypeVar("T")
    A = TypeVar("A")
    B = TypeVar("B")
    C = TypeVar("C")
    D = TypeVar("D")
    E = TypeVar("E")
    F = TypeVar("F")

_FOREIGN_SHELLS = ("powershell", "pwsh", "cmd")


class Facts:
    """One file's facts. `settings` and `context` are what the user said and where the file stands."""

    def __init__(
        self, dockerfile: Dockerfile, settings: LintSettings, context: Context | None = None
    ) -> None:
        self.dockerfile = dockerfile
        self.settings = settings
        self.context = context or Context()
        self._kinds: dict[type, list[Instruction]] | None = None
        self._outer: dict[int, Onbuild] = {}
        self._scripts: dict[int, Script | None] = {}
        self._operations: dict[int, tuple[Operation, ...]] = {}
        self._images: dict[int, Image | None] = {}
        self._shipping: tuple[Stage, ...] | None = None
        self._shipped: frozenset[int] | None = None
        self._first_lines: list[int] | None = None
        self._once: dict[object, object] = {}

    @property
    def source(self) -> Source:
        return self.dockerfile.source

    if TYPE_CHECKING:

        @overload
        def each(self, a: type[A], /) -> Iterator[A]: ...
        @overload
        def each(self, a: type[A], b: type[B], /) -> Iterator[A | B]: ...
        @overload
        def each(self, a: type[A], b: type[B], c: type[C], /) -> Iterator[A | B | C]: ...
        @overload
        def each(self, a: type[A], b: type[B], c: type[C], d: type[D], /) -> Iterator[A | B | C | D]: ...
        @overload
        def each(
            self, a: type[A], b: type[B], c: type[C], d: type[D], e: type[E], /
        ) -> Iterator[A | B | C | D | E]: ...
        @overload
        def each(
            self, a: type[A], b: type[B], c: type[C], d: type[D], e: type[E], f: type[F], /, *more: type
        ) -> Iterator[Instruction]: ...
        def each(self, *kinds: type) -> Iterator[object]:
            """The instructions of these kinds in text order, with what ONBUILD holds."""

    else:

        def each(self, *kinds):
            by_kind = self._kinds if self._kinds is not None else self._sorted()
            if len(kinds) == 1:
                return iter(by_kind.get(kinds[0], ()))
            some = [one for kind in kinds for one in by_kind.get(kind, ())]
            some.sort(key=lambda one: one.start)
            return iter(some)

    def _sorted(self) -> dict[type, list[Instruction]]:
        kinds: dict[type, list[Instruction]] = {}
        for instruction in self.dockerfile.instructions:
            kinds.setdefault(type(instruction), []).append(instruction)
            if isinstance(instruction, Onbuild):
                self._outer[id(instruction.inner)] = instruction
                kinds.setdefault(type(instruction.inner), []).append(instruction.inner)
        if self._outer:
            for some in kinds.values():
                some.sort(key=lambda one: one.start)
        self._kinds = kinds
        return kinds

    def outer(self, instruction: Instruction) -> Instruction:
        """The ONBUILD that holds an instruction, else itself."""
        if self._kinds is None:
            self._sorted()
        return self._outer.get(id(instruction), instruction)

    def stage_of(self, instruction: Instruction) -> Stage | None:
        return self.dockerfile.stage_of(self.outer(instruction))

    def stage_at(self, line: int) -> Stage | None:
        """The stage that a line belongs to."""
        stages = self.dockerfile.stages
        if self._first_lines is None:
            self._first_lines = [stage.base.span.start.line for stage in stages]
        at = bisect_right(self._first_lines, line)
        return stages[at - 1] if at else None

    def before(self, instruction: Instruction) -> State:
        """Shell, folder, user and variables as an instruction finds them."""
        return self.dockerfile.before(self.outer(instruction))

    def once(self, work: Callable[[Facts], T]) -> T:
        """The result of `work(self)`, worked out one time and shared by the rules that need it."""
        if work not in self._once:
            self._once[work] = work(self)
        return self._once[work]  # type: ignore[return-value]

    # -- what ships ------------------------------------------------------------------------------------

    @property
    def shipping(self) -> tuple[Stage, ...]:
        """The stages whose image ships: `--target`, else the last one and those that compose, bake,
        cloudbuild or workflow files name."""
        if self._shipping is None:
            stages = self.dockerfile.stages
            found = self.dockerfile.find(self.context.target) if self.context.target else None
            if found is not None:
                self._shipping = (found,)
            else:
                named = [stage for stage in stages if stage.name and stage.name in self.context.targets]
                last = [stages[-1]] if stages else []
                self._shipping = tuple(dict.fromkeys([*named, *last]))
        return self._shipping

    def ships(self, instruction: Instruction) -> bool:
        """Whether an instruction's layer is part of an image that ships."""
        if self._shipped is None:
            chains = (self.dockerfile.chain(stage) for stage in self.shipping)
            self._shipped = frozenset(stage.index for chain in chains for stage in chain)
        stage = self.stage_of(instruction)
        return stage is not None and stage.index in self._shipped

    # -- images ----------------------------------------------------------------------------------------

    def image(self, stage: Stage | None) -> Image | None:
        """The image outside this file that a stage is built on in the end; None when not known."""
        if stage is None:
            return None
        if stage.index not in self._images:
            text = self.dockerfile.after(stage).image
            self._images[stage.index] = images.parse(text) if text else None
        return self._images[stage.index]

    def distro(self, instruction: Instruction) -> str:
        """The distribution an instruction runs on, by its stage's image (see `image.distro`)."""
        return images.distro(self.image(self.stage_of(instruction)))

    # -- shell -----------------------------------------------------------------------------------------

    def shell(self, instruction: Instruction) -> tuple[str, ...]:
        """The words of the shell that reads an instruction's shell form: SHELL, or the default one."""
        said = self.before(instruction).shell
        if said is not None:
            return said
        if self.distro(instruction) == "windows":
            return ("cmd", "/S", "/C")
        return ("/bin/sh", "-c")

    def script(self, instruction: Run | Cmd | Entrypoint | Healthcheck) -> Script | None:
        """The shell commands of an instruction; None for exec form, other languages and shells that
        are not like sh."""
        key = id(instruction)
        if key not in self._scripts:
            self._scripts[key] = self._parse(instruction)
        return self._scripts[key]

    def _parse(self, instruction: Run | Cmd | Entrypoint | Healthcheck) -> Script | None:
        from ctr_ci import shell

        if instruction.script is None:
            return None
        if isinstance(instruction, Run) and instruction.interpreter is not None:
            interpreter = instruction.interpreter.split()
            names = [word.rpartition("/")[2] for word in interpreter]
            if not names or (
                names[-1] not in ("sh", "bash", "dash", "ash", "ksh", "zsh")
                and names[0]
                not in (
                    "sh",
                    "bash",
                    "dash",
                    "ash",
                )
            ):
                return None
        program = program_of(self.shell(instruction))
        if program in _FOREIGN_SHELLS and instruction.json is None:
            return None
        state = self.before(instruction)
        return shell.parse(instruction.script.text, state.scope.known)

    def commands(self) -> Iterator[tuple[Run, Command]]:
        """Every simple command of every RUN, wrappers (`sudo`) and what they start each by itself."""
        for run in self.each(Run):
            script = self.script(run)
            if script is not None:
                for command in script.commands:
                    yield run, command

    def operations(self, run: Run) -> tuple[Operation, ...]:
        """What a RUN does with package managers, in order."""
        from ctr_ci.lint.packages import operation

        key = id(run)
        if key not in self._operations:
            script = self.script(run)
            commands = script.commands if script else ()
            self._operations[key] = tuple(filter(None, (operation(command) for command in commands)))
        return self._operations[key]

    def span(self, run: Run | Cmd | Entrypoint | Healthcheck, start: int, end: int) -> Span:
        """The place in the file of characters of a script."""
        if run.script is None:
            return run.span
        return run.script.span(start, end)

    def option(self, rule: Rule, kind: type[T]) -> T:
        """The settings of a rule, as its own `options` class."""
        from ctr_ci.lint.options import read

        return read(rule, kind, self.settings)


def program_of(shell: tuple[str, ...]) -> str:
    """The name of the program in the words of a SHELL: "bash" of `/usr/bin/bash`, "cmd" of `cmd.exe`."""
    if not shell:
        return ""
    name = shell[0].replace("\\", "/").rpartition("/")[2].lower()
    return name.removesuffix(".exe")


def first_from(facts: Facts) -> From | None:
    """The first FROM of a file."""
    return facts.dockerfile.stages[0].base if facts.dockerfile.stages else None
