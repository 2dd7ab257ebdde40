from __future__ import annotations

from ctr_ci.dockerfile import Expose
from ctr_ci.lint.rule import Bad, Category, Edit, Fix, Good, Rule, Safety, Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.dockerfile import Word
    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding


def check(facts: Facts) -> Iterator[Finding]:
    for one in facts.each(Expose):
        state = facts.before(one)
        for word in one.ports:
            value = state.expand(word).value if "$" in word.text else word.text
            if value is None or not value or ("$" in word.text and state.expand(word).unset):
                continue
            yield from _port(word, value)


def _port(word: Word, value: str) -> Iterator[Finding]:
    ports, slash, protocol = value.partition("/")
    if slash and protocol not in ("tcp", "udp", "sctp"):
        if protocol.lower() in ("tcp", "udp", "sctp"):
            lowered = f"{ports}/{protocol.lower()}"
            fix = Fix("lower it", Safety.SAFE, (Edit(word.span, lowered),)) if value == word.text else None
            yield RULE.at(
                word.span, f"write the protocol in lower case: {lowered}", severity=Severity.STYLE, fix=fix
            )
        else:
            yield RULE.at(word.span, f"{protocol} is no protocol of EXPOSE", help="tcp, udp or sctp")
    if ":" in ports:
        inner = ports.rpartition(":")[2]
        yield RULE.at(
            word.span,
            f"EXPOSE names the container's port only; {value} is what `docker run -p` takes",
            help=f"write EXPOSE {inner}{slash}{protocol}",
            severity=Severity.WARNING,
        )
        ports = inner
    numbers = ports.split("-")
    if len(numbers) > 2 or not all(number.isdigit() for number in numbers):
        yield RULE.at(
            word.span, f"{value} is no port", help="a number from 0 to 65535, or a range such as 8000-8010"
        )
    elif any(int(number) > 65535 for number in numbers):
        yield RULE.at(word.span, f"{value}: ports end at 65535")
    elif len(numbers) == 2 and int(numbers[0]) > int(numbers[1]):
        yield RULE.at(word.span, f"the range {ports} runs backwards")


RULE = Rule(
    id="CT183",
    name="expose",
    severity=Severity.ERROR,
    category=Category.CORRECTNESS,
    summary="EXPOSE takes ports of the container",
    why="A port is 0 to 65535 with tcp, udp or sctp. An address or a host port there has no meaning.",
    examples=(
        Bad("FROM alpine:3.20\nEXPOSE 70000\n", at="2:8-2:13"),
        Bad(
            "FROM alpine:3.20\nEXPOSE 8080/TCP\n", at="2:8-2:16", fixed="FROM alpine:3.20\nEXPOSE 8080/tcp\n"
        ),
        Good("FROM alpine:3.20\nEXPOSE 8080/tcp 9000-9010\n"),
    ),
    same_as=("DL3011", "trivy:DS008", "buildkit:ExposeInvalidFormat", "buildkit:ExposeProtoCasing"),
    check=check,
)
