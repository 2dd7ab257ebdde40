from __future__ import annotations

from ctr_ci.dockerfile import Run
from ctr_ci.lint.rule import Bad, Category, Good, Rule, Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.dockerfile import State
    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.packages import Operation
    from ctr_ci.lint.rule import Finding
    from ctr_ci.shell import Command


_BUILDS = (" run build", " run compile", "yarn build", "tsc", "webpack", "npm test", "run test")


def check(facts: Facts) -> Iterator[Finding]:
    last_prune: int | None = None  # where it begins; looked for once, and only for an npm ci
    builds: dict[int, bool] = {}
    for run in facts.each(Run):
        if not facts.ships(run):
            continue
        state = facts.before(run)
        production = (
            state.env.get("NODE_ENV") == "production" or state.arguments.get("NODE_ENV") == "production"
        )
        script = facts.script(run)
        later = script.commands if script else ()
        for one in facts.operations(run):
            if one.manager == "npm" and one.verb == "ci" and not production and not _npm_omits(one):
                if last_prune is None:
                    last_prune = _last_prune(facts)
                stage = facts.stage_of(run)
                start = stage.base.start if stage is not None else len(facts.source.text)
                if start not in builds:
                    builds[start] = any(word in facts.source.text[start:] for word in _BUILDS)
                if run.start <= last_prune or builds[start]:
                    continue
                yield _finding(facts, run, one.command, "npm ci", "npm ci --omit=dev")
        for command in later:
            values = command.values
            if (
                command.name == "composer"
                and values[:1] == ("install",)
                and "--no-dev" not in values
                and "--help" not in values
                and not _variable(state, "COMPOSER_NO_DEV")
            ):
                yield _finding(facts, run, command, "composer install", "composer install --no-dev -o")


def _variable(state: State, name: str) -> bool:
    return state.env.get(name) == "1"


def _npm_omits(one: Operation) -> bool:
    if any(a.name == "NODE_ENV" and a.value == "production" for a in one.command.assignments):
        return True
    return one.has("--production", "--only=production", "--only=prod", "--prod") or "dev" in (
        one.setting("--omit"),
        one.setting("--only"),
    )


def _last_prune(facts: Facts) -> int:
    """Where the last RUN of what ships begins that prunes, -1 for none."""
    return max(
        (
            one.start
            for link in facts.shipping
            for one in link.instructions
            if isinstance(one, Run) and "prune" in facts.source.text[one.start : one.end]
        ),
        default=-1,
    )


def _finding(facts: Facts, run: Run, command: Command, what: str, instead: str) -> Finding:
    return RULE.at(
        facts.span(
            run,
            command.start,
            min(command.end, command.words[1].end) if len(command.words) > 1 else command.end,
        ),
        f"{what} installs what only development needs into the image that ships",
        help=f"write {instead}",
    )


RULE = Rule(
    id="CT106",
    name="dev-dependencies-ship",
    severity=Severity.INFO,
    category=Category.SHIPPING,
    summary="Development dependencies should not ship",
    why="Test runners, linters and bundlers are often most of node_modules or vendor.",
    examples=(
        Bad(
            'FROM node:22-slim\nCOPY . /app\nRUN npm ci && npm cache clean --force\nCMD ["node", "/app"]\n',
            at="3:5-3:11",
        ),
        Good("FROM node:22-slim\nENV NODE_ENV=production\nRUN npm ci && npm cache clean --force\n"),
    ),
    same_as=("tally:php/composer-no-dev-in-production", "dev-deps-shipped"),
    check=check,
)
