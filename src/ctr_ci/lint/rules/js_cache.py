from __future__ import annotations

from ctr_ci.dockerfile import Run
from ctr_ci.lint.cleanup import mounted, removed_after
from ctr_ci.lint.repair import appended
from ctr_ci.lint.rule import Bad, Category, Good, Rule, Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.packages import Operation
    from ctr_ci.lint.rule import Finding

_CACHES = {
    "npm": ("/root/.npm",),
    "yarn": ("/usr/local/share/.cache", "/usr/local/share/.cache/yarn", "/root/.cache/yarn", "/root/.cache"),
    "pnpm": ("/root/.local/share/pnpm/store", "/root/.local/share/pnpm", "/root/.cache/pnpm"),
    "bun": ("/root/.bun/install/cache", "/root/.bun"),
}
_CLEAN = {
    "npm": "npm cache clean --force",
    "yarn": "yarn cache clean",
    "pnpm": "pnpm store prune",
    "bun": "bun pm cache rm",
}


def check(facts: Facts) -> Iterator[Finding]:
    for run in facts.each(Run):
        if not facts.ships(run):
            continue
        for manager, caches in _CACHES.items():
            makes = [o for o in facts.operations(run) if o.manager == manager and o.verb in ("install", "ci")]
            if (
                not makes
                or mounted(run, *caches)
                or any("cache" in m.target or "store" in m.target for m in run.mounts)
            ):
                continue
            last = makes[-1]
            if _cleans(facts.operations(run), last) or removed_after(facts, run, last.command, *caches):
                continue
            if last.setting("--cache", "--cache-folder", "--store-dir") or last.has("--version"):
                continue
            if manager == "yarn" and _berry(facts):
                continue
            yield RULE.at(
                facts.span(
                    run, last.command.words[0].start, max(last.verb_word.end, last.command.words[0].end)
                ),
                f"{manager} keeps every downloaded package in its cache, in this layer",
                help=f"end this RUN with `&& {_CLEAN[manager]}`, or use a cache mount",
                fix=appended(facts, run, _CLEAN[manager], f"add {_CLEAN[manager]}"),
            )


def _cleans(operations: tuple[Operation, ...], last: Operation) -> bool:
    return any(
        one.manager == last.manager
        and one.verb in ("cache", "store", "pm")
        and one.command.start > last.command.start
        for one in operations
    )


def _berry(facts: Facts) -> bool:
    """Yarn 2 and later keeps its cache in the project by default and has no global clean."""
    text = facts.source.text
    return ".yarnrc.yml" in text or "yarn set version" in text or "corepack" in text or ".yarn/" in text


RULE = Rule(
    id="CT212",
    name="js-cache",
    severity=Severity.INFO,
    category=Category.SIZE,
    summary="The cache of npm, yarn, pnpm or bun should not stay in a layer that ships",
    why="The packages are in node_modules; the cache holds each of them again, compressed.",
    examples=(
        Bad(
            "FROM node:22-slim\nRUN npm ci --omit=dev\n",
            at="2:5-2:11",
            fixed="FROM node:22-slim\nRUN npm ci --omit=dev && npm cache clean --force\n",
        ),
        Good("FROM node:22-slim\nRUN --mount=type=cache,target=/root/.npm npm ci --omit=dev\n"),
    ),
    same_as=("DL3060",),
    check=check,
)
