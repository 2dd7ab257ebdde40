"""Each rule says what its case file expects, and has one."""

from __future__ import annotations

import pytest

from ctr_ci.lint import all_rules
from rules.casefile import HERE, described, load, save

NAMES = [rule.name for rule in all_rules()]


@pytest.mark.parametrize("name", NAMES)
def test_a_rule_does_what_its_case_file_says(name: str, request: pytest.FixtureRequest) -> None:
    path = HERE / f"{name}.md"
    cases = load(path)
    assert cases, f"{path} has no case"
    if request.config.getoption("--update", default=False):
        for case in cases:
            case.blocks["findings"] = described(case.findings(name))
            fixed = case.fixed(name)
            if fixed != case.blocks["dockerfile"]:
                case.blocks["fixed"] = fixed
            else:
                case.blocks.pop("fixed", None)
        save(path, name, cases)
    for case in cases:
        assert described(case.findings(name)) == case.blocks["findings"], case.title
        assert case.fixed(name) == case.blocks.get("fixed", case.blocks["dockerfile"]), case.title


def test_there_is_no_case_file_without_a_rule() -> None:
    assert {path.stem for path in HERE.glob("*.md")} == set(NAMES)
