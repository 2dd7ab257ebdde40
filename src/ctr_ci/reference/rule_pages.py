"""The pages of the lint rules, in Markdown, from their declarations."""

from __future__ import annotations

from ctr_ci.lint import Rule

GENERATED = "<!-- generated from the rule's declaration by scripts/reference.py; do not edit -->"
TOOLS = {
    "buildkit": "BuildKit",
    "tally": "tally",
    "trivy": "trivy",
    "checkov": "checkov",
    "dockle": "dockle",
}


def rule_pages(rules: tuple[Rule, ...]) -> dict[str, str]:
    """Path below the repository -> text, for each rule and the index."""
    pages = {f"docs/rules/{rule.name}.md": page(rule) for rule in rules}
    return pages | {"docs/rules/README.md": index(rules)}


def page(rule: Rule) -> str:
    """The page of one rule."""
    on = "on by default" if rule.default else f"off by default (`--extend-select {rule.name}`)"
    parts = [
        f"# {rule.name}",
        GENERATED,
        f"`{rule.id}` · {rule.category.value} · {rule.severity.value} · {on}"
        + (" · has a fix" if rule.fixable else ""),
        f"**{rule.summary}.**",
        rule.why,
    ]
    if rule.help:
        parts.append(f"What to do: {rule.help}.")
    for number, example in enumerate(rule.bad):
        parts.append("## Bad" if number == 0 else "Or:")
        parts.append(f"```dockerfile\n{example.text.rstrip()}\n```")
        parts.append(f"Reported at {example.at}.")
        if example.fixed is not None:
            parts.append(f"Fixed:\n\n```dockerfile\n{example.fixed.rstrip()}\n```")
    for number, example in enumerate(rule.good):
        parts.append("## Good" if number == 0 else "Or:")
        parts.append(f"```dockerfile\n{example.text.rstrip()}\n```")
    if rule.same_as:
        parts.append("## Also known as")
        parts.append(", ".join(f"`{alias}`" for alias in rule.same_as))
    parts.append("## Silence it")
    parts.append(
        f"Above the instruction: `# ctr-ci: ignore={rule.name} the reason`"
        + (
            f" (or `# hadolint ignore={rule.same_as[0]}`)"
            if rule.same_as[:1] and rule.same_as[0][:2] == "DL"
            else ""
        )
        + f". In the configuration: `lint: {{ignore: [{rule.name}]}}`."
    )
    return "\n\n".join(parts) + "\n"


def index(rules: tuple[Rule, ...]) -> str:
    """The table of all rules, by category."""
    parts = [
        "# Rules",
        GENERATED,
        "`ctr-ci rules NAME` prints a page. A name is a rule's id or name, an alias such as `DL3008`, or a "
        "category. "
        "F: has a fix. (off): off by default. What was decided against stands in "
        "[rules-not-implemented](../rules-not-implemented.md).",
    ]
    for category in dict.fromkeys(rule.category for rule in rules):
        parts.append(f"## {category.value}")
        rows = ["| rule | severity | | what | also known as |", "|---|---|---|---|---|"]
        rows += [_row(rule) for rule in rules if rule.category is category]
        parts.append("\n".join(rows))
    return "\n\n".join(parts) + "\n"


def _row(rule: Rule) -> str:
    marks = " ".join(filter(None, ("F" if rule.fixable else "", "" if rule.default else "(off)")))
    aliases = ", ".join(f"`{alias}`" for alias in rule.same_as[:4]) + (" …" if len(rule.same_as) > 4 else "")
    name = f"[{rule.name}]({rule.name}.md) `{rule.id}`"
    cells = (name, rule.severity.value, marks, rule.summary.replace("|", "\\|"), aliases)
    return f"| {' | '.join(cells)} |"
