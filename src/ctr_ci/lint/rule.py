"""What a rule and a finding are. A rule is declared once; docs, `ctr-ci rules`, SARIF metadata, the
examples' tests and the config's schema are all derived from that declaration.

Knows no output format and no rule.
"""

from __future__ import annotations

from enum import Enum

from ctr_ci.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from ctr_ci.lint.facts import Facts
    from ctr_ci.source import Span


PAGES = "docs/rules/"  # where the generated pages are; a URL, once they have one


class Severity(Enum):
    """How bad a finding is; `rank` 0 is the worst."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"
    STYLE = "style"

    @property
    def rank(self) -> int:
        return _RANKS[self.value]


_RANKS = {"error": 0, "warning": 1, "info": 2, "style": 3}


class Category(Enum):
    """What is at stake; a name that `--select` and `--ignore` take."""

    SHIPPING = "shipping"  # what only built the image ships in it
    SIZE = "size"  # bytes that nobody needs
    CORRECTNESS = "correctness"  # does not do what it says, or does not build
    SECURITY = "security"
    REPRODUCIBILITY = "reproducibility"  # another result tomorrow
    STYLE = "style"


class Safety(Enum):
    """SAFE: the build does the same, bar what the finding is about. UNSAFE: a person should look."""

    SAFE = "safe"
    UNSAFE = "unsafe"


@value
class Edit:
    """Replace the text of `span` (empty: insert there) by `text`."""

    span: Span
    text: str


@value
class Fix:
    """A repair: a title in the imperative, and edits that do not overlap."""

    title: str
    safety: Safety
    edits: tuple[Edit, ...]


@value
class Related:
    """Another place that explains a finding."""

    span: Span
    message: str


@value
class Finding:
    """One complaint at one place.

    `code` is the foreign code of a finding that another tool made ("SC2086"). `bytes` is what it
    costs in the image, where proven. `stage` is the stage's name or its number, "" outside stages.
    """

    rule: Rule
    span: Span
    message: str
    help: str = ""
    fix: Fix | None = None
    severity: Severity = Severity.WARNING
    stage: str = ""
    code: str = ""
    bytes: int | None = None
    related: tuple[Related, ...] = ()

    @property
    def aliases(self) -> tuple[str, ...]:
        return (self.code,) if self.code else self.rule.same_as


@value
class Example:
    """A Dockerfile that a rule is about. `at` is the span of the finding ("2:9-2:12"); "" for none.

    `fixed` is the text after the fix; `unsafe` says that the fix needs `--unsafe-fixes`.
    """

    text: str
    at: str = ""
    fixed: str | None = None


def Bad(text: str, at: str, fixed: str | None = None) -> Example:
    return Example(text, at, fixed)


def Good(text: str) -> Example:
    return Example(text)


@value
class Rule:
    """One rule. `name` reads well after "allow"; `id` is never used again for anything else.

    `same_as` holds other tools' names in the contract's spelling (`DL3008`, `buildkit:NAME`,
    `tally:NAME`, `trivy:DS002`, `checkov:CKV_DOCKER_2`). `default` is False for a rule that is a
    matter of taste or costs more than it finds. `fixes` says which fixes it has. `options` is the
    `@value` class of its settings.
    """

    id: str
    name: str
    severity: Severity
    category: Category
    summary: str
    why: str
    examples: tuple[Example, ...]
    check: Callable[[Facts], Iterable[Finding]]
    same_as: tuple[str, ...] = ()
    default: bool = True
    help: str = ""
    options: type | None = None

    def at(
        self,
        span: Span,
        message: str,
        *,
        help: str = "",
        fix: Fix | None = None,
        severity: Severity | None = None,
        stage: str = "",
        code: str = "",
        related: tuple[Related, ...] = (),
    ) -> Finding:
        """A finding of this rule; `help` and `severity` default to the rule's own."""
        return Finding(
            self, span, message, help or self.help, fix, severity or self.severity, stage, code, None, related
        )

    @property
    def bad(self) -> Iterator[Example]:
        return (example for example in self.examples if example.at)

    @property
    def good(self) -> Iterator[Example]:
        return (example for example in self.examples if not example.at)

    @property
    def fixable(self) -> bool:
        return any(example.fixed is not None for example in self.examples)

    @property
    def url(self) -> str:
        """The rule's page; below `PAGES`, which is the project's own folder until it is published."""
        return f"{PAGES}{self.name}.md"
