from __future__ import annotations

from ctr_ci.dockerfile import Run
from ctr_ci.lint.facts import program_of
from ctr_ci.lint.rule import Bad, Category, Good, Rule, Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding
    from ctr_ci.shell import Command, Script

_SAFE = frozenset(["echo", "printf", "yes", "true", ":"])
_HAS = ("bash", "zsh", "ksh", "ash", "mksh")


def check(facts: Facts) -> Iterator[Finding]:
    for run in facts.each(Run):
        script = facts.script(run)
        if script is None or not script.pipelines or "|" not in script.text:
            continue
        program = _program(facts, run)
        if program is None:
            continue
        has_option = program in _HAS or (
            program == "sh" and facts.distro(run) in ("alpine", "busybox", "rpm", "arch", "suse")
        )
        on = False
        for number, pipeline in enumerate(script.pipelines):
            here = [command for command in script.commands if command.pipeline == number]
            sets = next((c for c in here if c.name == "set" and "pipefail" in c.values), None)
            if sets is not None:
                on = True
                dash = not has_option and program in ("sh", "dash") and facts.distro(run) == "debian"
                if dash and "script" not in sets.nesting:
                    yield RULE.at(
                        facts.span(run, sets.start, sets.end),
                        "Debian's /bin/sh is dash, which knows no pipefail before Debian 13: the RUN stops "
                        "here",
                        help='use SHELL ["/bin/bash", "-o", "pipefail", "-c"]',
                        severity=Severity.ERROR,
                    )
                continue
            if on or len(pipeline.elements) < 2 or _forgiven(script, number):
                continue
            if "substitution" in pipeline.nesting or "if" in pipeline.nesting or "while" in pipeline.nesting:
                continue
            left = [script.commands[i] for part in pipeline.elements[:-1] for i in part]
            risky = [command for command in left if command.name not in _SAFE and not _tells(command)]
            if not risky:
                continue
            yield RULE.at(
                facts.span(run, pipeline.start, pipeline.end),
                f"if {risky[0].name or 'the left side'} fails here, the build goes on: a pipe has the exit "
                "code of its last command",
                help=_help(has_option, facts.distro(run)),
            )
            break


def _tells(command: Command) -> bool:
    """Whether a command only prints its version: `make --version | head -1`."""
    return len(command.values) == 1 and command.values[0] in ("--version", "-version", "-V", "--help")


def _help(has_option: bool, distro: str) -> str:
    if has_option:
        return (
            "start the RUN with `set -o pipefail && …`"
            if distro != "alpine"
            else 'use SHELL ["/bin/ash", "-eo", "pipefail", "-c"]'
        )
    return 'use SHELL ["/bin/bash", "-o", "pipefail", "-c"] before this RUN'


def _program(facts: Facts, run: Run) -> str | None:
    """The shell that reads the RUN; None when it has pipefail on or is not like sh."""
    words = facts.shell(run)
    if run.interpreter is not None:
        words = tuple(run.interpreter.split())
    elif run.json is not None:
        words = tuple(word.text for word in run.json)
    if any("pipefail" in word for word in words[1:] if " " not in word) or _set_in(words):
        return None
    if (
        run.heredoc_script
        and run.interpreter is None
        and run.script is not None
        and "pipefail" in run.script.text.split("|")[0]
    ):
        return None
    program = program_of(words)
    if program == "env" and len(words) > 1:
        program = words[1]
    return program


def _set_in(words: tuple[str, ...]) -> bool:
    options = [at for at, word in enumerate(words[:-1]) if word.startswith("-") and word.endswith("o")]
    return any(words[at + 1] == "pipefail" for at in options)


def _forgiven(script: Script, number: int) -> bool:
    """Whether the pipeline's exit code does not matter: `… || true`, or the condition of an if."""
    pipeline = script.pipelines[number]
    last = [script.commands[i] for i in pipeline.elements[-1]]
    if pipeline.negated or any(command.after == "||" for command in last):
        return True
    if not last:
        return False
    # `sha256sum -c` of nothing fails: what the left side should have said is missed there.
    checks = last[-1].name.endswith("sum") and bool({"-c", "--check"} & set(last[-1].values))
    return checks and len(pipeline.elements) == 2


RULE = Rule(
    id="CT221",
    name="pipefail",
    severity=Severity.WARNING,
    category=Category.CORRECTNESS,
    summary="A pipe hides the failure of its left side",
    why=(
        "The exit code of a pipe is that of its last command: `curl … | tar x` succeeds on an empty "
        "download with some "
        "tars. `pipefail` counts every part. bash, zsh and busybox' ash have it; Debian's dash only from "
        "Debian 13."
    ),
    examples=(
        Bad("FROM debian:12\nRUN curl -f https://example.com/x | tar xz\n", at="2:5-2:43"),
        Good(
            'FROM debian:12\nSHELL ["/bin/bash", "-o", "pipefail", "-c"]\nRUN curl -f https://example.com/x '
            "| tar xz\n"
        ),
        Good("FROM debian:12\nRUN echo a | grep b || true\n"),
        Good("FROM debian:12\nRUN grep app.tgz sums.txt | sha256sum -c -\n"),
    ),
    same_as=("DL4006",),
    check=check,
)
