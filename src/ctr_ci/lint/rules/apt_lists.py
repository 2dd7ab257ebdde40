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

LISTS = "/var/lib/apt/lists"


def check(facts: Facts) -> Iterator[Finding]:
    for run in facts.each(Run):
        if not facts.ships(run) or mounted(run, LISTS):
            continue
        updates = [one for one in facts.operations(run) if one.manager == "apt" and one.verb == "update"]
        installs = [one for one in facts.operations(run) if one.manager == "apt" and one.verb == "install"]
        blamed = (updates or installs)[-1:]
        if not blamed:
            continue
        last = blamed[-1]
        if removed_after(facts, run, last.command, LISTS) or _dist_clean(facts, run, last):
            continue
        if not updates and not _lists_may_exist(facts, run):
            continue
        words = last.command.words
        yield RULE.at(
            facts.span(run, last.command.start, words[-1].end),
            f"the package lists that `{last.tool} {last.verb}` fetched stay in the layer (20 MB and more)"
            if updates
            else "the package lists of an earlier layer stay in the image",
            help="end this RUN with `&& rm -rf /var/lib/apt/lists/*`; `apt-get clean` does not remove them",
            fix=appended(facts, run, f"rm -rf {LISTS}/*", "remove the lists")
            if updates and installs
            else None,
        )


def _dist_clean(facts: Facts, run: Run, last: Operation) -> bool:
    return any(
        one.manager == "apt"
        and one.verb_word.text in ("distclean", "dist-clean")
        and one.command.start > last.command.start
        for one in facts.operations(run)
    )


def _lists_may_exist(facts: Facts, run: Run) -> bool:
    """An install without an update works only with the lists of an earlier RUN: that one is blamed."""
    first = facts.once(_first_update)
    return first is None or first.start >= run.start


def _first_update(facts: Facts) -> Run | None:
    for run in facts.each(Run):
        if any(one.manager == "apt" and one.verb == "update" for one in facts.operations(run)):
            return run
    return None


RULE = Rule(
    id="CT204",
    name="apt-lists",
    severity=Severity.WARNING,
    category=Category.SIZE,
    summary="apt's package lists should not stay in a layer that ships",
    why=(
        "`apt-get update` writes 20 to 50 MB of package lists. They are stale the next day, and removing "
        "them in a "
        "later RUN frees nothing: the layer that holds them is already made. `apt-get clean` removes "
        "downloaded "
        "packages, not lists."
    ),
    examples=(
        Bad(
            "FROM debian:12\nRUN apt-get update && apt-get install -y --no-install-recommends curl\n",
            at="2:5-2:19",
            fixed=(
                "FROM debian:12\nRUN apt-get update && apt-get install -y --no-install-recommends curl && "
                "rm -rf /var/lib/apt/lists/*\n"
            ),
        ),
        Good(
            "FROM debian:12\nRUN apt-get update && apt-get install -y --no-install-recommends curl \\\n"
            "    && rm -rf /var/lib/apt/lists/*\n"
        ),
        Good(
            "FROM debian:12\nRUN --mount=type=cache,target=/var/lib/apt apt-get update \\\n"
            "    && apt-get install -y --no-install-recommends curl\n"
        ),
    ),
    same_as=("DL3009", "dockle:DKL-DI-0005"),
    check=check,
)
