"""The job summary: what it says, and that nothing of what it quotes can act."""

from __future__ import annotations

import re

import pytest

from ctr_ci.action.results import Finding, Lint, Receipt
from ctr_ci.action.summary import summary
from ctr_ci.record import GateRecord, ImageRecord, Record, StepRecord

HOSTILE = (
    "::error::forged",
    "##[set-output name=digest]sha256:forged",
    "a\n::set-output name=digest::x",
    "a\r\n\r\n# Heading",
    "| cell | more |",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[click](javascript:alert(1))",
    "![pixel](https://evil.invalid/x.png)",
    "`code`",
    "```\nfence",
    "~~~\nfence",
    "\x1b[31mred\x1b[0m",
    "@octocat please look",
    "#1 fixes everything",
    "https://evil.invalid/",
    "a -->|b",
    "%% comment",
    "x :crit, 0, 1\n    y",
    'click a href "javascript:alert(1)"',
    "\u202eright to left",
    "\u2028line separator",
    "*bold* _it_ ~no~",
    "&lt;b&gt;",
    "\\|",
    "$(id) `id` ${{ github.token }}",
    "a" * 5000,
    "\0nul",
    "EOF\ndigest=forged",
    "<!-- ctr-ci:report -->",
)


def finding(text: str, severity: str = "error", url: str = "") -> Finding:
    return Finding(text, severity, text, 3, 1, 3, 2, text, text, url, 4096, False)


def record(text: str, status: str = "SUCCESS") -> Record:
    step = StepRecord(0, text, text, "sha256:a", status, 0, False, 10.0, 12.5, (), (), None)
    return Record(
        build_id="b",
        status=status,
        started=10.0,
        finished=13.0,
        source=(),
        config_path=text,
        config_digest="",
        substitutions=(),
        steps=(step,),
        images=(ImageRecord(text, "sha256:a", (text,)),),
        gates=(GateRecord(text, "sha256:a", text, text),),
    )


def whole(text: str) -> str:
    lint = Lint((finding(text),), (), ())
    receipt = Receipt(text, text, text, 1, (text,), 1, 0, (text,), ((text, text),), (text,))
    return summary(text, lint, record(text), (receipt,), (text,))


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_that_is_quoted_can_act(text: str) -> None:
    made, plain = whole(text), whole("plain")
    # The same lines of the same kind: no line, cell, fence or heading more.
    assert made.count("\n") == plain.count("\n")
    for line, model in zip(made.split("\n"), plain.split("\n"), strict=True):
        assert cells(line) == cells(model)
        assert line.lstrip()[:2] in (model.lstrip()[:2], "| ") or not line.startswith(("#", "`", "|", ">"))
    outside = "\n".join(unquoted(line) for line in made.split("\n"))
    assert not re.search(r"<(?!/?code>)[a-z!/]", outside, re.IGNORECASE)
    assert not re.search(r"(?<!\\)\]\((?!https://example)", outside)
    assert not re.search(r"(?<![\w/])@\w", outside)
    assert not [c for c in made if not c.isprintable() and c != "\n"]


def cells(line: str) -> int:
    """How many `|` of a line end a cell: those without a backslash that is not itself escaped."""
    return re.sub(r"\\.", "", line).count("|")


def unquoted(line: str) -> str:
    """A line without its code spans and escaped characters: what Markdown would act on."""
    return re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", re.sub(r"\\[\\`*_{}\[\]|~!<>()#@-]", "", line))


def test_the_summary_says_what_was_tested_and_pushed() -> None:
    lint = Lint((finding("rule-name", "warning", "https://example.invalid/rule"),), (), ())
    kept = (("stable", "1.4.0 is newer"),)
    receipt = Receipt(
        "host/app", "sha256:a", "sha256:b", 1, ("v1", "latest"), 2, 3, ("unit-test",), kept, ("sha256:c",)
    )
    made = summary("pushed sha256:b", lint, record("unit-test"), (receipt,), ("no comment: fork",))
    assert "| Digest | <code>sha256&#58;b</code> |" in made
    assert "<code>v1</code>, <code>latest</code>" in made
    assert "2 uploaded, 3 already there" in made
    assert "| Tested by | <code>unit-test</code> |" in made
    assert "| Kept tag | <code>stable</code>: 1.4.0 is newer |" in made
    assert "| Attestation | <code>sha256&#58;c</code> |" in made
    assert "| <code>unit-test</code> | <code>unit-test</code> | ✅ |" in made
    assert "    0 unit-test :done, 0, 2500" in made
    assert "[rule-name](https://example.invalid/rule)" in made
    assert "4,096" in made
    assert "> no comment" in made


def test_a_rules_page_is_linked_where_the_action_lies() -> None:
    lint = Lint((finding("root", url="docs/rules/root.md"),), (), ())
    pages = "https://github.example/org/ctr-action/blob/v1/"
    assert f"[root]({pages}docs/rules/root.md)" in summary("x", lint, None, (), (), pages)
    assert "](" not in summary("x", lint, None, (), ())


def test_a_link_is_only_made_to_https() -> None:
    lint = Lint((finding("rule", url="javascript:alert(1)"),), (), ())
    assert "](" not in summary("x", lint, None, (), ())


def test_many_findings_are_counted_not_listed() -> None:
    lint = Lint(tuple(finding(f"rule{number}") for number in range(150)), (), ())
    made = summary("x", lint, None, (), ())
    assert "50 more are in the SARIF file" in made
    assert len(made.encode()) < 60_000


def test_findings_are_counted_in_words() -> None:
    lint = Lint(
        (finding("a"), finding("b", "warning"), finding("c", "warning"), finding("d", "info")), (), ()
    )
    assert "### Lint: 1 error, 2 warnings, 1 info\n" in summary("x", lint, None, (), ())


def test_errors_come_before_style() -> None:
    lint = Lint((finding("late", "style"), finding("early", "error")), (), ())
    made = summary("x", lint, None, (), ())
    assert made.index("early") < made.index("late")
