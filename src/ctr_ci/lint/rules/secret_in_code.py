from __future__ import annotations

from ctr_ci.dockerfile import Add, Copy, Run
from ctr_ci.lint.rule import Bad, Category, Good, Rule, Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding
    from ctr_ci.shell import Command

_FILES = frozenset(
    [
        ".env",
        "id_rsa",
        "id_dsa",
        "id_ecdsa",
        "id_ed25519",
        ".npmrc",
        ".netrc",
        ".pypirc",
        ".pgpass",
        ".htpasswd",
        "credentials.json",
        ".git-credentials",
        ".dockercfg",
        "service-account.json",
    ]
)
_FOLDERS = (".aws", ".ssh", ".gnupg", ".docker/config.json", ".kube/config", ".azure")


def check(facts: Facts) -> Iterator[Finding]:
    yield from _text(facts)
    for one in facts.each(Copy, Add):
        if isinstance(one, Copy) and one.from_ is not None:
            continue
        for word in one.sources:
            name = word.text.rstrip("/").rpartition("/")[2]
            if "://" in word.text or any(
                p in name.lower() for p in ("cacert", "ca.", "ca-", "cert", "chain", "pub")
            ):
                continue
            private = (
                name.endswith((".pem", ".key", ".p12", ".pfx", ".jks", ".keystore")) and "pub" not in name
            )
            if name in _FILES or private or word.text.rstrip("/").endswith(_FOLDERS):
                sure = not private and name not in (".npmrc", ".env")
                yield RULE.at(
                    word.span,
                    f"{word.text} holds secrets as a rule, and this puts it into a layer for good",
                    help="use a secret mount: RUN --mount=type=secret,id=…",
                    severity=Severity.ERROR if sure else Severity.WARNING,
                )
    for run, command in facts.commands():
        if command.name not in ("curl", "wget", "git", "docker", "az", "mysql", "sshpass"):
            continue
        yield from _command(facts, run, command)


def _command(facts: Facts, run: Run, command: Command) -> Iterator[Finding]:
    values = command.values
    for at, word in enumerate(command.arguments):
        text = values[at]
        place = facts.span(run, word.start, word.end)
        if (
            command.name == "curl"
            and at
            and values[at - 1] in ("-u", "--user")
            and ":" in text
            and "$" not in word.text
        ):
            yield RULE.at(place, "a user and password on curl's command line stay in the image's history")
        elif command.name == "wget" and text.startswith(
            ("--password=", "--http-password=", "--ftp-password=")
        ):
            if "$" not in word.text:
                yield RULE.at(place, "a password on wget's command line stays in the image's history")
        elif "://" in text and "@" in text.partition("://")[2].partition("/")[0] and "$" not in word.text:
            user, colon, password = text.partition("://")[2].partition("@")[0].partition(":")
            if colon and password and user not in ("git",):
                yield RULE.at(place, "a password in a URL stays in the image's history")


_MARKS = (
    "-----BEGIN ",
    "AKIA",
    "ghp_",
    "gho_",
    "ghs_",
    "github_pat_",
    "glpat-",
    "xoxb-",
    "xoxp-",
    "sk_live_",
    "AIza",
    "npm_",
    "pypi-AgEI",
    "ASIA",
    "dckr_pat_",
    "hf_",
)


def _text(facts: Facts) -> Iterator[Finding]:
    text = facts.source.text
    if not any(mark in text for mark in _MARKS):
        return
    import re

    pattern = re.compile(
        r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|\bgh[pos]_[A-Za-z0-9]{36}\b"
        r"|\bgithub_pat_[A-Za-z0-9_]{50,}|\bglpat-[A-Za-z0-9_-]{20}\b|\bxox[bp]-[0-9]{8,}-[A-Za-z0-9-]{10,}"
        r"|\bsk_live_[A-Za-z0-9]{20,}|\bAIza[0-9A-Za-z_-]{35}\b|\bnpm_[A-Za-z0-9]{36}\b|\bpypi-AgEI[A-Za-z0-9_-]{50,}"
        r"|\bdckr_pat_[A-Za-z0-9_-]{20,}|\bhf_[A-Za-z0-9]{30,}\b"
    )
    for match in pattern.finditer(text):
        if match.group().startswith(("AKIA", "ASIA")) and match.group().endswith("EXAMPLE"):
            continue
        yield RULE.at(
            facts.source.span(match.start(), match.end()),
            "a credential stands in the file",
            help="revoke it, and use a secret mount",
            severity=Severity.ERROR,
        )


RULE = Rule(
    id="CT153",
    name="secret-in-code",
    severity=Severity.ERROR,
    category=Category.SECURITY,
    summary="A secret is written into the Dockerfile or the image",
    why=(
        "Every instruction is in the image's history and every copied file in a layer, also when a later "
        "one deletes "
        "it. Whoever can pull the image has the secret."
    ),
    help="use a secret mount: RUN --mount=type=secret,id=…",
    examples=(
        Bad("FROM alpine:3.20\nRUN curl -u joe:secret https://example.com/x\n", at="2:13-2:23"),
        Bad("FROM alpine:3.20\nCOPY id_rsa /root/.ssh/\n", at="2:6-2:12"),
        Good(
            "FROM alpine:3.20\nRUN --mount=type=secret,id=pw curl -u joe:$(cat /run/secrets/pw) "
            "https://example.com/x\n"
        ),
    ),
    same_as=("trivy:DS031", "tally:secrets-in-code", "dockle:CIS-DI-0010"),
    check=check,
)
