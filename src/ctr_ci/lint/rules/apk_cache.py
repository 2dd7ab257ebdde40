from __future__ import annotations

from ctr_ci.dockerfile import Run
from ctr_ci.lint.cleanup import mounted, removed_after
from ctr_ci.lint.rule import Bad, Category, Edit, Fix, Good, Rule, Safety, Severity
from ctr_ci.source import Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding

_CACHES = ("/var/cache/apk", "/etc/apk/cache")


def check(facts: Facts) -> Iterator[Finding]:
    for run in facts.each(Run):
        if not facts.ships(run) or mounted(run, *_CACHES):
            continue
        for one in facts.operations(run):
            if (
                one.manager != "apk"
                or one.verb not in ("install", "update", "upgrade")
                or one.has("--no-cache", "--no-network")
            ):
                continue
            if removed_after(facts, run, one.command, *_CACHES) or one.setting("--root", "-p"):
                continue
            word = one.command.words[0]
            end = facts.span(run, one.verb_word.start, one.verb_word.end).end
            fix = Fix("add --no-cache", Safety.SAFE, (Edit(Span(end, end), " --no-cache"),))
            yield RULE.at(
                facts.span(run, word.start, one.verb_word.end),
                f"`apk {one.verb_word.text}` leaves the package index in the layer",
                help="use `apk add --no-cache`; `apk update` is not needed then",
                fix=fix if one.verb == "install" else None,
            )


RULE = Rule(
    id="CT208",
    name="apk-cache",
    severity=Severity.WARNING,
    category=Category.SIZE,
    summary="apk's index should not stay in a layer that ships",
    why="Without `--no-cache`, apk keeps its index (2 MB and more) below /var/cache/apk, and it is stale "
    "soon.",
    examples=(
        Bad(
            "FROM alpine:3.20\nRUN apk add curl\n",
            at="2:5-2:12",
            fixed="FROM alpine:3.20\nRUN apk add --no-cache curl\n",
        ),
        Good("FROM alpine:3.20\nRUN apk --no-cache add curl\n"),
        Good("FROM alpine:3.20\nRUN apk update && apk add curl && rm -rf /var/cache/apk/*\n"),
    ),
    same_as=("DL3019", "trivy:DS025", "dockle:DKL-DI-0004"),
    check=check,
)
