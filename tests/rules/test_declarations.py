"""What every rule gets for free: its examples behave as declared, its places and fixes hold."""

from __future__ import annotations

import pytest

from ctr_ci.dockerfile import parse
from ctr_ci.lint import Example, Finding, Rule, Safety, Selection, all_rules, check, fix
from ctr_ci.settings import LintSettings
from ctr_ci.source import Source

BAD = [pytest.param(rule, example, id=rule.name) for rule in all_rules() for example in rule.bad]
GOOD = [pytest.param(rule, example, id=rule.name) for rule in all_rules() for example in rule.good]


def alone(rule: Rule) -> Selection:
    return Selection((rule,), frozenset(), frozenset(), {})


def findings(rule: Rule, text: str) -> tuple[Finding, ...]:
    chosen = alone(rule)
    if rule.name == "unused-ignore":
        chosen = Selection(all_rules(), frozenset(), frozenset(), {})
    found = check(parse(Source("Dockerfile", text)), LintSettings(), None, chosen)
    return tuple(one for one in found if one.rule is rule)


@pytest.mark.parametrize(("rule", "example"), BAD)
def test_a_bad_example_is_found_at_its_place(rule: Rule, example: Example) -> None:
    assert [str(one.span) for one in findings(rule, example.text)] == [example.at]


@pytest.mark.parametrize(("rule", "example"), GOOD)
def test_a_good_example_is_left_alone(rule: Rule, example: Example) -> None:
    assert findings(rule, example.text) == ()


@pytest.mark.parametrize(("rule", "example"), [p for p in BAD if p.values[1].fixed is not None])  # type: ignore[union-attr]
def test_a_fix_gives_the_declared_text_removes_the_finding_and_rests(rule: Rule, example: Example) -> None:
    source = Source("Dockerfile", example.text)
    once = fix(source, LintSettings(), Safety.UNSAFE, None, alone(rule))
    assert once.source.text == example.fixed
    assert not once.remaining
    again = fix(once.source, LintSettings(), Safety.UNSAFE, None, alone(rule))
    assert again.source.text == once.source.text


@pytest.mark.parametrize(("rule", "example"), BAD)
def test_a_fix_brings_no_new_finding_of_an_error(rule: Rule, example: Example) -> None:
    if example.fixed is None:
        return
    before = {one.rule.name for one in check(parse(Source("Dockerfile", example.text)), LintSettings())}
    after = {one.rule.name for one in check(parse(Source("Dockerfile", example.fixed)), LintSettings())}
    assert after - before <= {"exec-form", "relative-workdir"}


@pytest.mark.parametrize(("rule", "example"), BAD)
def test_a_finding_lies_in_the_file_and_says_what_and_why(rule: Rule, example: Example) -> None:
    source = Source("Dockerfile", example.text)
    for one in findings(rule, example.text):
        assert one.span.start <= one.span.end
        assert one.span.end.line <= len(source.lines) + 1
        assert one.message
        assert not one.message.endswith(".")


def test_ids_and_names_are_used_once_and_are_well_formed() -> None:
    ids = [rule.id for rule in all_rules()]
    names = [rule.name for rule in all_rules()]
    assert len(set(ids)) == len(ids)
    assert len(set(names)) == len(names)
    assert all(i.startswith("CT") and i[2:].isdigit() and len(i) == 5 for i in ids)
    assert all(n == n.lower() and " " not in n for n in names)


def test_a_rule_is_one_file_of_its_name_and_under_120_lines_of_decision() -> None:
    from pathlib import Path

    import ctr_ci.lint.rules as folder

    files = {p.stem: p for p in Path(folder.__file__).parent.glob("*.py") if p.stem != "__init__"}
    assert {rule.name.replace("-", "_") for rule in all_rules()} == set(files)


def test_every_rule_explains_itself() -> None:
    for rule in all_rules():
        assert rule.summary
        assert len(rule.why) > 20
        assert rule.examples
