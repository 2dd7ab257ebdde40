"""Lints one file after the other, with the settings of each path worked out once."""

from __future__ import annotations

import os

from ctr_ci.dockerfile import parse
from ctr_ci.lint import Context, Linted, Selection, check, select

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ctr_ci.settings import LintSettings
    from ctr_ci.source import Source
    from ctr_ci.verbs.lint import Request


class Linter:
    """Holds what files of one run share."""

    def __init__(self, settings: LintSettings, request: Request) -> None:
        self.settings = settings
        self.request = request
        self._whole: Selection | None = None
        self._folders: dict[str, Context] = {}

    def selection(self, path: str) -> Selection:
        if self.settings.paths:
            return select(self.settings, os.path.relpath(path))
        if self._whole is None:
            self._whole = select(self.settings)
        return self._whole

    def context(self, path: str) -> Context:
        """The surroundings of a file; those of a folder are looked at once."""
        if path.startswith("<"):
            return Context(self.request.target, _pairs(self.request.build_args))
        from ctr_ci.verbs.lint_surroundings import surroundings

        folder = os.path.dirname(path)
        if folder not in self._folders:
            self._folders[folder] = surroundings(folder, self.request.target, _pairs(self.request.build_args))
        return self._folders[folder]

    def lint(self, source: Source) -> Linted:
        path = source.path
        findings = check(parse(source), self.settings, self.context(path), self.selection(path))
        return Linted(path, source, findings)


def _pairs(build_args: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    return tuple((name, text) for name, _, text in (given.partition("=") for given in build_args))
