from __future__ import annotations

from ctr_ci.dockerfile import Add, Copy, Run, Stopsignal
from ctr_ci.lint.rule import Bad, Category, Good, Rule, Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding


def check(facts: Facts) -> Iterator[Finding]:
    for one in facts.each(Copy, Add, Run, Stopsignal):
        if facts.distro(one) != "windows":
            continue
        if isinstance(one, Stopsignal):
            yield RULE.at(one.keyword_span, "Windows has no signals: STOPSIGNAL does nothing")
        elif isinstance(one, Run):
            for mount in one.mounts:
                yield RULE.at(mount.span, "RUN --mount is not there on Windows", severity=Severity.ERROR)
        else:
            for word in (one.chown, one.chmod):
                if word is not None:
                    yield RULE.at(
                        word.span, "Windows has no owner and mode of this kind: the flag does nothing"
                    )


RULE = Rule(
    id="CT191",
    name="windows-only",
    severity=Severity.WARNING,
    category=Category.CORRECTNESS,
    summary="Windows images have no signals, owners, modes and RUN mounts",
    why="These parts of a Dockerfile have an effect on Linux only; on Windows they are ignored or stop the "
    "build.",
    examples=(
        Bad("FROM mcr.microsoft.com/windows/servercore:ltsc2022\nSTOPSIGNAL SIGTERM\n", at="2:1-2:11"),
        Good("FROM debian:12\nSTOPSIGNAL SIGTERM\n"),
    ),
    same_as=("tally:windows/no-stopsignal", "tally:windows/no-chown-flag", "tally:windows/no-run-mounts"),
    check=check,
)
