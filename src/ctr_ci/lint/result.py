"""What a lint run found: one `Linted` a file, one `Outcome` a run. Every report is a reader of these."""

from __future__ import annotations

from ctr_ci.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ctr_ci.lint.rule import Finding
    from ctr_ci.problem import Problem
    from ctr_ci.source import Source


@value
class Linted:
    """One file: its text (after fixes, if any were made), what is left to say of it, and how many
    findings were repaired."""

    path: str
    source: Source
    findings: tuple[Finding, ...]
    repaired: int = 0


@value
class Outcome:
    """One run. `errors` are files that could not be read; `seconds` is wall time."""

    files: tuple[Linted, ...]
    errors: tuple[Problem, ...]
    seconds: float

    @property
    def findings(self) -> int:
        return sum(len(file.findings) for file in self.files)

    @property
    def fixable(self) -> int:
        """Findings that `--fix` would repair."""
        return sum(
            f.fix is not None and f.fix.safety.value == "safe" for file in self.files for f in file.findings
        )
