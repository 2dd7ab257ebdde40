"""Files that hold a secret, by name and content; what a later layer deletes is shipped all the same.

Only the kind is kept of what is read, never a byte of it. Files that a package brought (test keys of
a TLS library) are nobody's secret.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from ctr_ci.image.layers import Layer
from ctr_ci.image.merge import Merged

LARGEST = 64 << 10
KEY = re.compile(rb"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----\s*\S")
VARIABLE = re.compile(
    rb"(?im)^(?:export\s+)?\w*(?:SECRET|TOKEN|PASSWORD|PASSWD|API_?KEY|ACCESS_KEY|PRIVATE_KEY)\w*"
    rb"\s*=\s*[\"']?(?!\$|changeme|change_me|your|example|xxx|<)[^\s\"']{4,}"
)
# (name of the file, what must be in it, what it is called)
KINDS: tuple[tuple[re.Pattern[str], re.Pattern[bytes], str], ...] = (
    (re.compile(r"(?:.*/)?(?:id_(?:rsa|dsa|ecdsa|ed25519)|[^/]+\.(?:pem|key|ppk))"), KEY, "private key"),
    (
        re.compile(r"(?:.*/)?\.npmrc"),
        re.compile(rb"_(?:authToken|auth|password)\s*=\s*(?!\$)\S"),
        "npm token",
    ),
    (re.compile(r"(?:.*/)?\.yarnrc\.yml"), re.compile(rb"npmAuthToken:\s*(?![\"']?\$)\S"), "npm token"),
    (re.compile(r"(?:.*/)?\.pypirc"), re.compile(rb"(?m)^\s*password\s*[:=]\s*\S"), "PyPI password"),
    (re.compile(r"(?:.*/)?[._]netrc"), re.compile(rb"\bpassword\s+\S"), "password of a machine"),
    (re.compile(r"(?:.*/)?\.git-credentials"), re.compile(rb"://[^/\s:]+:[^/\s@]+@"), "git password"),
    (
        re.compile(r"(?:.*/)?(?:\.docker/config\.json|\.dockercfg|\.dockerconfigjson)"),
        re.compile(rb'"(?:auth|identitytoken|registrytoken)"\s*:\s*"[^"]'),
        "registry login",
    ),
    (re.compile(r"(?:.*/)?\.aws/credentials"), re.compile(rb"aws_secret_access_key\s*=\s*\S"), "AWS key"),
    (
        re.compile(r"(?:.*/)?[^/]+\.json"),
        re.compile(rb'"private_key"\s*:\s*"-----BEGIN'),
        "service account key",
    ),
    (re.compile(r"(?:.*/)?\.kube/config"), re.compile(rb"(?:client-key-data|token):\s*\S"), "cluster login"),
    (
        re.compile(r"(?:.*/)?\.env(?:\.(?!example|sample|template|dist)[\w.-]+)?"),
        VARIABLE,
        "secrets of an environment",
    ),
)
NAMES = re.compile(
    r"(?:^|/)(?:id_(?:rsa|dsa|ecdsa|ed25519)|\.npmrc|\.yarnrc\.yml|\.pypirc|[._]netrc|\.git-credentials"
    r"|\.docker/config\.json|\.dockercfg|\.dockerconfigjson|\.aws/credentials|\.kube/config|\.env[\w.-]*)$"
    r"|\.(?:pem|key|ppk)$|(?:credential|account|key|secret|adc)[^/]*\.json$"
)
MARK = b"a secret: "


@dataclass(frozen=True, slots=True)
class Leak:
    """A file with a secret. `hidden_by`: the layer that deletes or replaces it, -1 where it shows."""

    path: str
    layer: int
    what: str
    hidden_by: int = -1


def keep(path: str, size: int) -> Callable[[bytes], bytes] | None:
    """Reads what may hold a secret and keeps its kind alone; None for all other files."""
    if size > LARGEST or not NAMES.search(path):
        return None

    def kind(raw: bytes) -> bytes:
        for name, content, what in KINDS:
            if name.fullmatch(path) and content.search(raw):
                return MARK + what.encode()
        return b""

    return kind


def leaks(layers: Sequence[Layer], merged: Merged, owned: Callable[[str], bool]) -> Iterator[Leak]:
    """Every file of every layer that holds a secret; `owned`: whether a package brought a path."""
    hidden = {(shadow.path, shadow.layer): shadow.by for shadow in merged.shadows}
    for index, layer in enumerate(layers):
        for path, raw in layer.kept.items():
            if raw.startswith(MARK) and not owned(path):
                yield Leak(path, index, raw[len(MARK) :].decode(), hidden.get((path, index), -1))
