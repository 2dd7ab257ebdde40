"""`ctr-ci rules`: what each rule says, from its declaration."""

from __future__ import annotations

from ctr_ci.lint import all_rules, check_names, find
from ctr_ci.problem import Exit
from ctr_ci.settings import Name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TextIO

    from ctr_ci.lint import Rule


def rules(wanted: tuple[str, ...], format_: str, stdout: TextIO) -> Exit:
    """Lists all rules, or explains those that are named. Raises InputError for an unknown name."""
    check_names(Name(word) for word in wanted)
    chosen = tuple(dict.fromkeys(rule for word in wanted for rule in find(word))) if wanted else all_rules()
    if format_ == "json":
        import json

        stdout.write(json.dumps([_declared(rule) for rule in chosen], indent=2) + "\n")
    elif format_ == "markdown":
        from ctr_ci.reference import rule_page

        stdout.write("\n".join(rule_page(rule) for rule in chosen))
    elif not wanted or len(chosen) > 8:
        stdout.write("".join(_line(rule) for rule in chosen))
    else:
        stdout.write("\n".join(_explained(rule) for rule in chosen))
    return Exit.DONE


def _line(rule: Rule) -> str:
    marks = ("F" if rule.fixable else " ") + (" " if rule.default else "-")
    return f"{rule.id} {marks} {rule.severity.value:7} {rule.name:24} {rule.summary}\n"


def _explained(rule: Rule) -> str:
    import textwrap

    on = "on by default" if rule.default else "off by default"
    fix = ", has a fix" if rule.fixable else ""
    parts = [
        f"{rule.name} ({rule.id}): {rule.severity.value}, {rule.category.value}, {on}{fix}",
        "",
        *textwrap.wrap(f"{rule.summary}. {rule.why}", 96),
    ]
    if rule.help:
        parts += ["", f"help: {rule.help}"]
    for example in rule.examples:
        parts += [
            "",
            "bad:" if example.at else "good:",
            *(f"    {line}" for line in example.text.splitlines()),
        ]
        if example.fixed is not None:
            parts += ["fixed:", *(f"    {line}" for line in example.fixed.splitlines())]
    if rule.same_as:
        parts += ["", *textwrap.wrap(f"also known as {', '.join(rule.same_as)}", 96)]
    parts += ["", f"ignore it with `# ctr-ci: ignore={rule.name} REASON` above the instruction", ""]
    return "\n".join(parts)


def _declared(rule: Rule) -> dict[str, object]:
    return {
        "rule": rule.id,
        "name": rule.name,
        "aliases": list(rule.same_as),
        "severity": rule.severity.value,
        "category": rule.category.value,
        "default": rule.default,
        "fixable": rule.fixable,
        "summary": rule.summary,
        "why": rule.why,
        "help": rule.help,
        "url": rule.url,
        "examples": [{"text": e.text, "at": e.at or None, "fixed": e.fixed} for e in rule.examples],
    }
