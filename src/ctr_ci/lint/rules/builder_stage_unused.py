from __future__ import annotations

from ctr_ci.lint.rule import Bad, Category, Good, Rule, Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding

_TARGETS = frozenset([
    "dev", "development", "test", "tests", "prod", "production", "release", "debug", "ci", "lint",
    "runtime", "final", "local", "staging", "docs", "check", "e2e", "export", "builder-base", "target",
])  # fmt: skip


def check(facts: Facts) -> Iterator[Finding]:
    dockerfile = facts.dockerfile
    if len(dockerfile.stages) < 2:
        return
    named = facts.context.targets | facts.context.side_targets
    reached = {stage.index for target in facts.shipping for stage in dockerfile.reached(target)}
    unused = [stage for stage in dockerfile.stages if stage.index not in reached]
    plausible = [stage for stage in unused if stage.name and (_is_target(stage.name) or stage.name in named)]
    last = dockerfile.stages[-1].name
    if last and _is_target(last):  # a file of targets: dev, test, prod, each built by --target
        plausible += [stage for stage in unused if stage.name]
    fine = {stage.index for target in plausible for stage in dockerfile.reached(target)}
    if any("$" in stage.base.image.text for stage in dockerfile.stages):
        unknown = [
            stage.base.image.text.split("$")[0] for stage in dockerfile.stages if "$" in stage.base.image.text
        ]
        fine |= {
            s.index for s in unused if s.name and any(p and s.name.startswith(p.lower()) for p in unknown)
        }
    for stage in unused:
        if stage.index not in fine:
            yield RULE.at(
                stage.base.span,
                f"nothing uses the stage {stage.name or stage.index}: neither FROM, COPY --from nor a mount",
                help="delete it, or copy from it what it was made for",
            )


def _is_target(name: str) -> bool:
    return bool(set(name.replace("_", "-").split("-")) & _TARGETS)


RULE = Rule(
    id="CT147",
    name="builder-stage-unused",
    severity=Severity.WARNING,
    category=Category.CORRECTNESS,
    summary="A stage that nothing uses is never built",
    why=(
        "BuildKit builds only what the target needs. An unused stage is a leftover, or a COPY --from is "
        "missing. A "
        "stage whose name is a plausible `--target` (dev, test, prod) is left alone."
    ),
    examples=(
        Bad("FROM debian:12 AS u\nRUN echo x\nFROM alpine:3.20\n", at="1:1-1:20"),
        Good("FROM debian:12 AS u\nRUN echo x\nFROM alpine:3.20\nCOPY --from=u /x /x\n"),
    ),
    same_as=("tally:no-unreachable-stages", "unreachable-stage"),
    check=check,
)
