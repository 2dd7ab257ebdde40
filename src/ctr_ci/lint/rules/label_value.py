from __future__ import annotations

from ctr_ci.dockerfile import Label
from ctr_ci.lint.rule import Bad, Category, Good, Rule, Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding

_KNOWN = {
    "org.opencontainers.image.url": "url",
    "org.opencontainers.image.source": "url",
    "org.opencontainers.image.documentation": "url",
    "org.opencontainers.image.created": "rfc3339",
}
_CODES = {
    "url": "DL3052",
    "rfc3339": "DL3053",
    "spdx": "DL3054",
    "hash": "DL3055",
    "semver": "DL3056",
    "email": "DL3058",
}
_FORMS = {
    "url": r"[A-Za-z][A-Za-z0-9+.-]*://[^\s/]+\S*",
    "rfc3339": r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)",
    "spdx": r"\(?[A-Za-z0-9.+-]+(\s+(AND|OR|WITH)\s+\(?[A-Za-z0-9.+-]+\)?)*\)?",
    "hash": r"[0-9a-f]{7}|[0-9a-f]{40}|[0-9a-f]{64}",
    "semver": r"v?(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?",
    "email": r"[^@\s]+@[^@\s]+\.[^@\s]+",
}


def check(facts: Facts) -> Iterator[Finding]:
    kinds = {**_KNOWN, **dict(facts.settings.labels)}
    for label in facts.each(Label):
        state = facts.before(label)
        for pair in label.pairs:
            kind = kinds.get(pair.key.text.strip("\"'"), "text")
            if kind == "text" or pair.value is None:
                continue
            value = state.expand(pair.value)
            if value.value is None or value.unset or not value.value or "$" in pair.value.text:
                continue
            if not _fits(kind, value.value):
                yield RULE.at(
                    pair.value.span,
                    f"{pair.key.text} should be {_said(kind)}",
                    code=_CODES[kind],
                )


def _fits(kind: str, value: str) -> bool:
    import re

    return re.fullmatch(_FORMS[kind], value) is not None


def _said(kind: str) -> str:
    return {
        "url": "a URL",
        "rfc3339": "a time as in RFC 3339, 2026-01-31T12:00:00Z",
        "spdx": "an SPDX licence expression",
        "hash": "a git hash",
        "semver": "a version as in semver.org, 1.2.3",
        "email": "an e-mail address",
    }[kind]


RULE = Rule(
    id="CT161",
    name="label-value",
    severity=Severity.WARNING,
    category=Category.CORRECTNESS,
    summary="A label's value should be of its kind",
    why=(
        "Tools read `org.opencontainers.image.*` by the OCI annotation spec; other kinds come from `labels` "
        "in the "
        "configuration: url, semver, hash, rfc3339, spdx, email."
    ),
    examples=(
        Bad("FROM alpine:3.20\nLABEL org.opencontainers.image.url=nowhere\n", at="2:36-2:43"),
        Good("FROM alpine:3.20\nLABEL org.opencontainers.image.url=https://example.com\n"),
    ),
    same_as=("DL3052", "DL3053", "DL3054", "DL3055", "DL3056", "DL3058"),
    check=check,
)
