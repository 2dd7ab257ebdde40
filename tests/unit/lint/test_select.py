"""Names of rules, severities, and what a hadolint user's configuration means here."""

from __future__ import annotations

import pytest

from ctr_ci.dockerfile import parse
from ctr_ci.lint import Severity, check, find, select
from ctr_ci.problem import InputError
from ctr_ci.settings import LintSettings, Name
from ctr_ci.source import Source

TEXT = "FROM debian\nRUN apt-get update && apt-get install -y curl\nCMD a\n"


def names(settings: LintSettings, text: str = TEXT, path: str = "Dockerfile") -> set[str]:
    found = check(parse(Source(path, text)), settings, None, select(settings, path))
    return {one.rule.name for one in found}


@pytest.mark.parametrize(
    "name",
    [
        "untagged",
        "CT140",
        "ct140",
        "DL3006",
        "dl3006",
        "hadolint/DL3006",
        "trivy:DS001",
        "DS001",
        "DS-0001",
        "AVD-DS-0001",
        "reproducibility",
        "all",
    ],
)
def test_a_rule_answers_to_all_its_names(name: str) -> None:
    assert "untagged" in {rule.name for rule in find(name)}
    assert "untagged" not in names(LintSettings(ignore=(Name(name),)))


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("buildkit/JSONArgsRecommended", "exec-form"),
        ("tally/prefer-add-git", "git-clone"),
        ("CKV2_DOCKER_13", "tls-off"),
        ("ds0002", "root"),
    ],
)
def test_other_tools_names_are_taken_as_people_write_them(name: str, rule: str) -> None:
    assert rule in {one.name for one in find(name)}


def test_shellcheck_codes_are_known_names() -> None:
    assert {rule.name for rule in find("SC2086")} == {"shellcheck"}
    select(LintSettings(ignore=(Name("SC2086"),)))


def test_select_runs_these_rules_only_and_extend_select_adds() -> None:
    assert names(LintSettings(select=(Name("DL3006"),))) == {"untagged"}
    assert "apt-pin" not in names(LintSettings())
    assert {"apt-pin", "untagged"} <= names(LintSettings(extend_select=(Name("apt-pin"),)))
    assert names(LintSettings(select=(Name("default"),))) == names(LintSettings())


def test_an_unknown_name_is_an_error_with_the_nearest_one() -> None:
    with pytest.raises(InputError) as error:
        select(LintSettings(ignore=(Name("untaged", "ctr-ci.yaml"),)))
    assert "unknown rule 'untaged'" in str(error.value)
    assert "did you mean `untagged`?" in str(error.value)


def test_a_hadolint_config_may_name_rules_that_only_hadolint_has() -> None:
    select(LintSettings(ignore=(Name("DL9999", "x", None, True),), hadolint=True))


def test_severities_are_overridden_by_any_name_and_off_is_off() -> None:
    raised = LintSettings(severity=((Name("DL3006"), "error"),))
    found = check(parse(Source("Dockerfile", TEXT)), raised)
    assert {f.severity for f in found if f.rule.name == "untagged"} == {Severity.ERROR}
    assert "untagged" not in names(LintSettings(severity=((Name("untagged"), "off"),)))


def test_with_a_hadolint_config_the_severities_and_defaults_are_hadolints() -> None:
    found = check(parse(Source("Dockerfile", TEXT)), LintSettings(hadolint=True))
    levels = {f.rule.name: f.severity for f in found}
    assert levels["apt-pin"] is Severity.WARNING  # DL3008 is on for hadolint
    assert levels["apt-lists"] is Severity.INFO  # DL3009 is info there
    assert "healthcheck" not in levels  # DL3057 is off there


def test_settings_of_a_path_reach_that_path_only() -> None:
    settings = LintSettings(paths=(("legacy/*", (Name("untagged"),)),))
    assert "untagged" not in names(settings, path="legacy/Dockerfile")
    assert "untagged" in names(settings, path="new/Dockerfile")
