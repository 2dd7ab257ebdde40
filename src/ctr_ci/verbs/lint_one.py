"""Lints one file after the other, with the settings of each path worked out once."""

from __future__ import annotations

import os

from ctr_ci.dockerfile import parse
from ctr_ci.lint import Linted, Selection, check, select
from ctr_ci.value import replace
from ctr_ci.verbs.lint_surroundings import Surroundings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ctr_ci.dockerfile import Dockerfile
    from ctr_ci.lint import Context, Finding, ShellNote
    from ctr_ci.settings import LintSettings
    from ctr_ci.source import Source
    from ctr_ci.verbs.lint import Request


class Linter:
    """Holds what files of one run share."""

    def __init__(self, settings: LintSettings, request: Request) -> None:
        self.settings = settings
        self.request = request
        self._whole: Selection | None = None
        self._surroundings = Surroundings(
            request.target, request.build_args, frozenset(_names(request.build_contexts))
        )
        self._given = dict(request.build_args)
        self.shellcheck_missing = False

    def selection(self, path: str) -> Selection:
        if self.settings.paths:
            return select(self.settings, os.path.relpath(path))
        if self._whole is None:
            self._whole = select(self.settings)
        return self._whole

    def context(self, path: str) -> Context:
        """The surroundings of a file; what files share is looked at once."""
        return self._surroundings.of(path)

    def lint(self, source: Source) -> Linted:
        return self.lint_all((source,))[0]

    def lint_all(self, sources: Sequence[Source]) -> list[Linted]:
        """The files, linted; where shellcheck is asked, it is asked once for all."""
        dockerfiles = [parse(source, self._given) for source in sources]
        notes = self.notes(dockerfiles)
        return [
            Linted(one.source.path, one.source, self._check(one, said))
            for one, said in zip(dockerfiles, notes, strict=True)
        ]

    def look(self, dockerfile: Dockerfile) -> tuple[Finding, ...]:
        """The findings of one file as it stands now, shellcheck's too."""
        return self._check(dockerfile, self.notes([dockerfile])[0])

    def _check(self, dockerfile: Dockerfile, notes: tuple[ShellNote, ...]) -> tuple[Finding, ...]:
        path = dockerfile.source.path
        context = self.context(path)
        if notes:
            context = replace(context, notes=notes)
        return check(dockerfile, self.settings, context, self.selection(path))

    def notes(self, dockerfiles: Sequence[Dockerfile]) -> list[tuple[ShellNote, ...]]:
        """shellcheck's notes on each file, empty where its rule is off or it is not installed."""
        wanted = any(rule.name == "shellcheck" for rule in self.selection(dockerfiles[0].source.path).rules)
        if not wanted:
            return [()] * len(dockerfiles)
        from ctr_ci.verbs.lint_shellcheck import notes, program

        found = program()
        if found is None:
            self.shellcheck_missing = True
        return notes(found, dockerfiles, self.settings) if found else [()] * len(dockerfiles)


def _names(contexts: tuple[str, ...]) -> Iterator[str]:
    """The names of named contexts, as FROM and COPY --from may spell them."""
    for name in contexts:
        yield name
        yield name.removesuffix(":latest")
