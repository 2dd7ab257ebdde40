"""A rule's own options: the fields of its `options` class, read from the configuration's texts."""

from __future__ import annotations

from ctr_ci.problem import InputError, Problem
from ctr_ci.value import fields

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeVar

    from ctr_ci.lint.rule import Rule
    from ctr_ci.settings import LintSettings, RuleOption

    T = TypeVar("T")


def read(rule: Rule, kind: type[T], settings: LintSettings) -> T:
    """The options of a rule; defaults where nothing is said. Raises InputError with the place."""
    said = [option for option in settings.options if option.rule.text.lower() in (rule.id.lower(), rule.name)]
    if not said:
        return kind()
    plain = kind()
    values = {option.key.replace("-", "_"): _value(option, plain) for option in said}
    return kind(**values)


def _value(option: RuleOption, plain: object) -> object:
    name = option.key.replace("-", "_")
    if name not in fields(plain):
        known = ", ".join(field.replace("_", "-") for field in fields(plain))
        raise InputError(
            Problem(
                f"unknown option {option.key!r} of {option.rule.text}",
                expected=f"one of {known}",
                path=option.rule.path,
                span=option.span,
            )
        )
    default = getattr(plain, name)
    if isinstance(default, tuple):
        return option.values
    text = option.values[0] if option.values else ""
    if isinstance(default, int) and not text.isdigit():
        raise InputError(Problem(f"{text!r}", "a number", path=option.rule.path, span=option.span))
    return int(text) if isinstance(default, int) else text


def check(rules: tuple[Rule, ...], settings: LintSettings) -> None:
    """Raises InputError for an option that its rule does not have, before any file is read."""
    for rule in rules:
        if rule.options is not None:
            read(rule, rule.options, settings)
            continue
        for option in settings.options:
            if option.rule.text.lower() in (rule.id.lower(), rule.name):
                raise InputError(
                    Problem(
                        f"{rule.name} has no option {option.key!r}",
                        expected="severity",
                        path=option.rule.path,
                        span=option.span,
                    )
                )
