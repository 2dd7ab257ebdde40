from __future__ import annotations

from ctr_ci.dockerfile import Add, Copy
from ctr_ci.lint.rule import Bad, Category, Good, Rule, Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding


def check(facts: Facts) -> Iterator[Finding]:
    for one in facts.each(Copy, Add):
        if one.chown is not None or facts.stage_of(one) is None:
            continue
        user = facts.before(one).user
        if user is None or user.partition(":")[0] in ("root", "0", "") or "$" in user:
            continue
        image = facts.image(facts.stage_of(one))
        if image is not None and "windows" in image.text:
            continue
        yield RULE.at(
            one.keyword_span,
            f"USER {user} does not count for {one.keyword}: the files belong to root",
            help=f"add --chown={user} if the program writes to them; leave it if it only reads",
        )


RULE = Rule(
    id="CT182",
    name="chown-copy",
    severity=Severity.INFO,
    category=Category.CORRECTNESS,
    summary="COPY after USER still gives the files to root",
    why="USER decides who runs RUN and CMD; COPY and ADD write as root unless --chown says otherwise.",
    examples=(
        Bad("FROM alpine:3.20\nUSER 1000\nCOPY a /a\n", at="3:1-3:5"),
        Good("FROM alpine:3.20\nUSER 1000\nCOPY --chown=1000 a /a\n"),
    ),
    same_as=("tally:copy-after-user-without-chown",),
    default=False,
    check=check,
)
