from __future__ import annotations

from ctr_ci.dockerfile import Arg, Env
from ctr_ci.lint.rule import Bad, Category, Good, Rule, Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding

_TOKENS = frozenset(
    ["apikey", "auth", "credential", "credentials", "key", "password", "pword", "passwd", "secret", "token"]
)
_PUBLIC = frozenset([
    "public", "file", "version", "path", "url", "id", "name", "username", "user", "dir", "host", "port",
    "type", "algorithm", "length", "size", "ttl", "expiry", "expiration", "mode", "method", "enabled",
    "required", "fingerprint", "keys", "parallelism", "server", "keyserver", "provider", "header",
])  # fmt: skip
_FINE = frozenset(["GPG_KEY", "GPG_KEYS", "TOKENIZERS_PARALLELISM", "SSH_AUTH_SOCK", "KEYRING", "XAUTHORITY"])


def check(facts: Facts) -> Iterator[Finding]:
    for one in facts.each(Env, Arg):
        for pair in one.pairs:
            name = pair.key.text.strip("\"'")
            if not _secret(name):
                continue
            value = pair.value.text.strip("\"'") if pair.value is not None else ""
            if isinstance(one, Env) and not value:
                continue
            if value.lower() in ("true", "false", "none", "0", "1", "no", "yes") or _fingerprint(value):
                continue
            where = "the image's configuration" if isinstance(one, Env) else "the image's history"
            yield RULE.at(
                pair.key.span,
                f"{name} looks like a secret, and {one.keyword} writes it into {where}",
                help=f"use a secret mount: RUN --mount=type=secret,id={name.lower()}",
                severity=Severity.ERROR if value and _real(value) else None,
            )


def _secret(name: str) -> bool:
    if name.upper() in _FINE or name.upper().startswith(("TOKENIZERS_", "GPG_KEY")):
        return False
    words = [word.lower() for word in name.replace("-", "_").split("_")]
    if words[-1] == "key" and len(words) > 3 and words[-3].isdigit():
        return False  # .NET's lists of pairs: Filters__0__Key=ProcessId beside Filters__0__Value
    named = bool(set(words) & _TOKENS) or words[-1].endswith(("password", "passwd"))
    return named and not set(words) & _PUBLIC


def _fingerprint(value: str) -> bool:
    digits = value.replace(" ", "")
    return len(digits) in (8, 16, 40) and not set(digits.lower()) - set("0123456789abcdef")


def _real(value: str) -> bool:
    kinds = (
        any(c.isdigit() for c in value),
        any(c.islower() for c in value),
        any(c.isupper() for c in value),
    )
    return len(value) >= 16 and sum(kinds) >= 2 and not set(value) & set("$<>{} ")


RULE = Rule(
    id="CT152",
    name="secret-arg",
    severity=Severity.WARNING,
    category=Category.SECURITY,
    summary="Secrets do not belong in ARG or ENV",
    why=(
        "ENV is in the image's configuration and ARG in its history: whoever can pull the image can read "
        "them. A "
        "secret mount leaves nothing behind. Names of public keys, files, paths, ids and versions are left "
        "alone."
    ),
    examples=(
        Bad("FROM alpine:3.20\nARG NPM_TOKEN\n", at="2:5-2:14"),
        Bad("FROM alpine:3.20\nENV DB_PASSWORD=hunter2\n", at="2:5-2:16"),
        Good("FROM alpine:3.20\nENV GPG_KEY=0123456789ABCDEF0123456789ABCDEF01234567\n"),
        Good("FROM alpine:3.20\nENV PASSWORD_FILE=/run/secrets/db\n"),
    ),
    same_as=("DL3064", "buildkit:SecretsUsedInArgOrEnv", "trivy:DS031", "tally:ruby/secrets-in-arg-or-env"),
    check=check,
)
