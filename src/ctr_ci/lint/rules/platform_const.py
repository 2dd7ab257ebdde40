from __future__ import annotations

from ctr_ci.lint.rule import Bad, Category, Good, Rule, Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding

_WORDS = frozenset([
    "amd64", "arm64", "arm", "386", "x86", "x64", "aarch64", "armv7", "armhf", "ppc64le", "s390x",
    "riscv64", "linux", "windows", "darwin", "x86_64",
])  # fmt: skip


def check(facts: Facts) -> Iterator[Finding]:
    for stage in facts.dockerfile.stages:
        word = stage.base.platform
        if word is None or "$" in word.text:
            continue
        name = (stage.name or "").replace("_", "-").replace(".", "-")
        parts = set(name.split("-"))
        said = {part for part in word.text.lower().split("/") if part}
        if parts & (_WORDS | said):
            continue
        yield RULE.at(
            word.span,
            f"--platform={word.text} pins one platform, whatever the build asks for",
            help="leave it out, or use $BUILDPLATFORM for a stage that cross-compiles",
        )


RULE = Rule(
    id="CT144",
    name="platform-const",
    severity=Severity.WARNING,
    category=Category.REPRODUCIBILITY,
    summary="FROM should not pin a platform",
    why=(
        "On another machine the stage runs emulated or not at all, and `docker build --platform` no longer "
        "decides. "
        "A stage whose name says its platform means it."
    ),
    examples=(
        Bad("FROM --platform=linux/amd64 debian:12\n", at="1:17-1:28"),
        Good("FROM --platform=$BUILDPLATFORM debian:12\n"),
        Good("FROM --platform=linux/amd64 debian:12 AS build-amd64\n"),
    ),
    same_as=("DL3029", "buildkit:FromPlatformFlagConstDisallowed"),
    check=check,
)
