"""Fixes: safe or unsafe, to a fixed point, verified after each round, and nothing else touched."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ctr_ci.dockerfile import Instruction, parse
from ctr_ci.lint import Category, Edit, Fix, Rule, Safety, Selection, Severity, all_rules, diff, fix
from ctr_ci.lint.rule import Good
from ctr_ci.settings import LintSettings, Name
from ctr_ci.source import Source, Span

MANY = (
    "from debian:12 As Base\nMAINTAINER Jo\nENV A b\nADD a /a\n# kept\nRUN apt-get update \\\n"
    "    && apt install -y curl\nCMD python x\n"
)


def fixed(text: str, safety: Safety = Safety.SAFE) -> str:
    return fix(Source("Dockerfile", text), LintSettings(), safety).source.text


def test_safe_fixes_leave_what_is_unsafe() -> None:
    text = fixed(MANY)
    assert "CMD python x" in text
    assert 'LABEL org.opencontainers.image.authors="Jo"' in text
    assert "ENV A=b" in text
    assert "COPY a /a" in text
    assert "apt-get install" in text
    assert "# kept\n" in text


def test_unsafe_fixes_come_when_asked_for() -> None:
    assert 'CMD ["python", "x"]' in fixed(MANY, Safety.UNSAFE)


@pytest.mark.parametrize("safety", list(Safety))
def test_fixing_twice_is_fixing_once(safety: Safety) -> None:
    once = fixed(MANY, safety)
    assert fixed(once, safety) == once


def test_line_ends_and_bom_stay() -> None:
    source = Source.decode("Dockerfile", b"\xef\xbb\xbfFROM debian:12\r\nENV A b\r\nMAINTAINER Jo\r\n# x\r\n")
    result = fix(source, LintSettings()).source
    assert result.encode() == (
        b'\xef\xbb\xbfFROM debian:12\r\nENV A=b\r\nLABEL org.opencontainers.image.authors="Jo"\r\n# x\r\n'
    )


def test_bytes_that_are_not_utf_8_stay() -> None:
    source = Source.decode("Dockerfile", b"FROM debian:12\n# \xff\xfe\nENV A b\n")
    assert fix(source, LintSettings()).source.encode() == b"FROM debian:12\n# \xff\xfe\nENV A=b\n"


def test_the_content_of_an_open_heredoc_is_not_ended() -> None:
    text = "FROM alpine:3.20\nCOPY <<EOF /x\na"
    assert fix(Source("Dockerfile", text), LintSettings(select=(Name("final-newline"),))).source.text == text


def broken(text: str, at: tuple[int, int], put: str) -> Rule:
    """A rule whose fix replaces offsets `at` by `put`, once."""
    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding

    def check(facts: Facts) -> list[Finding]:
        if facts.source.text != text:
            return []
        span: Span = facts.source.span(*at)
        return [rule.at(span, "x", fix=Fix("x", Safety.SAFE, (Edit(span, put),)))]

    rule = Rule("CT999", "broken", Severity.INFO, Category.STYLE, "x", "x" * 30, (Good("FROM a:1\n"),), check)
    return rule


@pytest.mark.parametrize(
    ("at", "put"),
    [
        ((11, 12), " \\\n"),  # swallows the next instruction
        ((0, 5), "FORM "),  # no instruction any more
        ((0, 12), ""),  # the stage is gone
    ],
)
def test_a_fix_that_changes_other_instructions_is_dropped(at: tuple[int, int], put: str) -> None:
    text = "FROM debian\nRUN a\n"
    rule = broken(text, at, put)
    result = fix(
        Source("Dockerfile", text),
        LintSettings(),
        Safety.SAFE,
        None,
        Selection((rule,), frozenset(), frozenset(), {}),
    )
    assert result.source.text == text
    assert not result.changed
    assert [one.rule.name for one in result.remaining] == ["broken"]


def test_fixes_that_undo_each_other_are_a_bug_that_names_them() -> None:
    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding

    def check(facts: Facts) -> list[Finding]:
        stage = facts.dockerfile.stages[0].base.image
        other = {"a:1": "b:1", "b:1": "a:1"}[stage.text]
        return [rule.at(stage.span, "x", fix=Fix("x", Safety.SAFE, (Edit(stage.span, other),)))]

    rule = Rule("CT998", "swings", Severity.INFO, Category.STYLE, "x", "x" * 30, (Good("FROM a:1\n"),), check)
    chosen = Selection((rule,), frozenset(), frozenset(), {})
    with pytest.raises(RuntimeError, match="swings"):
        fix(Source("Dockerfile", "FROM a:1\n"), LintSettings(), Safety.SAFE, None, chosen)


@pytest.mark.parametrize("end", ["\n", ""])
@pytest.mark.parametrize("name", ["Dockerfile", "a b/Dockerfile.ü"])
def test_git_apply_takes_the_diff(tmp_path: Path, name: str, end: str) -> None:
    file = tmp_path / name
    file.parent.mkdir(exist_ok=True)
    file.write_text("FROM debian:12\nENV A b" + end)
    source = Source(name, file.read_text())
    patch = diff(source, fix(source, LintSettings()).source)
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    subprocess.run(["git", "apply", "-"], cwd=tmp_path, input=patch.encode(), check=True)
    assert file.read_text() == "FROM debian:12\nENV A=b" + end


def test_git_apply_takes_the_diff_of_a_file_with_bom_and_crlf(tmp_path: Path) -> None:
    file = tmp_path / "Dockerfile"
    file.write_bytes(b"\xef\xbb\xbfFROM debian:12\r\nENV A b\r\n")
    source = Source.decode("Dockerfile", file.read_bytes())
    patch = diff(source, fix(source, LintSettings()).source)
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    subprocess.run(["git", "apply", "-"], cwd=tmp_path, input=patch.encode(), check=True)
    assert file.read_bytes() == b"\xef\xbb\xbfFROM debian:12\r\nENV A=b\r\n"


LINES = st.sampled_from(
    """FROM debian:12|from alpine:3 as X|FROM scratch|RUN apt-get update && apt-get install curl
RUN apt install -y a \\|  b \\||# comment|  # indented|&& c|RUN <<EOF|COPY <<EOF /x|EOF|ENV A b
ENV A=b \\|  C=d|ADD a b|ADD a b /c|MAINTAINER me|CMD a b|CMD ['a']|CMD ["a"]|ENTRYPOINT x|WORKDIR a
EXPOSE 80/TCP|STOPSIGNAL 9|COPY --from=x /a /b|RUN cd /x && make|RUN pip install x|RUN npm ci
RUN sudo x|RUN apk add x|RUN yum install y|LABEL a b|USER x|HEALTHCHECK CMD x|RUN wget http://x
RUN curl -o a http://x|ONBUILD ENV a b|RUN \\""".replace("\n", "|").split("|")
)


@settings(max_examples=150, deadline=None)
@given(st.lists(LINES, max_size=14), st.sampled_from(["\n", "\r\n"]), st.sampled_from(list(Safety)))
def test_fixes_of_any_file_come_to_rest_and_keep_the_other_instructions(
    lines: list[str], end: str, safety: Safety
) -> None:
    text = end.join(lines)
    before = parse(Source("Dockerfile", text))
    result = fix(Source("Dockerfile", text), LintSettings(), safety)
    after = parse(result.source)
    assert len(after.problems) <= len(before.problems)
    assert [s.base.image.text.lower() for s in after.stages] == [
        s.base.image.text.lower() for s in before.stages
    ]
    again = fix(result.source, LintSettings(), safety)
    assert again.source.text == result.source.text
    if end == "\r\n" and len(lines) > 1:
        assert "\n" not in result.source.text.replace("\r\n", "")


MEANT = {"MAINTAINER": "LABEL", "ADD": "COPY"}
# Arguments that no safe fix may touch.
KEPT = frozenset(["ARG", "CMD", "ENTRYPOINT", "HEALTHCHECK", "SHELL", "USER", "VOLUME", "WORKDIR"])


def said(one: Instruction) -> list[str]:
    """The words behind the keyword, as Docker puts them together."""
    words = one.line.arguments.text.split()
    return ["apt-get" if word == "apt" else word for word in words]


def is_within(few: list[str], many: list[str]) -> bool:
    rest = iter(many)
    return all(word in rest for word in few)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(LINES, min_size=1, max_size=14), st.sampled_from(["\n", "\r\n"]), st.booleans(), st.booleans()
)
def test_safe_fixes_change_what_they_mean_to_and_nothing_else(
    lines: list[str], end: str, mark: bool, every: bool
) -> None:
    text = end.join(["FROM debian:12", *lines])
    chosen = LintSettings(select=(Name("all"),)) if every else LintSettings()
    source = Source.decode("Dockerfile", b"\xef\xbb\xbf" * mark + text.encode())
    result = fix(source, chosen).source
    before, after = parse(source), parse(result)
    assert result.encode().startswith(b"\xef\xbb\xbf") == mark
    assert comments(result.text) == comments(text)
    assert len(after.instructions) == len(before.instructions)
    for old, new in zip(before.instructions, after.instructions, strict=True):
        assert new.keyword in (old.keyword, MEANT.get(old.keyword))
        for was, now in zip(old.heredocs, new.heredocs, strict=True):
            assert is_within(was.body.text.split(), now.body.text.split())
            assert old.keyword == "RUN" or now.body.text == was.body.text
        if old.keyword in KEPT:
            assert said(new) == said(old)
        if old.keyword == "RUN":
            assert is_within(said(old), said(new))


def comments(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.lstrip().startswith("#")]


def test_every_fix_is_declared_by_an_example() -> None:
    for rule in all_rules():
        for example in rule.bad:
            if example.fixed is not None:
                assert example.fixed != example.text
