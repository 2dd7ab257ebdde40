"""`--target` and `--build-arg` against the files: what the builder would refuse or warn of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ctr_ci.dockerfile import PLATFORM_ARGUMENTS, RUN_ARGUMENTS, UNDECLARED_ARGUMENTS, Arg, parse
from ctr_ci.document import nearest
from ctr_ci.problem import InputError, Problem
from ctr_ci.source import Source


def check_build_options(
    sources: Sequence[Source], target: str, build_args: Sequence[tuple[str, str]]
) -> Iterator[str]:
    """What to tell of arguments that no file takes. Raises InputError for a stage that no file has."""
    files = [parse(source) for source in sources]
    if target and files and not any(file.find(target) for file in files):
        names = [stage.name for file in files for stage in file.stages if stage.name]
        near = nearest(target, names)
        raise InputError(
            Problem(
                f"no stage {target!r}",
                f"one of {', '.join(dict.fromkeys(names))}"
                if names
                else "the number of a stage: none has a name",
                f"did you mean `{near}`?" if near else "",
                files[0].source.path if len(files) == 1 else "",
            )
        )
    known = {
        pair.key.text
        for file in files
        for arg in file.instructions
        if isinstance(arg, Arg)
        for pair in arg.pairs
    }
    known |= PLATFORM_ARGUMENTS | RUN_ARGUMENTS | UNDECLARED_ARGUMENTS
    for name, _ in build_args:
        if name not in known:
            near = nearest(name, known)
            yield f"--build-arg {name}: no ARG takes it" + (f"; did you mean `{near}`?" if near else "")
