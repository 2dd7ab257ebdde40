"""SARIF 2.1.0, within what GitHub code scanning takes (docs: sarif-support-for-code-scanning).

GitHub refuses a run of more than 25,000 results and shows the 5,000 worst, so the worst come first. A
rule explains itself in its `help`; it has a `helpUri` only when the pages have an address.
"""

from __future__ import annotations

import json

from ctr_ci import __version__
from ctr_ci.report.fingerprint import line_hashes
from ctr_ci.report.place import Shown, link, plain, uri, wide

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ctr_ci.lint import Finding, Fix, Linted, Outcome, Rule

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
RESULTS = 25_000  # of a run; GitHub refuses more
TEXT = 1024  # characters of a description
_LEVELS = {"error": "error", "warning": "warning", "info": "note", "style": "note"}
_SECURITY = {"error": "8.0", "warning": "5.5", "info": "3.0", "style": "1.0"}


def render(outcome: Outcome, shown: Shown) -> str:
    found = [(file, finding) for file in outcome.files for finding in file.findings]
    found.sort(key=lambda pair: pair[1].severity.rank)  # stable: the order of the text stays within a level
    kept = found[:RESULTS]
    rules = sorted({finding.rule.id: finding.rule for _, finding in kept}.values(), key=lambda rule: rule.id)
    numbers = {rule.id: number for number, rule in enumerate(rules)}
    hashes = {file.path: line_hashes(file.source.text) for file in outcome.files if file.findings}
    run: dict[str, object] = {
        "tool": {
            "driver": {
                "name": "ctr-ci",
                "semanticVersion": __version__,
                "rules": [_rule(rule) for rule in rules],
            }
        },
        "automationDetails": {"id": "ctr-ci/"},
        "columnKind": "unicodeCodePoints",
        "results": [
            _result(file, finding, numbers[finding.rule.id], hashes[file.path], shown)
            for file, finding in kept
        ],
        "invocations": [
            {
                "executionSuccessful": not outcome.errors,
                "toolExecutionNotifications": [
                    {"level": "error", "message": {"text": problem.render()}} for problem in outcome.errors
                ],
            }
        ],
    }
    if len(found) > RESULTS:
        run["properties"] = {"findingsLeftOut": len(found) - RESULTS}
    return plain(json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1)) + "\n"


def _rule(rule: Rule) -> dict[str, object]:
    properties: dict[str, object] = {
        "tags": [rule.category.value, *rule.same_as][:10],
        "precision": "high" if rule.default else "medium",
        "problem.severity": {"error": "error", "warning": "warning"}.get(
            rule.severity.value, "recommendation"
        ),
    }
    if rule.category.value == "security":
        properties["security-severity"] = _SECURITY[rule.severity.value]
    page = link(rule)
    return {
        "id": rule.id,
        "name": rule.name,
        "shortDescription": {"text": rule.summary[:TEXT]},
        "fullDescription": {"text": rule.why[:TEXT]},
        "help": {"text": f"{rule.why}\n\n{rule.help}".strip(), "markdown": markdown_help(rule)},
        "defaultConfiguration": {"level": _LEVELS[rule.severity.value]},
        "properties": properties,
        **({"helpUri": page} if page else {}),
    }


def markdown_help(rule: Rule) -> str:
    parts = [f"**{rule.summary}**", rule.why, rule.help]
    for example in rule.examples:
        title = "Bad" if example.at else "Good"
        parts.append(f"{title}:\n\n```dockerfile\n{example.text.rstrip()}\n```")
        if example.fixed is not None:
            parts.append(f"Fixed:\n\n```dockerfile\n{example.fixed.rstrip()}\n```")
    if rule.same_as:
        parts.append("Also known as " + ", ".join(f"`{alias}`" for alias in rule.same_as) + ".")
    return "\n\n".join(part for part in parts if part)


def _result(
    file: Linted, finding: Finding, rule_index: int, hashes: dict[int, str], shown: Shown
) -> dict[str, object]:
    where = {"artifactLocation": {"uri": uri(file.path, shown.folder)}}
    line, column, end_line, end_column = wide(finding.span, file.source)
    region = {"startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column}
    message = f"{finding.message}. {finding.help}" if finding.help else finding.message
    result: dict[str, object] = {
        "ruleId": finding.rule.id,
        "ruleIndex": rule_index,
        "level": _LEVELS[finding.severity.value],
        "message": {"text": message},
        "locations": [{"physicalLocation": where | {"region": region}}],
        "partialFingerprints": {"primaryLocationLineHash": hashes.get(line, "0:1")},
    }
    if finding.related:
        result["relatedLocations"] = [
            {
                "id": number,
                "physicalLocation": where | {"region": _region(one.span.start.line, one.span.start.column)},
                "message": {"text": one.message},
            }
            for number, one in enumerate(finding.related[:100], 1)
        ]
    if finding.fix:
        result["fixes"] = [_fix(finding.fix, where)]
    known = {"code": finding.code, "stage": finding.stage, "bytes": finding.bytes}
    properties = {key: said for key, said in known.items() if said not in ("", None)}
    if properties:
        result["properties"] = properties
    return result


def _region(line: int, column: int) -> dict[str, int]:
    return {"startLine": line, "startColumn": column, "endLine": line, "endColumn": column + 1}


def _fix(fix: Fix, where: dict[str, dict[str, str]]) -> dict[str, object]:
    replacements = [
        {
            "deletedRegion": {
                "startLine": edit.span.start.line,
                "startColumn": edit.span.start.column,
                "endLine": edit.span.end.line,
                "endColumn": edit.span.end.column,
            },
            "insertedContent": {"text": edit.text},
        }
        for edit in fix.edits
    ]
    safe = fix.safety.value == "safe"
    return {
        "description": {"text": fix.title if safe else f"{fix.title} (unsafe: may change the build)"},
        "artifactChanges": [where | {"replacements": replacements}],
        "properties": {"safe": safe},
    }
