from __future__ import annotations

from ctr_ci.lint.image import parse
from ctr_ci.lint.rule import Bad, Category, Good, Rule, Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding


def check(facts: Facts) -> Iterator[Finding]:
    dockerfile = facts.dockerfile
    for stage in dockerfile.stages:
        word = stage.base.image
        text = dockerfile.before(stage.base).expand(word).value
        if stage.parent is not None or not text:
            continue
        image = parse(text)
        if image.tag == "latest" and not image.digest:
            yield RULE.at(word.span, f"{text} is another image whenever its owner releases one")


RULE = Rule(
    id="CT141",
    name="latest",
    severity=Severity.WARNING,
    category=Category.REPRODUCIBILITY,
    summary="The tag `latest` moves",
    why=(
        "`latest` names whatever was pushed last. The build that passed its tests cannot be made again, and "
        "a new "
        "major version arrives unasked. A digest beside the tag pins it."
    ),
    help="name the release that you test with",
    examples=(
        Bad("FROM debian:latest\n", at="1:6-1:19"),
        Good("FROM debian:12\n"),
    ),
    same_as=("DL3007", "trivy:DS001", "checkov:CKV_DOCKER_7", "dockle:DKL-DI-0006"),
    check=check,
)
