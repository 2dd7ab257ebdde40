from __future__ import annotations

from ctr_ci.lint.rule import Bad, Category, Good, Rule, Severity
from ctr_ci.lint.shipping import judge

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding


def check(facts: Facts) -> Iterator[Finding]:
    for one in facts.once(judge):
        own = [made for made in one.made if made.ships]
        if one.stages > 1 or not own:
            continue
        first = own[0]
        instead = one.sdk.instead if one.sdk else "the smallest image that it runs on"
        yield RULE.at(
            one.stage.base.image.span,
            f"one stage both builds ({first.text}) and ships: sources and intermediates ship too",
            help=(
                f"FROM {one.stage.base.image.text} AS build … then a second FROM: {instead};\n"
                f"there COPY --from=build {first.compile.artefact}"
            ),
        )


RULE = Rule(
    id="CT102",
    name="missing-multi-stage",
    severity=Severity.WARNING,
    category=Category.SHIPPING,
    summary="An application that is built in the Dockerfile needs a second stage to ship from",
    why=(
        "With one stage, everything that the build read and wrote is in the image: sources, dependencies for "
        "development, object files, caches. A second stage starts clean and gets only what it copies. "
        "Reported for "
        "a file with one stage that compiles or bundles an application and starts it."
    ),
    help="split the file into a build stage and a stage that ships: `ctr-ci split FILE` writes both",
    examples=(
        Bad(
            'FROM node:22-slim\nWORKDIR /app\nCOPY . .\nRUN npm ci && npm run build\nCMD ["node", '
            '"dist/main.js"]\n',
            at="1:6-1:18",
        ),
        Good(
            "FROM node:22-slim AS build\nWORKDIR /app\nCOPY . .\nRUN npm ci && npm run build\n"
            'FROM node:22-slim\nCOPY --from=build /app/dist /app/dist\nCMD ["node", "/app/dist/main.js"]\n'
        ),
        Good('FROM nginx:1.27\nCOPY public /usr/share/nginx/html\nCMD ["nginx", "-g", "daemon off;"]\n'),
    ),
    same_as=("tally:prefer-multi-stage-build",),
    check=check,
)
