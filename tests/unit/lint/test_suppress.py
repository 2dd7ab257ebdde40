"""Comments that silence findings: hadolint's, BuildKit's, tally's, trivy's, checkov's and our own."""

from __future__ import annotations

import pytest

from ctr_ci.dockerfile import parse
from ctr_ci.lint import check, select
from ctr_ci.settings import LintSettings, Name
from ctr_ci.source import Source


def found(text: str, *extra: str) -> list[tuple[str, int]]:
    settings = LintSettings(extend_select=tuple(Name(name) for name in extra))
    findings = check(parse(Source("Dockerfile", text)), settings, None, select(settings))
    return [(one.rule.name, one.span.start.line) for one in findings]


def names(text: str, *extra: str) -> set[str]:
    return {name for name, _ in found(text, *extra)}


@pytest.mark.parametrize(
    "comment",
    [
        "# hadolint ignore=DL3006",
        "# hadolint ignore=DL3006,SC2086 # because",
        "# HADOLINT IGNORE = dl3006 ; because",
        "#hadolint ignore=DL3006 because",
        "# hadolint global ignore=DL3006",
        "# hadolint stage ignore=DL3006",
        "# ctr-ci: ignore=untagged the reason",
        "# ctr-ci: ignore=CT140",
        "# ctr-ci: ignore=trivy:DS001",
        "# ctr-ci: ignore=reproducibility",
        "# tally ignore=hadolint/DL3006;reason=because",
        "# trivy:ignore:DS001",
        "# checkov:skip=CKV_DOCKER_7: why",
    ],
)
def test_a_pragma_of_any_tool_silences_the_instruction_below(comment: str) -> None:
    image = "debian:latest" if "CKV" in comment else "debian"
    assert not {"untagged", "latest"} & names(f"{comment}\nFROM {image}\n")
    assert {"untagged", "latest"} & names(f"# a comment\nFROM {image}\n")


def test_comments_and_blank_lines_may_stand_between() -> None:
    assert "untagged" not in names("# hadolint ignore=DL3006\n\n# more\n\nFROM debian\n")


def test_it_reaches_one_instruction_only() -> None:
    text = "# hadolint ignore=DL3006\nFROM debian AS a\nFROM ubuntu\nCOPY --from=a /a /a\n"
    assert [line for name, line in found(text) if name == "untagged"] == [3]


def test_inside_a_continued_instruction_it_reaches_that_instruction() -> None:
    text = "FROM debian:12\nRUN a && \\\n# hadolint ignore=DL3004\n  sudo b\nRUN sudo c\n"
    assert [line for name, line in found(text) if name == "sudo"] == [5]


def test_in_a_heredoc_it_is_text() -> None:
    assert "sudo" in names("FROM debian:12\nRUN <<EOF\n# hadolint ignore=DL3004\nsudo a\nEOF\n")


def test_a_stage_pragma_reaches_the_stage_whose_from_follows() -> None:
    text = (
        "FROM d:1\nRUN sudo a\n# hadolint stage ignore=DL3004\nFROM d:2\nRUN sudo b\nFROM d:3\nRUN sudo c\n"
    )
    assert [line for name, line in found(text) if name == "sudo"] == [2, 7]


def test_buildkits_directive_silences_its_checks_everywhere() -> None:
    text = "# check=skip=JSONArgsRecommended;error=true\nFROM alpine:3.20\nCMD a\n"
    assert "exec-form" not in names(text)
    assert "exec-form" in names("# check=error=true\nFROM alpine:3.20\nCMD a\n")


def test_buildkit_cuts_the_value_at_the_first_blank() -> None:
    text = "# check=skip=JSONArgsRecommended, StageNameCasing\nFROM alpine:3.20 AS A\nCMD a\n"
    assert "stage-name-casing" in names(text)
    assert "exec-form" not in names(text)


def test_buildkits_comment_reaches_the_instruction_below_and_only_buildkits_names() -> None:
    text = "FROM alpine:3.20\n# check=skip=JSONArgsRecommended\nCMD a\nENTRYPOINT b\n"
    assert [line for name, line in found(text) if name == "exec-form"] == [4]
    assert "exec-form" in names("FROM alpine:3.20\n# check=skip=DL3025\nCMD a\n")


def test_buildkits_comment_cannot_skip_what_buildkit_reads_before_it() -> None:
    text = "FROM alpine:3.20 AS a\n# check=skip=DuplicateStageName\nFROM alpine:3.20 AS a\n"
    assert "duplicate-stage" in names(text)


def test_of_two_cmds_the_comment_stands_above_the_later_one() -> None:
    text = 'FROM a:1\nCMD ["a"]\n# check=skip=MultipleInstructionsDisallowed\nCMD ["b"]\n'
    assert "multiple-instructions" not in names(text)


def test_one_code_of_a_rule_of_many_is_silenced_alone() -> None:
    text = "FROM a:1\n# hadolint ignore=DL3018\nRUN apk add --no-cache a && pip install --no-cache-dir b\n"
    settings = LintSettings(select=(Name("other-pin"),))
    findings = check(parse(Source("Dockerfile", text)), settings, None, select(settings))
    assert [one.code for one in findings] == ["DL3013"]


def test_pragmas_can_be_turned_off() -> None:
    settings = LintSettings(pragmas=False)
    text = "# hadolint ignore=DL3006\nFROM debian\n"
    assert "untagged" in {f.rule.name for f in check(parse(Source("Dockerfile", text)), settings)}


def test_a_pragma_that_silences_nothing_is_reported_on_request() -> None:
    text = "# hadolint ignore=DL3006\nFROM debian:12\n"
    assert ("unused-ignore", 1) in found(text, "unused-ignore")
    assert "unused-ignore" not in names("# hadolint ignore=DL3006\nFROM debian\n", "unused-ignore")


@pytest.mark.parametrize("name", ["buildkit/JSONArgsRecommended", "hadolint/DL3025", "JSONArgsRecommended"])
def test_a_tally_user_s_full_names_are_honoured(name: str) -> None:
    text = f"FROM debian:12\n# tally ignore={name}\nCMD a\n"
    found = check(parse(Source("Dockerfile", text)), LintSettings())
    assert "exec-form" not in {one.rule.name for one in found}
