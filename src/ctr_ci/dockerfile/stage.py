"""Stages: which stage is built on which, what each needs, and the state that each instruction meets.

BuildKit `dockerfile2llb/convert.go`: FROM matches an earlier stage's lowered name case-sensitively;
`COPY --from`, mounts and targets ignore case and take an index too; of equal names the last wins.
"""

from __future__ import annotations

import re

from ctr_ci.dockerfile.expand import PLATFORM_ARGUMENTS, Expansion, Scope, after_arg, after_env
from ctr_ci.dockerfile.instruction import (
    Arg,
    Copy,
    Env,
    From,
    Instruction,
    Onbuild,
    Run,
    Shell,
    User,
    Workdir,
)
from ctr_ci.dockerfile.text import Word
from ctr_ci.dockerfile.variables import Variables
from ctr_ci.value import replace, value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


@value
class Stage:
    """`instructions` without the FROM, which is `base`. `name` is lowered, None when it has none.

    `parent` is the index of the stage it is FROM; `image` is the image it is FROM, with variables
    replaced, None when it is a stage or not known (a variable without a default).
    """

    index: int
    name: str | None
    base: From
    instructions: tuple[Instruction, ...]
    parent: int | None
    image: str | None

    def __repr__(self) -> str:
        return f"Stage({self.index}, {self.name!r}, FROM {self.base.image.text})"


@value
class State:
    """What an instruction meets: `shell`, `workdir`, `user` are None where the base image decides.

    A `workdir` or `user` whose variables are not known is kept as written. `image` is the image
    that the chain of stages starts from.
    """

    scope: Scope
    shell: tuple[str, ...] | None
    workdir: str | None
    user: str | None
    image: str | None

    @property
    def env(self) -> Variables:
        return self.scope.env

    @property
    def arguments(self) -> Variables:
        return self.scope.arguments

    def expand(self, word: Word | str) -> Expansion:
        return self.scope.expand(word)


def global_scope(arguments: tuple[Arg, ...], escape: str, given: Mapping[str, str]) -> Scope:
    """The scope of the FROM lines; `given` are build arguments (`--build-arg`)."""
    nothing = Variables()
    platform = Variables([(name, given.get(name)) for name in sorted(PLATFORM_ARGUMENTS)])
    scope = Scope(nothing, platform, escape, False)
    for arg in arguments:
        scope = after_arg(scope, arg, nothing, given)
    return scope


def stages(instructions: tuple[Instruction, ...], escape: str, given: Mapping[str, str]) -> tuple[Stage, ...]:
    scope = None
    found: list[Stage] = []
    names: dict[str, int] = {}
    starts = [at for at, each in enumerate(instructions) if isinstance(each, From)]
    for number, at in enumerate(starts):
        base = instructions[at]
        assert isinstance(base, From)
        end = starts[number + 1] if number + 1 < len(starts) else len(instructions)
        image: str | None = base.image.text
        if "$" in base.image.text or '"' in base.image.text or "'" in base.image.text:
            if scope is None:
                before = [each for each in instructions[: starts[0]] if isinstance(each, Arg)]
                scope = global_scope(tuple(before), escape, given)
            image = scope.expand(base.image).value
        parent = names.get(image) if image is not None else None
        name = base.name.text.lower() if base.name is not None else None
        found.append(
            Stage(
                number, name, base, instructions[at + 1 : end], parent, None if parent is not None else image
            )
        )
        if name:
            names[name] = number
    return tuple(found)


def first_state(stage: Stage, escape: str) -> State:
    """The state behind the FROM of a stage that is built on an image."""
    scratch = stage.image == "scratch"
    return State(
        Scope(Variables(), Variables(), escape, not scratch),
        None,
        "/" if scratch else None,
        None,
        stage.image,
    )


def step(state: State, instruction: Instruction, outer: Variables, given: Mapping[str, str]) -> State:
    """The state behind an instruction; `outer` are the global arguments, `given` the build's."""
    if isinstance(instruction, Env):
        return replace(state, scope=after_env(state.scope, instruction))
    if isinstance(instruction, Arg):
        return replace(state, scope=after_arg(state.scope, instruction, outer, given))
    if isinstance(instruction, Workdir):
        return replace(state, workdir=_joined(state, instruction.path))
    if isinstance(instruction, User):
        user = state.expand(instruction.user).value
        return replace(state, user=instruction.user.text if user is None else user)
    if isinstance(instruction, Shell):
        return replace(state, shell=tuple([word.text for word in instruction.words]))
    return state


def is_absolute(path: str) -> bool:
    """Whether a path starts at a root: `/`, a drive, or a variable that may hold one."""
    return path.startswith(("/", "\\", "$")) or re.match(r"[A-Za-z]:", path) is not None


def _joined(state: State, word: Word) -> str | None:
    path = state.expand(word).value
    if path is None:
        path = word.text
    if is_absolute(path):
        return path.rstrip("/") or "/"
    if state.workdir is None:
        return None
    parts = [part for part in state.workdir.split("/") if part]
    for part in path.split("/"):
        if part == "..":
            parts = parts[:-1]
        elif part not in ("", "."):
            parts.append(part)
    lead = "" if parts and not state.workdir.startswith("/") else "/"
    return lead + "/".join(parts)


def references(stage: Stage) -> tuple[Word, ...]:
    """What a stage copies or mounts from: the words of `COPY --from` and of mounts' `from`."""
    found: list[Word] = []
    for each in stage.instructions:
        inner = each.inner if isinstance(each, Onbuild) else each
        if isinstance(inner, Copy) and inner.from_ is not None:
            found.append(inner.from_)
        elif isinstance(inner, Run):
            found += [mount.from_ for mount in inner.mounts if mount.from_ is not None]
    return tuple(found)
