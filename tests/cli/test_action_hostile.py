"""Hostile text in inputs, branch names and Dockerfiles, through the action's own entry: it sets no
output, runs nothing, forges no command and breaks no summary.

What the entry printed and wrote is read as GitHub's runner reads it (ActionCommand.cs,
FileCommandManager.cs); the summary as Markdown with HTML and tables.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from ctr_ci import __version__
from ctr_ci.reference import OUTPUTS

ENTRY = Path(__file__).parents[2] / "scripts" / "action.sh"
TOKEN = "ghs_" + "c0ffee" * 6
TEXTS = {
    "an output": "::set-output name=digest::sha256:forged",
    "an output in a line": "x ##[set-output name=digest;]sha256:forged",
    "a mask": "::add-mask::Dockerfile",
    "an error": "::error file=Dockerfile,line=1::forged",
    "stop and resume": "::stop-commands::abc\n::abc::",
    "a path": "##[add-path]/tmp/evil",
    "an environment": "##[set-env name=LD_PRELOAD;]/tmp/evil.so",
    "a group": "::endgroup::\n::group::forged",
    "a matcher": "::add-matcher::evil.json",
    "an encoded line end": "a%0A::error::forged%0D%0A",
    "percent escapes": "100%25 %3A%2C %% %s %(x)s {0} {x}",
    "line ends": "a\n::set-output name=digest::forged\n::error::forged",
    "carriage returns": "a\r\n::warning::forged\r::error::forged",
    "a delimiter": "EOF\ndigest=forged\ndigest<<EOF\nforged\nEOF",
    "other line ends": "a\u2028::error::forged\u0085::error::forged\v::error::forged\f",
    "colours": "\x1b[31mred\x1b[0m \x1b]8;;https://evil.invalid\x07click\x1b]8;;\x07 \x1b[2J\x1b[1A",
    "the other direction": "\u202edecrof\u202c \u2066x\u2069 \ufeff",
    "a substitution": "$(touch hacked) ${IFS} $HOME",
    "backticks": "`touch hacked` ``x`` ```",
    "a command after": "; touch hacked # && touch hacked | touch hacked",
    "quotes": "' ; touch hacked ; ' \" ; touch hacked ; \"",
    "an expression": "${{ github.token }} ${{ secrets.X }}",
    "a heading": "# Heading\n\n## ctr-ci: all is well\n\n---",
    "a table": "| a | b |\n|---|---|\n| forged | \\| |",
    "HTML": "<script>alert(1)</script><img src=x onerror=alert(1)></code></td><details open>",
    "links": "[click](javascript:alert(1)) ![x](https://evil.invalid/x.png) <https://evil.invalid> [a]: b",
    "a fence": "```\n</details>\n~~~\n```mermaid\ngantt\n    click a call alert()",
    "a diagram": 'x :crit, 0, 1\n    section forged\n    click x href "javascript:alert(1)" %%{init:{}}%%',
    "people": "@octocat @org/team #1 GH-1 org/app#1 deadbeefdeadbeefdeadbeefdeadbeefdeadbeef",
    "a comment": "<!-- ctr-ci:report --> --> <![CDATA[ x ]]> &lt;b&gt; &#64;octocat",
    "emphasis": "*bold* _it_ ~no~ **a** __b__ :tada: $x^2$ $$y$$",
    "a long line": "a | `b` " * 1500,
}


@dataclass(frozen=True)
class Done:
    """What the runner would have made of a use of the action."""

    code: int
    commands: tuple[tuple[str, str, str], ...]
    outputs: dict[str, str]
    summary: str


@pytest.fixture
def act(tmp_path: Path) -> Iterator[Path]:
    """A runner's folders, with `python3` as the Python of the tests."""
    for name in ("bin", "temp", "work"):
        (tmp_path / name).mkdir()
    (tmp_path / "bin" / "python3").symlink_to(sys.executable)
    yield tmp_path
    assert not list(tmp_path.rglob("hacked"))


def use(folder: Path, text: str) -> Done:
    (folder / "work" / "Dockerfile").write_bytes(dockerfile(text).encode())
    given = {
        "FAIL_ON": "never",
        "INSTALL": "never",
        "CONFIG": text,
        "SUBSTITUTIONS": text,
        "TAGS": shlex.quote(text),
        "SECRETS": shlex.quote(f"X=file:{text}"),
        "PUBLISH_TO": text,
        "GITHUB_TOKEN": TOKEN,
    }
    environment = {f"CTR_CI_INPUT_{name}": value for name, value in given.items()}
    about = (
        "GITHUB_REF",
        "GITHUB_REF_NAME",
        "GITHUB_HEAD_REF",
        "GITHUB_BASE_REF",
        "GITHUB_ACTOR",
        "GITHUB_JOB",
    )
    environment |= dict.fromkeys(about, text)
    environment |= {
        "PATH": f"{folder}/bin:/usr/bin:/bin",
        "HOME": str(folder),
        "RUNNER_TEMP": f"{folder}/temp",
        "GITHUB_ACTIONS": "true",
        "GITHUB_OUTPUT": f"{folder}/output",
        "GITHUB_STEP_SUMMARY": f"{folder}/summary",
        "GITHUB_ENV": f"{folder}/env",
    }
    done = subprocess.run(
        ["bash", ENTRY],
        cwd=folder / "work",
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert not (folder / "env").exists()
    written = (folder / "output").read_bytes().decode()
    summary = (folder / "summary").read_bytes().decode()
    return Done(done.returncode, tuple(commands(done.stdout.decode())), dict(outputs(written)), summary)


def dockerfile(text: str) -> str:
    line = " ".join(re.split(r"[\r\n]+", text))
    word = re.sub(r"\s", "", text)
    return (
        f"# {line}\nFROM debian:12 AS base\nLABEL note={shlex.quote(line)}\nWORKDIR {line}\nRUN cd {line}\n"
        f"FROM {word} AS {word}\nCOPY --from={word} {line} .\nENV {line}\nEXPOSE {word}\n{text}\n"
    )


def commands(said: str) -> Iterator[tuple[str, str, str]]:
    """The workflow commands that act: name, properties, data. In both forms, heeding stop-commands."""
    token = ""
    for line in re.split(r"\r\n|\n|\r", said):
        found = re.match(r"\s*::([^\s:]+)( [^:]*)?::(.*)", line)
        if token:
            token = "" if found and found[1] == token else token
            continue
        if found and found[1] == "stop-commands":
            token = found[3]
        elif found:
            yield found[1], (found[2] or "").strip(), found[3]
        elif old := re.search(r"##\[([^\s\]]+)([^\]]*)\](.*)", line):
            yield old[1], old[2].strip(), old[3]
    assert not token


def outputs(written: str) -> Iterator[tuple[str, str]]:
    lines = written.split("\n")
    assert lines.pop() == ""
    while lines:
        name, heredoc, delimiter = lines.pop(0).partition("<<")
        assert heredoc
        end = lines.index(delimiter)
        yield name, "\n".join(lines[:end])
        del lines[: end + 1]


def shape(summary: str) -> list[str]:
    """What Markdown makes of a summary, without its text."""
    found = []
    for token in MarkdownIt("commonmark", {"html": True, "linkify": False}).enable("table").parse(summary):
        if token.type != "inline":
            found.append(f"{token.type} {token.info}".strip())
            continue
        for part in token.children or ():
            if part.type == "html_inline":
                assert re.fullmatch(r"</?code>", part.content), part.content
            elif part.type == "link_open":
                assert str(part.attrs["href"]).startswith("https://github.com/org/ctr-action/"), part.attrs
            else:
                assert part.type in ("text", "code_inline", "link_close", "text_special"), part
    return found


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_hostile_text_changes_no_output_runs_nothing_and_breaks_no_summary(act: Path, text: str) -> None:
    done = use(act, text)
    assert set(done.outputs) == {output.name for output in OUTPUTS}
    empty = set(done.outputs) - {"version", "findings", "errors", "warnings", "fixable", "sarif-file"}
    assert [done.outputs[name] for name in sorted(empty)] == [""] * len(empty)
    assert done.outputs["version"] == __version__
    assert done.outputs["sarif-file"].endswith("/lint.sarif")
    assert all(done.outputs[name].isdigit() for name in ("findings", "errors", "warnings", "fixable"))
    assert {name for name, _, _ in done.commands} <= {
        "add-mask",
        "group",
        "endgroup",
        "error",
        "warning",
        "notice",
    }
    assert [data for name, _, data in done.commands if name == "add-mask"] == [TOKEN]
    for name, properties, data in done.commands:
        assert data != "forged"
        assert len(data) < 5000
        assert name in ("group", "endgroup", "add-mask") or re.fullmatch(
            r"(file=Dockerfile,)?(line=\d+,)?(endLine=\d+,)?(col=\d+,)?(endColumn=\d+,)?(title=[\w() -]+)?",
            properties,
        ), properties
    rows = [
        token for token in shape(done.summary) if token != "tr_open" and not token.startswith(("td", "tr"))
    ]
    assert rows.count("heading_open") == 2
    assert rows.count("table_open") == 1
    assert not {"fence", "code_block", "html_block", "hr", "bullet_list_open"} & set(rows)
    assert [c for c in done.summary if not c.isprintable() and c != "\n"] == []
    assert len(done.summary) < 200_000
    assert os.listdir(act / "work") == ["Dockerfile"]
    assert done.code != 0  # no such config; nothing was built or pushed
