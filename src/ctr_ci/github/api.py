"""What ctr-ci asks of GitHub's API, in our own nouns. Only `client.py` beside it knows the library."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from ctr_ci.github.commands import Annotation


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a request to GitHub. `done` False: the token may not, or GitHub said no;
    `because` says which permission, token or event it was. A report degrades, it does not fail."""

    done: bool
    because: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A replacement for whole lines of a file, `line` to `end_line` inclusive, from 1."""

    path: str
    line: int
    end_line: int
    text: str
    message: str


class Hub(Protocol):
    """Raises WorldError where GitHub cannot be reached; a refusal is an Outcome."""

    def changed_lines(self, pull_request: int) -> Mapping[str, frozenset[int]]:
        """The lines on the new side of a pull request's diff, by path."""

    def check_run(
        self, name: str, sha: str, passed: bool, title: str, summary: str, items: Sequence[Annotation]
    ) -> Outcome:
        """A completed check run with all annotations. Needs `checks: write`."""

    def comment(self, pull_request: int, key: str, body: str) -> Outcome:
        """The one comment of ours under `key`: made, or brought up to date. Needs `pull-requests: write`."""

    def suggest(self, pull_request: int, sha: str, suggestions: Sequence[Suggestion]) -> Outcome:
        """One review that suggests fixes on lines of the diff. Needs `pull-requests: write`."""

    def upload_sarif(self, sha: str, ref: str, sarif: str) -> Outcome:
        """Hands a SARIF log to code scanning. Needs `security-events: write`."""

    def status(self, sha: str, passed: bool, context: str, description: str, url: str = "") -> Outcome:
        """A commit status. Needs `statuses: write`."""

    def deployment(self, sha: str, environment: str, digest: str, url: str = "") -> Outcome:
        """A successful deployment of a digest. Needs `deployments: write`."""
