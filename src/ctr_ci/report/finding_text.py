"""Findings for people: the place, what is wrong, the source line with the place marked, what to do."""

from __future__ import annotations

from ctr_ci.report.place import Shown, plain
from ctr_ci.source import visible

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ctr_ci.lint import Finding, Linted, Outcome
    from ctr_ci.source import Source

    Paint = Callable[[str, str], str]

_COLORS = {
    "error": "31",
    "warning": "33",
    "info": "36",
    "style": "35",
    "place": "1",
    "dim": "2",
    "help": "32",
}
_TAB = "    "
_LONGEST = 160  # characters of a source line that are shown


def render(outcome: Outcome, shown: Shown) -> str:
    paint = _paint if shown.color else _leave
    lines: list[str] = []
    if shown.statistics:
        lines += _statistics(outcome, paint)
    else:
        for file in outcome.files:
            for group in _grouped(file):
                lines += _finding(file, group, paint, shown)
                lines.append("")
    if not shown.quiet:
        lines += _summary(outcome, paint, shown)
    return plain("\n".join(lines)) + "\n" if lines else ""


def _paint(kind: str, text: str) -> str:
    return f"\x1b[{_COLORS[kind]}m{text}\x1b[0m"


def _leave(_: str, text: str) -> str:
    return text


def _grouped(file: Linted) -> list[list[Finding]]:
    """Findings that say the same of different places stand together, at the first one's place."""
    groups: dict[tuple[str, str, str], list[Finding]] = {}
    for finding in file.findings:
        groups.setdefault((finding.rule.id, finding.message, finding.severity.value), []).append(finding)
    return list(groups.values())


def _finding(file: Linted, group: list[Finding], paint: Paint, shown: Shown) -> list[str]:
    finding = group[0]
    start = finding.span.start
    level = finding.severity.value
    code = finding.code or (_hadolint(finding) if shown.codes else "")
    name = f"{finding.rule.name} [{code}]" if code else finding.rule.name
    where = paint("place", f"{visible(file.path)}:{start.line}:{start.column}:")
    lines = [f"{where} {paint(level, level)}: {visible(finding.message)} {paint('dim', f'({name})')}"]
    lines += marked(file.source, finding, paint)
    gutter = " " * len(str(finding.span.start.line))
    if len(group) > 1:
        places = ", ".join(f"{f.span.start.line}:{f.span.start.column}" for f in group[1:21])
        more = f" and {len(group) - 21} more" if len(group) > 21 else ""
        lines.append(f"  {gutter} = also at {places}{more}")
    for one in finding.related:
        lines.append(f"  {gutter} = {one.span.start.line}:{one.span.start.column}: {visible(one.message)}")
    if finding.bytes is not None:
        lines.append(f"  {gutter} = {finding.bytes / 1e6:.1f} MB in the image")
    for line in finding.help.splitlines():
        lines.append(f"  {gutter} {paint('help', 'help:')} {visible(line)}")
    if finding.fix:
        flag = "--fix" if finding.fix.safety.value == "safe" else "--unsafe-fixes"
        lines.append(f"  {gutter} {paint('help', 'fix:')} {visible(finding.fix.title)} ({flag})")
    return lines


def _hadolint(finding: Finding) -> str:
    """The code that a hadolint user knows a rule by, "" where hadolint has no such rule."""
    return next((alias for alias in finding.aliases if alias.startswith("DL")), "")


def marked(source: Source, finding: Finding, paint: Paint) -> list[str]:
    """The source line with the place under it; a place of several lines is marked to its line's end."""
    number = finding.span.start.line
    if number > len(source.lines):
        return []
    line = source.lines[number - 1]
    first = finding.span.start.column - 1
    last = finding.span.end.column - 1 if finding.span.end.line == number else len(line.rstrip())
    skip = max(0, first - 60) if len(line) > _LONGEST else 0
    text = line[skip : skip + _LONGEST]
    before = visible(text[: first - skip], "\t").expandtabs(4)
    place = visible(text[first - skip : max(last - skip, 0)], "\t").expandtabs(4)
    gutter = " " * len(str(number))
    lead = "..." if skip else ""
    tail = "..." if len(line) > skip + _LONGEST else ""
    marks = "^" * max(1, _columns(place))
    shown = visible(text, "\t").expandtabs(4)
    return [
        f"  {paint('dim', f'{number} |')} {lead}{shown}{tail}",
        f"  {gutter} {paint('dim', '|')} "
        f"{' ' * (len(lead) + _columns(before))}{paint(finding.severity.value, marks)}",
    ]


def _columns(text: str) -> int:
    """How many columns a terminal needs for a text."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(c) else 2 if east_asian_width(c) in "WF" else 1 for c in text)


def _statistics(outcome: Outcome, paint: Paint) -> list[str]:
    counts: dict[tuple[str, str], int] = {}
    fixable: dict[tuple[str, str], int] = {}
    for file in outcome.files:
        for finding in file.findings:
            key = (finding.rule.name + (f" [{finding.code}]" if finding.code else ""), finding.severity.value)
            counts[key] = counts.get(key, 0) + 1
            fixable[key] = fixable.get(key, 0) + bool(finding.fix)
    width = max((len(name) for name, _ in counts), default=0)
    rows = sorted(counts, key=lambda key: (-counts[key], key))
    return [
        f"{counts[key]:6}  {key[0]:{width}}  {paint(key[1], key[1])}"
        + (f"  ({fixable[key]} with a fix)" if fixable[key] else "")
        for key in rows
    ]


def _summary(outcome: Outcome, paint: Paint, shown: Shown) -> list[str]:
    repaired = sum(file.repaired for file in outcome.files)
    parts = []
    hints = []
    if repaired:
        parts.append(f"{repaired} fixed")
    if outcome.findings:
        levels = [f.severity.value for file in outcome.files for f in file.findings]
        counted = ", ".join(
            paint(level, _count(levels.count(level), level))
            for level in dict.fromkeys(sorted(levels, key=_rank))
        )
        files = sum(bool(file.findings) for file in outcome.files)
        parts.append(f"{_count(outcome.findings, 'finding')} in {_count(files, 'file')}: {counted}")
        if shown.fail_on:
            worst = min(_rank(level) for level in levels)
            fails = shown.fail_on != "never" and worst <= _rank(shown.fail_on)
            parts.append(f"{'fails' if fails else 'passes'} (--fail-on {shown.fail_on})")
        fixes = sum(f.fix is not None for file in outcome.files for f in file.findings)
        if fixes:
            unsafe = f", with --unsafe-fixes {fixes}" if fixes > outcome.fixable else ""
            parts.append(f"--fix repairs {outcome.fixable or 'none'}{unsafe}")
        if shown.terminal and not shown.statistics:
            name = next(file.findings[0].rule.name for file in outcome.files if file.findings)
            hints.append(
                f"`ctr-ci rules {name}` explains a rule; "
                f"`# ctr-ci: ignore={name} REASON` above an instruction allows it there"
            )
    elif shown.terminal and outcome.files:
        parts.append(f"no findings in {_count(len(outcome.files), 'file')}")
    return ["; ".join(parts), *(paint("dim", hint) for hint in hints)] if parts else []


def _rank(level: str) -> int:
    return ("error", "warning", "info", "style").index(level)


def _count(number: int, noun: str) -> str:
    """Info and style are no things that one counts by the piece."""
    return f"{number} {noun}" if number == 1 or noun in ("info", "style") else f"{number} {noun}s"
