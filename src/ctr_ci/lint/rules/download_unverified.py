from __future__ import annotations

from ctr_ci.dockerfile import Run
from ctr_ci.lint.rule import Bad, Category, Good, Rule, Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding

_CHECKS = frozenset([
    "sha256sum", "sha512sum", "sha1sum", "sha384sum", "sha224sum", "shasum", "gpg", "gpgv", "cosign",
    "minisign", "md5sum", "openssl", "b2sum", "rhash", "apt-key", "rpm",
])  # fmt: skip
_SHELLS = frozenset(["sh", "bash", "ash", "dash", "zsh", "python", "python3", "perl", "ruby", "node", "php"])


def check(facts: Facts) -> Iterator[Finding]:
    for run in facts.each(Run):
        script = facts.script(run)
        if script is None or any(command.name in _CHECKS for command in script.commands):
            continue
        for pipeline in script.pipelines:
            if len(pipeline.elements) < 2:
                continue
            first = [script.commands[i] for i in pipeline.elements[0]]
            last = [script.commands[i] for i in pipeline.elements[-1]]
            fetched = any(c.name in ("curl", "wget") for c in first)
            if fetched and any(c.name in _SHELLS for c in last) and not any("-c" in c.values for c in last):
                yield RULE.at(
                    facts.span(run, pipeline.start, pipeline.end),
                    "a script from the network is run unseen: nobody can say what was in it",
                    help="download it, check its sha256, then run it; or ADD --checksum=sha256:…",
                )
                break


RULE = Rule(
    id="CT227",
    name="download-unverified",
    severity=Severity.INFO,
    category=Category.SECURITY,
    summary="What is downloaded and run should be checked",
    why="`curl … | sh` runs whatever the server sends at that moment, and half of it when the connection "
    "breaks.",
    examples=(
        Bad("FROM debian:12\nRUN curl -fsSL https://example.com/install.sh | sh\n", at="2:5-2:51"),
        Good(
            "FROM debian:12\nRUN curl -fsSLo /i.sh https://example.com/i.sh \\\n"
            "    && echo 'abc  /i.sh' | sha256sum -c - && sh /i.sh\n"
        ),
    ),
    check=check,
)
