from __future__ import annotations

from ctr_ci.dockerfile import Env
from ctr_ci.lint.rule import Bad, Category, Good, Rule, Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding

_NAMES = ("NVIDIA_VISIBLE_DEVICES", "CUDA_VISIBLE_DEVICES")


def check(facts: Facts) -> Iterator[Finding]:
    for env in facts.each(Env):
        for pair in env.pairs:
            value = pair.value.text.strip("\"'") if pair.value is not None else ""
            if (
                pair.key.text in _NAMES
                and value
                and value not in ("all", "none", "void")
                and "$" not in value
            ):
                yield RULE.at(pair.span, f"{pair.key.text}={value} ties the image to one machine's devices")
    for run, command in facts.commands():
        if command.name == "nvidia-smi":
            yield RULE.at(
                facts.span(run, command.start, command.end), "a build has no GPU: nvidia-smi fails here"
            )


RULE = Rule(
    id="CT192",
    name="gpu-hardcoded",
    severity=Severity.WARNING,
    category=Category.CORRECTNESS,
    summary="GPUs are chosen when the container starts",
    why="Which devices there are is known where the container runs, not where the image is built.",
    help="leave it to `docker run --gpus`",
    examples=(
        Bad("FROM debian:12\nENV CUDA_VISIBLE_DEVICES=0\n", at="2:5-2:27"),
        Good("FROM debian:12\nENV NVIDIA_VISIBLE_DEVICES=all\n"),
    ),
    same_as=("tally:gpu/no-hardcoded-visible-devices", "tally:gpu/no-buildtime-gpu-queries"),
    check=check,
)
