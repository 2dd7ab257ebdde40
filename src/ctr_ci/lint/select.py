"""Which rules run, how severe each is, and which findings a setting silences.

A name is a rule's id or name, an alias (`DL3008`, `SC2086`, `buildkit:StageNameCasing`, with or without
the tool), a category, "all" or "default". A rule that speaks for several foreign codes (`DL3013` and
`DL3018` both ask for pinned versions) is silenced code by code.
"""

from __future__ import annotations

from ctr_ci.lint import catalogue
from ctr_ci.lint.rule import Severity
from ctr_ci.lint.suppress import answers_to
from ctr_ci.problem import InputError, Problem
from ctr_ci.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from ctr_ci.lint.rule import Finding, Rule
    from ctr_ci.settings import LintSettings, Name

# hadolint's own levels, for those who come with its config; what is not listed is a warning.
_HADOLINT = {
    Severity.ERROR: "DL1000 DL3000 DL3004 DL3011 DL3012 DL3020 DL3021 DL3023 DL3024 DL3026 DL3043 DL3044 "
    "DL3061 DL4000 DL4004",
    Severity.INFO: "DL3001 DL3009 DL3010 DL3015 DL3019 DL3047 DL3049 DL3050 DL3059 DL3060 DL3066",
    Severity.STYLE: "DL3048",
}
_HADOLINT_OFF = frozenset(["DL1001", "DL3057"])


@value
class Selection:
    """The rules to run; `names`, in lower case, that silence; severities by name, in lower case."""

    rules: tuple[Rule, ...]
    only: frozenset[str]
    ignored: frozenset[str]
    severities: dict[str, Severity | None]
    hadolint: bool = False

    def severity(self, finding: Finding) -> Severity | None:
        """The severity of a finding under these settings, None when they silence it."""
        if not (self.ignored or self.severities or self.only or self.hadolint):
            return finding.severity
        names = answers_to(finding)
        if self.ignored & names or (self.only and not self.only & names):
            return None
        for name in (finding.code, *finding.rule.same_as, finding.rule.id, finding.rule.name):
            if name.lower() in self.severities and name.lower() in names:
                return self.severities[name.lower()]
        return _as_hadolint(finding) if self.hadolint else finding.severity


def _as_hadolint(finding: Finding) -> Severity:
    known = [alias for alias in finding.aliases if alias.startswith("DL")]
    if not known:
        return finding.severity
    return next((level for level, codes in _HADOLINT.items() if known[0] in codes), Severity.WARNING)


def select(settings: LintSettings, path: str = "") -> Selection:
    """The selection for one file. Raises InputError naming each unknown name and the nearest one."""
    ignored = [*settings.ignore, *(n for names in settings.ignored_at(path) for n in names)]
    wanted = [*settings.select, *settings.extend_select]
    # hadolint's ids of rules that we do not have (yet) must not stop its users.
    check_names([n for n in (*wanted, *ignored, *(n for n, _ in settings.severity)) if not n.lenient])
    off = frozenset(name.text.lower() for name in ignored)
    chosen = frozenset(name.text.lower() for name in settings.select)
    added = frozenset(name.text.lower() for name in settings.extend_select)
    raised = {name.text.lower(): _severity(level) for name, level in settings.severity}
    rules = []
    for rule in catalogue.rules():
        names = _answers(rule)
        on = bool(chosen & names) if chosen else rule.default or _with_hadolint(rule, settings)
        if rule.name == "shellcheck" and any(catalogue.foreign(name) for name in chosen | added):
            on = True
        on = on or bool(added & names) or any(raised.get(name) for name in (rule.id.lower(), rule.name))
        if on and not off & {rule.id.lower(), rule.name, rule.category.value, "all"}:
            rules.append(rule)
    only = frozenset() if not chosen else chosen | added
    if only & {"all", "default"}:
        only = frozenset()
    return Selection(tuple(rules), only, off, raised, settings.hadolint)


def _with_hadolint(rule: Rule, settings: LintSettings) -> bool:
    return settings.hadolint and any(
        a == "SC" or (a.startswith("DL") and a not in _HADOLINT_OFF) for a in rule.same_as
    )


def _answers(rule: Rule) -> frozenset[str]:
    names = {rule.id, rule.name, rule.category.value, "all"} | ({"default"} if rule.default else set())
    for alias in rule.same_as:
        names |= {alias, alias.partition(":")[2]}
    return frozenset(name.lower() for name in names if name)


def _severity(level: str) -> Severity | None:
    return None if level == "off" else Severity(level)


def check_names(names: Iterable[Name]) -> None:
    """Raises InputError when a name stands for no rule."""
    problems = []
    known: dict[str, object] = {}
    for name in names:
        known = known or dict(catalogue.names())
        if name.text.lower() not in known and not catalogue.foreign(name.text):
            from difflib import get_close_matches

            near = get_close_matches(name.text.lower(), known, n=1, cutoff=0.5)
            problems.append(
                Problem(
                    f"unknown rule {name.text!r}",
                    expected="a rule's id, name, alias or category",
                    help=f"did you mean `{near[0]}`?" if near else "`ctr-ci rules` lists them",
                    path=name.path,
                    span=name.span,
                )
            )
    if problems:
        raise InputError(*problems)
