"""Which layer of a built image an instruction made: by its text, as the image's history keeps it.

The history holds a RUN's text without continuations and COPY's without flags, so both are compared
word by word; where two instructions read the same, they are matched in order, from the end.
"""

from __future__ import annotations

import re

from ctr_ci.dockerfile import Add, Copy, Dockerfile, Instruction, Run, Stage
from ctr_ci.image import Weight
from ctr_ci.source import Span


def instruction_at(dockerfile: Dockerfile, span: Span) -> Instruction | None:
    """The instruction that a span lies in."""
    return next((each for each in dockerfile.instructions if each.span.covers(span)), None)


def shipping(dockerfile: Dockerfile, target: str = "") -> Stage | None:
    """The stage that an image was built from: `target`, else the last; None in a file without stages."""
    named = dockerfile.find(target) if target else None
    return named or (dockerfile.stages[-1] if dockerfile.stages else None)


def layer_of(dockerfile: Dockerfile, weight: Weight, target: str = "") -> dict[Span, int]:
    """Span of an instruction of the shipping chain (that of `target`, else of the last stage) → the layer
    that it made. What does not match is left out: the image was built from another text, or with variables
    in a COPY."""
    stage = shipping(dockerfile, target)
    if stage is None:
        return {}
    chain = dockerfile.chain(stage)
    made = [
        each for stage in reversed(chain) for each in stage.instructions if isinstance(each, Run | Copy | Add)
    ]
    found: dict[Span, int] = {}
    free = [layer for layer in weight.layers if not layer.base] or list(weight.layers)
    for instruction in reversed(made):
        for at in range(len(free) - 1, -1, -1):
            if _same(instruction, free[at].instruction):
                found[instruction.span] = free[at].index
                del free[at:]
                break
    return found


def _same(instruction: Run | Copy | Add, history: str) -> bool:
    if isinstance(instruction, Run):
        if instruction.script is None:
            return history == "RUN " + " ".join(word.text for word in instruction.json or ())
        return _words(history.removeprefix("RUN ")) == _words(instruction.script.text)
    keyword, _, rest = history.partition(" ")
    target = (
        rest.split(" in ")[-1] if re.match(r"(?:file|dir|multi):[0-9a-f]+ in ", rest) else rest.split(" ")[-1]
    )
    wanted = instruction.destination.text
    return keyword == instruction.keyword and (target.rstrip("/") or "/").endswith(
        wanted.rstrip("/").lstrip("./")
    )


def _words(text: str) -> list[str]:
    """The words of a shell text without continuations and the comments between them."""
    return re.sub(r"(?m)^\s*#.*\n|\\\s*\n", " ", text).split()
