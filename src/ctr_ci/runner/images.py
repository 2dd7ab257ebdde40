"""The image that a step runs: one that is here, one that is pulled, or a stand-in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from ctr_ci.engine import Engine, Image
from ctr_ci.plan import Step
from ctr_ci.problem import Problem, WorldError
from ctr_ci.value import value

ATTEMPTS = 3
# Public images whose ENTRYPOINT is the builder's own program, by the last part of the builder's name: a
# step's `args` mean the same to them.
PUBLIC = {
    "curl": "curlimages/curl",
    "docker": "docker:cli",
    "git": "alpine/git",
    "helm": "alpine/helm",
    "kubectl": "registry.k8s.io/kubectl:v1.31.0",
    "packer": "hashicorp/packer",
    "terraform": "hashicorp/terraform",
}


@value
class Builders:
    """`stand_ins`: what to run instead of a builder image. `pull`: "missing", "always" or "never"."""

    pull: str = "missing"
    stand_ins: Mapping[str, str] = MappingProxyType({})

    def stand_in(self, image: str) -> str | None:
        """For the reference as written, for it without tag, or for the last part of its path."""
        bare = untagged(image)
        for name in (image, bare, bare.rsplit("/", 1)[-1]):
            if name in self.stand_ins:
                return self.stand_ins[name]
        return None


def untagged(reference: str) -> str:
    """A reference without digest and tag."""
    bare = reference.partition("@")[0]
    head, colon, last = bare.rpartition(":")
    return head if colon and "/" not in last else bare


def resolve(
    step: Step,
    engine: Engine,
    builders: Builders,
    built: Callable[[str], bool],
    pulling: Callable[[str], None],
    stopped: Callable[[], bool],
) -> Image:
    """The image of a step; `built(image_id)` says whether this build made it (then it is never
    pulled). `pulling` is told before a pull. Raises WorldError where it cannot be had."""
    name = builders.stand_in(step.image) or step.image
    image = engine.image(name)
    if image is not None and (builders.pull != "always" or built(image.id)):
        return image
    if builders.pull == "never":
        raise _missing(step, name, "it is not here, and nothing is pulled (--pull never)")
    pulling(name)
    why = ""
    for _ in range(ATTEMPTS):
        try:
            for _line in engine.pull(name):
                if stopped():
                    break
            image = engine.image(name)
            if image is not None:
                return image
        except WorldError as error:
            why = error.problems[0].found
            if stopped() or _hopeless(why):
                break
    raise _missing(step, name, why)


def _hopeless(why: str) -> bool:
    """Whether asking again would get the same answer."""
    signs = ("not found", "no such host", "denied", "manifest unknown", "unauthorized", "invalid reference")
    return any(sign in why for sign in signs)


def _missing(step: Step, name: str, why: str) -> WorldError:
    of = f" (which stands in for {step.image})" if name != step.image else ""
    builder = untagged(step.image)
    public = PUBLIC.get(builder.rsplit("/", 1)[-1])
    if public and name == step.image:
        help = f"a public image of the same program can stand in: --builder {builder}={public}"
    else:
        help = f"an image of yours can stand in: --builder {builder}=IMAGE"
    return WorldError(
        Problem(
            f'build step {step.index} "{step.image}" failed: no image {name}{of}: {why}',
            expected="an image that is here or can be pulled",
            help=help,
        )
    )
