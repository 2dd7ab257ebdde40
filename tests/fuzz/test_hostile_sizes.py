"""Files that are large in one way cost what their size says: twice the size, about twice the time."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable

import pytest

from ctr_ci.dockerfile import parse
from ctr_ci.lint import check
from ctr_ci.settings import LintSettings
from ctr_ci.source import Source

# CPU of the double size over that of the single one: n log n and a busy machine stay below, n² is 4
MOST = 2.6


def many(form: str) -> Callable[[int], str]:
    """Lines that differ by their number."""
    return lambda size: "FROM debian:12\n" + "".join([form.replace("%", str(at)) for at in range(size)])


def in_one_run(form: str) -> Callable[[int], str]:
    return lambda size: (
        "FROM debian:12\nRUN " + "".join([form.replace("%", str(at)) for at in range(size)]) + "true\n"
    )


def heredocs(size: int) -> str:
    marks = " ".join([f"<<E{at}" for at in range(size)])
    return f"FROM a\nRUN {marks}\n" + "".join([f"x $(y)\nE{at}\n" for at in range(size)])


def stages(size: int) -> str:
    each = "FROM a AS s{0}\nARG A{0}\nCOPY --from=s{1} /a /b\n"
    return "".join([each.format(at, max(at - 1, 0)) for at in range(size)])


def bases(size: int) -> str:
    """Stages whose images are named by global arguments, each with one of its own."""
    head = "".join([f"ARG A{at}=1\n" for at in range(size)])
    return head + "".join([f"FROM a:$A{at}\nARG A{at}\n" for at in range(size)])


HOSTILE = {
    "variables": (many("ENV V%=1\nARG W%\nRUN echo $V% $W%\n"), 400),
    "copies then removals": (many("COPY f% /d%/\nRUN chmod 755 /d%/f%\nRUN rm -rf /d%\n"), 250),
    "relative copies": (many("COPY f% d%/\nRUN chmod 755 d%/f%\n"), 300),
    "downloads removed": (many("RUN rm /a% && curl -o /a% http://x\n"), 400),
    "volumes": (many("VOLUME /d%\nRUN touch /e%/x\n"), 500),
    "installs": (many("RUN apt-get install foo\n"), 400),
    "pragmas": (many("# hadolint ignore=DL3008\nRUN apt-get install foo\n"), 300),
    "onbuild": (many("ONBUILD RUN apt-get install foo\n"), 400),
    "one list": (in_one_run("echo a && "), 5000),
    "one continued list": (in_one_run("a && \\\n  "), 5000),
    "removals in one run": (in_one_run("curl -o /a% http://x && rm /a% && "), 500),
    "branches that set variables": (in_one_run("A%=b; if x; then B%=1; fi; (C%=2); "), 500),
    "one command": (in_one_run("sudo "), 3000),
    "heredocs": (heredocs, 800),
    "stages": (stages, 500),
    "bases": (bases, 500),
}


def cpu_s(text: str) -> float:
    gc.collect()
    gc.disable()  # as the command line does; a collection costs what the whole process holds
    try:
        began = time.process_time()
        check(parse(Source("Dockerfile", text)), LintSettings(), None)
        return time.process_time() - began
    finally:
        gc.enable()


@pytest.mark.parametrize("name", HOSTILE)
def test_twice_the_size_costs_about_twice_the_time(name: str) -> None:
    make, size = HOSTILE[name]
    cpu_s(make(2))
    ratios: list[float] = []
    for _ in range(3):  # the least of three: a neighbour can only make one worse
        ratios.append(cpu_s(make(2 * size)) / cpu_s(make(size)))
        if ratios[-1] <= MOST:
            return
    raise AssertionError(f"{name}: twice the size costs {min(ratios):.1f} times the time")


def test_variables_in_variables_without_end_are_a_syntax_problem() -> None:
    deep = "${A:-" * 9_000 + "a" + "}" * 9_000  # a line may have 65,535 bytes
    dockerfile = parse(Source("Dockerfile", f"FROM a\nENV X={deep}\nRUN echo {deep}\n"))
    assert "more than 100 deep" in dockerfile.problems[0].found
    found = check(dockerfile, LintSettings(), None)
    assert "syntax-error" in [finding.rule.name for finding in found]
