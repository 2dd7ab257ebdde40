from __future__ import annotations

from ctr_ci.lint.image import parse
from ctr_ci.lint.rule import Bad, Category, Good, Rule, Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.image import Image
    from ctr_ci.lint.rule import Finding

# Ubuntu's releases: since 6.10 each April (.04) and October (.10), but for 6.06; Docker Hub has images of
# those that were supported since it exists.
_FIRST, _LTS_YEARS = (12, 4), 2
_DEBIAN = [
    "buzz",
    "rex",
    "bo",
    "hamm",
    "slink",
    "potato",
    "woody",
    "sarge",
    "etch",
    "lenny",
    "squeeze",
    "wheezy",
    "jessie",
    "stretch",
    "buster",
    "bullseye",
    "bookworm",
    "trixie",
    "forky",
    "duke",
    "sid",
    "unstable",
    "testing",
    "stable",
    "oldstable",
    "experimental",
]


def check(facts: Facts) -> Iterator[Finding]:
    dockerfile = facts.dockerfile
    for stage in dockerfile.stages:
        word = stage.base.image
        expanded = dockerfile.before(stage.base).expand(word)
        if expanded.value is None or stage.parent is not None:
            continue
        image = parse(expanded.value)
        if not image.official or image.digest or not image.tag:
            continue
        wrong = (
            _ubuntu(image) if image.path == "ubuntu" else _debian(image) if image.path == "debian" else None
        )
        if wrong:
            yield RULE.at(word.span, wrong[0], help=wrong[1])


def _ubuntu(image: Image) -> tuple[str, str] | None:
    year, dot, month = image.tag.partition(".")
    if not (
        dot and year.isdigit() and len(year) == 2 and month[:2].isdigit() and month[2:3] in ("", "-", ".")
    ):
        return None
    release = (int(year), int(month[:2]))
    if release < _FIRST or release[1] in (4, 10):
        return None
    near = [f"{year}.04", f"{year}.10"]
    lts = int(year) - int(year) % _LTS_YEARS
    help_text = f"ubuntu:{near[0]} and ubuntu:{near[1]} exist"
    help_text += (
        f"; {near[0]} is the long-term release"
        if lts == int(year)
        else f"; the long-term release is {lts}.04"
    )
    return (
        f"ubuntu:{image.tag} has never existed: Ubuntu releases come in April (.04) and October (.10) only",
        help_text,
    )


def _debian(image: Image) -> tuple[str, str] | None:
    number = image.tag.partition("-")[0]
    if number.isdigit() and not 4 <= int(number) <= 15:
        return (
            f"debian:{image.tag} does not exist: there is no Debian {number}",
            "Debian 12 is bookworm, 13 is trixie",
        )
    return None


RULE = Rule(
    id="CT111",
    name="nonexistent-base-tag",
    severity=Severity.ERROR,
    category=Category.CORRECTNESS,
    summary="The base image's tag cannot exist",
    why=(
        "Some distributions name their releases by a scheme, so a tag outside of it is a slip that only "
        "shows when "
        "the build tries to pull. Ubuntu releases in April and October: 18.04 and 18.10 exist, 18.05 does "
        "not."
    ),
    examples=(
        Bad("FROM ubuntu:18.05\n", at="1:6-1:18"),
        Good("FROM ubuntu:18.04\n"),
        Good("FROM ubuntu:24.04\n"),
    ),
    check=check,
)
