from __future__ import annotations

from ctr_ci.dockerfile import Add, Copy
from ctr_ci.lint.ignorefile import Ignore
from ctr_ci.lint.rule import Category, Good, Rule, Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding

_HEAVY = (".git", "node_modules", ".venv", "venv", "target", "__pycache__", ".env", ".terraform", "vendor")


def check(facts: Facts) -> Iterator[Finding]:
    entries = facts.context.entries
    if entries is None:
        return
    text = facts.context.dockerignore
    ignore = Ignore(text) if text is not None else None
    for one in facts.each(Copy, Add):
        if isinstance(one, Copy) and one.from_ is not None:
            continue
        for word in one.sources:
            if word.text.strip("\"'") not in (".", "./", "*", "./*"):
                continue
            carried = [name for name in _HEAVY if name in entries and not (ignore and ignore.ignored(name))]
            if carried:
                what = (
                    "there is no .dockerignore" if ignore is None else ".dockerignore does not leave it out"
                )
                yield RULE.at(
                    word.span,
                    f"copies {', '.join(carried)} of the build context too: {what}",
                    help="add " + ", ".join(carried) + " to .dockerignore",
                )
                return


RULE = Rule(
    id="CT180",
    name="no-dockerignore",
    severity=Severity.INFO,
    category=Category.SIZE,
    summary="COPY . takes everything that .dockerignore does not leave out",
    why=(
        "The repository's history, dependencies of the host and .env files end up in the image, and each "
        "change to "
        "them invalidates the cache. Reported for what really lies beside the Dockerfile."
    ),
    examples=(Good("FROM alpine:3.20\nCOPY src /src\n"),),
    same_as=("context",),
    check=check,
)
