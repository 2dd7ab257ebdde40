from __future__ import annotations

from ctr_ci.lint.rule import Bad, Category, Good, Rule, Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding


def check(facts: Facts) -> Iterator[Finding]:
    dockerfile = facts.dockerfile
    given = facts.context.given.union(name for name, _ in facts.context.build_args)
    bare = {pair.key.text for one in dockerfile.arguments for pair in one.pairs if pair.value is None}
    declared = {pair.key.text for one in dockerfile.arguments for pair in one.pairs}
    for stage in dockerfile.stages:
        for word in (stage.base.image, stage.base.platform):
            if word is None or "$" not in word.text:
                continue
            expanded = dockerfile.before(stage.base).expand(word)
            open_ = [name for name in expanded.names if name in bare] if expanded.value is None else []
            missing = [name for name in (*expanded.unset, *open_) if name not in given]
            if not missing:
                if expanded.value is not None and word is stage.base.image and _broken(expanded.value):
                    yield RULE.at(
                        word.span, f"the default gives `{expanded.value}`, which is no image reference"
                    )
                continue
            name = missing[0]
            if name in bare:
                yield RULE.at(
                    word.span,
                    f"${name} has no default: the build needs --build-arg {name}=…",
                    severity=Severity.INFO,
                    help=f"give it one, ARG {name}=…, if the file should build by itself",
                )
            elif name not in declared:
                yield RULE.at(
                    word.span,
                    f"${name} is not declared before FROM, so it is empty here",
                    help=f"write ARG {name} above the first FROM",
                )


def _broken(text: str) -> bool:
    return not text or text.endswith((":", "@", "/", "-")) or ":/" in text or "::" in text


RULE = Rule(
    id="CT142",
    name="arg-from",
    severity=Severity.WARNING,
    category=Category.CORRECTNESS,
    summary="A variable in FROM must be declared above it, best with a default",
    why=(
        "FROM sees only the ARGs before the first FROM. One that is not there is empty, and `debian:$TAG` "
        "becomes "
        "`debian:`. A bare `ARG TAG` is a decision (the builder must choose), so it is only mentioned."
    ),
    examples=(
        Bad("FROM debian:$TAG\n", at="1:6-1:17"),
        Good("ARG TAG=12\nFROM debian:$TAG\n"),
    ),
    same_as=("buildkit:UndefinedArgInFrom", "buildkit:InvalidDefaultArgInFrom"),
    check=check,
)
