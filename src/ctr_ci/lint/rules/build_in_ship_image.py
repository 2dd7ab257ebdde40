from __future__ import annotations

from ctr_ci.lint.rule import Bad, Category, Good, Related, Rule, Severity
from ctr_ci.lint.shipping import judge, started
from ctr_ci.lint.toolchain import weight

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding
    from ctr_ci.lint.shipping import Judgement


def check(facts: Facts) -> Iterator[Finding]:
    for one in facts.once(judge):
        if one.sdk is None and not one.left and one.implied is None:
            continue
        yield _finding(facts, one)


def _finding(facts: Facts, one: Judgement) -> Finding:
    base = one.stage.base
    own = next((made for made in one.made if made.ships), None)
    related = []
    if one.sdk is not None:
        carried = f"{one.image.text if one.image else base.image.text} carries {one.sdk.holds}"
    elif one.left:
        carried = _packages(one)
    else:
        carried = f"`{one.implied.text}` needs {one.implied.compile.implies} there" if one.implied else ""
    if own is not None:
        place, what = own.span, f"`{own.text}` builds the application in the image that ships"
        message = f"{what}; {carried}" if carried else what
    elif one.left:
        place, message = (
            one.left[0].span,
            f"{carried}, which only building needs, and ships with the application",
        )
    else:
        place, message = base.image.span, f"the application was built in another stage, yet {carried}"
    if one.sdk is not None and place != base.image.span:
        related.append(Related(base.image.span, f"the base holds {one.sdk.holds}"))
    others = [left for left in one.left[:5] if left.span != place]
    related += [Related(left.span, f"{left.name} stays installed") for left in others]
    severity = _severity(facts, one)
    return RULE.at(place, message, help=_help(facts, one), severity=severity, related=tuple(related))


def _packages(one: Judgement) -> str:
    names = list(dict.fromkeys(left.name for left in one.left))
    shown = ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
    known = max((weight(name) or 0 for name in names), default=0)
    return f"{shown} stay{'s' if len(names) == 1 else ''} installed" + (
        f" (about {known} MB)" if known else ""
    )


def _severity(facts: Facts, one: Judgement) -> Severity:
    command, entry = started(facts, one.stage)
    if one.sdk is not None and one.sdk.compiled and one.made and (command or entry):
        return Severity.ERROR
    return Severity.WARNING


def _help(facts: Facts, one: Judgement) -> str:
    way = _way(one)
    if one.stages > 1 or facts.source.path.startswith("<"):
        return way
    return f"{way}\n`ctr-ci split {facts.source.path}` rewrites it so, and can prove it"


def _way(one: Judgement) -> str:
    made = next(iter(one.made), None)
    artefact = made.compile.artefact if made else "what was built or installed"
    instead = f"\nship on {one.sdk.instead}" if one.sdk else ""
    if one.left and not made and one.sdk is None:
        return "build in a stage of its own and copy the result, or remove these packages in the same RUN"
    return f"build in a stage of its own (FROM … AS build) and COPY --from=build {artefact}{instead}"


RULE = Rule(
    id="CT101",
    name="build-in-ship-image",
    severity=Severity.WARNING,
    category=Category.SHIPPING,
    summary="What only builds the application should not ship with it",
    why=(
        "A compiler, its headers and its caches are often ten times the size of what they build, and each is "
        "something to patch and something an attacker can use. The image that ships should hold what runs "
        "and "
        "nothing else: build in one stage, copy the result into another. Reported when a toolchain remains "
        "in a "
        "stage that ships, it was used in this build, and an application ships with it. Not reported when "
        "the "
        "image is meant for building: no CMD or ENTRYPOINT, a shell or the tool itself as CMD, a name like "
        "dev or "
        "ci, or the comment `# ctr-ci: image-kind=toolchain` (or base, dev). `image-kind=app` forces the "
        "check."
    ),
    help="build in a stage of its own and copy only the result: `ctr-ci split FILE` writes that",
    examples=(
        Bad(
            'FROM golang:1.23\nWORKDIR /src\nCOPY . .\nRUN go build -o /app .\nCMD ["/app"]\n', at="4:5-4:23"
        ),
        Good(
            "FROM golang:1.23 AS build\nWORKDIR /src\nCOPY . .\nRUN CGO_ENABLED=0 go build -o /app .\n"
            'FROM gcr.io/distroless/static-debian12\nCOPY --from=build /app /app\nCMD ["/app"]\n'
        ),
        Good('FROM golang:1.23\nWORKDIR /src\nCOPY . .\nCMD ["go", "test", "./..."]\n'),
    ),
    same_as=("tally:prefer-multi-stage-build",),
    check=check,
)
