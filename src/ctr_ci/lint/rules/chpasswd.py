from __future__ import annotations

from ctr_ci.dockerfile import Run
from ctr_ci.lint.rule import Bad, Category, Good, Rule, Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding
    from ctr_ci.shell import Command


def check(facts: Facts) -> Iterator[Finding]:
    for run, command in facts.commands():
        literal = command.name == "chpasswd" and _literal(facts, run, command)
        if literal or (
            command.name == "passwd" and any(t in ("-d", "--delete", "--stdin") for t in command.values)
        ):
            yield RULE.at(
                facts.span(run, command.start, command.words[0].end),
                f"{command.name} sets a password that everybody with the image knows",
                help="leave the account without a password; `docker exec -u` needs none",
            )
        if command.name in ("useradd", "usermod", "adduser"):
            for at, text in enumerate(command.values[:-1]):
                if text in ("-p", "--password") and "$" not in command.arguments[at + 1].text:
                    yield RULE.at(
                        facts.span(run, command.arguments[at].start, command.arguments[at + 1].end),
                        "a password on the command line stays in the image's history",
                    )


def _literal(facts: Facts, run: Run, command: Command) -> bool:
    script = facts.script(run)
    if script is None:
        return False
    if any(r.operator == "<" for r in command.redirections):
        return False
    left = [
        script.commands[i]
        for part in script.pipelines[command.pipeline].elements[: command.place]
        for i in part
    ]
    return not left or any(c.name in ("echo", "printf") for c in left)


RULE = Rule(
    id="CT232",
    name="chpasswd",
    severity=Severity.WARNING,
    category=Category.SECURITY,
    summary="Passwords do not belong in an image",
    why="The password is in the image's history in clear text, and the same in every container.",
    examples=(
        Bad("FROM debian:12\nRUN echo root:secret | chpasswd\n", at="2:24-2:32"),
        Good("FROM debian:12\nRUN useradd app\n"),
    ),
    same_as=("checkov:CKV2_DOCKER_17",),
    check=check,
)
