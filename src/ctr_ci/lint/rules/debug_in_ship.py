from __future__ import annotations

from ctr_ci.dockerfile import Run
from ctr_ci.lint.packages import SYSTEM
from ctr_ci.lint.rule import Bad, Category, Good, Rule, Severity

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.rule import Finding

_TOOLS = frozenset([
    "gdb", "gdbserver", "strace", "ltrace", "tcpdump", "vim", "emacs", "nano", "telnet", "nmap", "lldb",
    "valgrind", "perf", "htop", "vim-tiny", "neovim", "netcat", "netcat-openbsd", "nc", "tmux",
    "screen",
])  # fmt: skip


def check(facts: Facts) -> Iterator[Finding]:
    for stage in facts.shipping:
        image = facts.image(stage)
        if image is not None and "distroless" in image.path and "debug" in image.tag:
            yield RULE.at(
                stage.base.image.span,
                f"{image.text} is the debug variant, with a shell",
                help="ship the plain tag",
            )
    for run in facts.each(Run):
        if not facts.ships(run):
            continue
        operations = facts.operations(run)
        removed = {w.value for o in operations if o.verb == "remove" for w in o.packages}
        for operation in operations:
            if operation.verb != "install" or operation.manager not in SYSTEM:
                continue
            for word in operation.packages:
                name = (word.value or "").partition("=")[0]
                if name in _TOOLS and name not in removed:
                    yield RULE.at(
                        facts.span(run, word.start, word.end),
                        f"{name} ships: a tool for looking, not for running",
                    )


RULE = Rule(
    id="CT110",
    name="debug-in-ship",
    severity=Severity.INFO,
    category=Category.SHIPPING,
    summary="Debuggers and editors need not ship",
    why="They are bytes and attack surface in every container; `docker debug` or an image of tools beside "
    "it does the job.",
    help="leave it out, or put it into a debug stage that is built by --target",
    examples=(
        Bad("FROM alpine:3.20\nRUN apk add --no-cache vim\n", at="2:24-2:27"),
        Good("FROM alpine:3.20\nRUN apk add --no-cache curl\n"),
    ),
    default=False,
    check=check,
)
