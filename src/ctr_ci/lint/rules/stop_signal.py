from __future__ import annotations

from ctr_ci.dockerfile import Stopsignal
from ctr_ci.lint.rule import Bad, Category, Edit, Fix, Good, Rule, Safety, Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding

_NUMBERS = {
    1: "SIGHUP",
    2: "SIGINT",
    3: "SIGQUIT",
    6: "SIGABRT",
    9: "SIGKILL",
    10: "SIGUSR1",
    12: "SIGUSR2",
    15: "SIGTERM",
    19: "SIGSTOP",
    28: "SIGWINCH",
}
_HARD = ("SIGKILL", "SIGSTOP")


def check(facts: Facts) -> Iterator[Finding]:
    for one in facts.each(Stopsignal):
        text = one.signal.text.strip("\"'")
        if "$" in text:
            continue
        upper = text.upper()
        name = (
            _NUMBERS.get(int(text)) if text.isdigit() else upper if upper.startswith("SIG") else f"SIG{upper}"
        )
        if name in _HARD:
            yield RULE.at(
                one.signal.span,
                f"{name} cannot be caught: the program has no chance to finish its work",
                help="use SIGTERM, or what the program takes for a graceful stop",
            )
        elif name is not None and name != text:
            yield RULE.at(
                one.signal.span,
                f"{text} is {name}",
                severity=Severity.INFO,
                fix=Fix(f"write {name}", Safety.SAFE, (Edit(one.signal.span, name),)),
            )


RULE = Rule(
    id="CT134",
    name="stop-signal",
    severity=Severity.WARNING,
    category=Category.CORRECTNESS,
    summary="STOPSIGNAL should be a signal that programs can answer, by its name",
    why="`docker stop` sends it and waits. SIGKILL and SIGSTOP cannot be caught, so nothing is flushed or "
    "closed.",
    examples=(
        Bad("FROM alpine:3.20\nSTOPSIGNAL SIGKILL\n", at="2:12-2:19"),
        Bad(
            "FROM alpine:3.20\nSTOPSIGNAL 15\n",
            at="2:12-2:14",
            fixed="FROM alpine:3.20\nSTOPSIGNAL SIGTERM\n",
        ),
        Good("FROM alpine:3.20\nSTOPSIGNAL SIGQUIT\n"),
    ),
    same_as=("tally:prefer-canonical-stopsignal", "tally:no-ungraceful-stopsignal", "signal"),
    check=check,
)
