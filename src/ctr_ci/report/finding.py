"""The formats of findings, by the names that `--format` takes; each one is imported when asked for."""

from __future__ import annotations

from ctr_ci.report.place import Shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ctr_ci.lint import Outcome

# name -> module; hadolint's own names for the same thing are accepted.
FORMATS = {
    "text": "finding_text",
    "json": "finding_json",
    "sarif": "sarif",
    "github": "github_annotations",
    "gitlab": "gitlab",
    "checkstyle": "checkstyle",
    "junit": "junit",
    "markdown": "markdown",
    "compact": "compact",
    "sonarqube": "sonarqube",
    "codacy": "codacy",
}
HADOLINT_NAMES = {
    "tty": "text",
    "codeclimate": "gitlab",
    "gitlab_codeclimate": "gitlab",
    "gnu": "compact",
}


def render(name: str, outcome: Outcome, shown: Shown | None = None) -> str:
    """The report of a run in one of `FORMATS`, with its last line end. Raises KeyError for no such format."""
    from importlib import import_module

    module = import_module(f"ctr_ci.report.{FORMATS[HADOLINT_NAMES.get(name, name)]}")
    rendered: str = module.render(outcome, shown or Shown())
    return rendered
