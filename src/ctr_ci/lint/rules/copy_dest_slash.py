from __future__ import annotations

from ctr_ci.dockerfile import Add, Copy
from ctr_ci.lint.rule import Bad, Category, Edit, Fix, Good, Rule, Safety, Severity
from ctr_ci.source import Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding


def check(facts: Facts) -> Iterator[Finding]:
    for one in facts.each(Copy, Add):
        target = one.destination.text.strip("\"'")
        many = len(one.sources) + len(one.heredocs) > 1
        if not target or target.endswith(("/", "\\", "/.")) or target in (".", "..") or "$" in target:
            continue
        if many:
            place = one.destination.span
            fix = (
                None
                if one.json
                else Fix("add the slash", Safety.SAFE, (Edit(Span(place.end, place.end), "/"),))
            )
            yield RULE.at(place, f"several sources need a folder as destination: {target}/", fix=fix)


RULE = Rule(
    id="CT177",
    name="copy-dest-slash",
    severity=Severity.ERROR,
    category=Category.CORRECTNESS,
    summary="The destination of several sources must end with a slash",
    why="BuildKit refuses to copy several sources to a name that does not say it is a folder.",
    help="end it with /",
    examples=(
        Bad("FROM alpine:3.20\nCOPY a b /c\n", at="2:10-2:12", fixed="FROM alpine:3.20\nCOPY a b /c/\n"),
        Good("FROM alpine:3.20\nCOPY a b /c/\n"),
    ),
    same_as=("DL3021", "trivy:DS011"),
    check=check,
)
