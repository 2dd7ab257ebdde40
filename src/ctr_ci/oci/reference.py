"""Names of images: repository, tag, digest, as the distribution reference grammar has them.

Names are refused here, before a registry sees them: registries answer bad ones with a 500 or an
unrelated 404 (distribution 2.8.2, tried).
"""

from __future__ import annotations

import re

from ctr_ci.oci.digest import Digest
from ctr_ci.problem import InputError, Problem
from ctr_ci.value import value

HUB = "docker.io"
LONGEST = 255  # host, slash and name together: the limit of most clients
SEGMENT = "[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*"
TAG = "[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}"
HOST = "(?:[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?|\\[[0-9a-fA-F:]+\\])(?::[0-9]{1,5})?"


@value
class Repository:
    """A repository of a registry: `host` (with its port) and `name` (`team/app`)."""

    host: str
    name: str

    @classmethod
    def parse(cls, text: str) -> Repository:
        """`HOST/NAME`, or a short name of Docker Hub. Raises InputError, naming the broken rule."""
        host, name = _split(text)
        if not re.fullmatch(HOST, host):
            raise InputError(Problem(f"registry host {host!r}", expected="a name or address, perhaps :PORT"))
        if not re.fullmatch(f"{SEGMENT}(?:/{SEGMENT})*", name):
            low = name.lower()
            raise InputError(
                Problem(
                    f"repository name {name!r}",
                    expected="lower-case words of a-z and 0-9, joined by . _ - and /",
                    help=f"did you mean {host}/{low}?"
                    if re.fullmatch(f"{SEGMENT}(?:/{SEGMENT})*", low)
                    else "",
                )
            )
        if len(host) + 1 + len(name) > LONGEST:
            raise InputError(
                Problem(f"a repository name of {len(text)} characters", expected=f"at most {LONGEST}")
            )
        return cls(host, name)

    def __str__(self) -> str:
        return f"{self.host}/{self.name}"


@value
class Reference:
    """A repository with a tag, a digest, both, or neither."""

    repository: Repository
    tag: str | None = None
    digest: Digest | None = None

    @classmethod
    def parse(cls, text: str) -> Reference:
        """`[HOST/]NAME[:TAG][@DIGEST]`. Raises InputError."""
        rest, at, digest = text.partition("@")
        head, colon, tag = rest.rpartition(":")
        if not colon or "/" in tag:
            head, colon, tag = rest, "", ""
        return cls(
            Repository.parse(head),
            check_tag(tag) if colon else None,
            Digest.parse(digest) if at else None,
        )

    @property
    def selector(self) -> str:
        """What stands behind `/manifests/`: the digest if there is one, else the tag or `latest`."""
        return str(self.digest) if self.digest else self.tag or "latest"

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        return f"{self.repository}{tag}{f'@{self.digest}' if self.digest else ''}"


def check_tag(tag: str) -> str:
    """The tag itself. Raises InputError where the grammar has no such tag."""
    if not re.fullmatch(TAG, tag):
        why = f"a tag of {len(tag)} characters" if len(tag) > 128 else f"tag {tag!r}"
        raise InputError(Problem(why, expected="1 to 128 of A-Z a-z 0-9 _ . -, the first neither . nor -"))
    return tag


def _split(text: str) -> tuple[str, str]:
    """Docker's rule: a first part with a dot, a colon, or `localhost`, is a host."""
    first, slash, rest = text.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        return ("docker.io", _hub(rest)) if first in ("index.docker.io", HUB) else (first, rest)
    return HUB, _hub(text)


def _hub(name: str) -> str:
    return name if "/" in name else f"library/{name}"
