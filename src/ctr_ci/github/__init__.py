"""GitHub: workflow commands (pure), and its API behind our own nouns (`client.py`)."""

from __future__ import annotations

from ctr_ci.github.commands import (
    Annotation,
    annotate,
    annotation,
    cell,
    clipped,
    code,
    command,
    defuse,
    fenced,
    mask,
    output,
    resume,
    stop,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ctr_ci.github.api import Hub, Outcome, Suggestion
    from ctr_ci.secret import Secret

__all__ = [
    "Annotation",
    "Hub",
    "Outcome",
    "Suggestion",
    "annotate",
    "annotation",
    "cell",
    "clipped",
    "code",
    "command",
    "connect",
    "defuse",
    "fenced",
    "mask",
    "output",
    "resume",
    "stop",
]


def __getattr__(name: str) -> object:
    """The API's nouns are loaded when asked for: workflow commands must not pay for them."""
    if name in ("Hub", "Outcome", "Suggestion"):
        from ctr_ci.github import api

        return getattr(api, name)
    raise AttributeError(name)


def connect(token: Secret, repository: str, api_url: str = "https://api.github.com") -> Hub:
    """The API of one repository ("owner/name"); nothing is asked of the network yet."""
    from ctr_ci.github.client import PyGithubHub

    return PyGithubHub(token, repository, api_url)
