"""Configs beside the plans that they make, or the words that they are refused with.

`plans/NAME.yaml` gives `NAME.plan.json`, or `NAME.refused.txt`, and `NAME.warnings.txt` where there
is something to say. Its first line may hold options: `# ctr-ci plan: --as trigger`.
`pytest --update` rewrites what is expected.
"""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from ctr_ci.cli import load as command
from ctr_ci.cli import parser
from ctr_ci.cli.build_options import choice
from ctr_ci.plan import to_json
from ctr_ci.problem import InputError
from ctr_ci.verbs.build_inputs import planned
from ctr_ci.workspace import GitFacts

PLANS = Path(__file__).parent / "plans"
CONFIGS = sorted(
    path.name for path in PLANS.iterdir() if path.suffix in (".yaml", ".json") and path.stem.isidentifier()
)
OPTIONS = "# ctr-ci plan: "


def outcome(name: str) -> dict[str, str]:
    """What a config gives: file endings and texts."""
    first = (PLANS / name).read_text().partition("\n")[0]
    options = shlex.split(first.removeprefix(OPTIONS)) if first.startswith(OPTIONS) else []
    given = parser(command("plan")).parse_args(
        [str(PLANS), "--config", name, "--project", "proj", "--no-config", *options]
    )
    try:
        made, warnings = planned(choice(given), PLANS, GitFacts(), {}, "00000000-1111")
    except InputError as error:
        return {"refused.txt": "".join(f"{problem.render()}\n" for problem in error.problems)}
    shown = "".join(f"{warning.render()}\n" for warning in warnings)
    return {"plan.json": to_json(made)} | ({"warnings.txt": shown} if shown else {})


@pytest.mark.parametrize("name", CONFIGS)
def test_a_config_gives_its_plan(
    name: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(PLANS)
    stem = name.partition(".")[0]
    found = outcome(name)
    assert found == outcome(name), "the same plan each time"
    kept = {path.name.removeprefix(f"{stem}."): path for path in PLANS.glob(f"{stem}.*.*")}
    if request.config.getoption("--update", default=False):
        for path in kept.values():
            path.unlink()
        for ending, text in found.items():
            (PLANS / f"{stem}.{ending}").write_text(text)
        return
    assert found == {ending: path.read_text() for ending, path in kept.items()}


def test_each_refusal_is_of_a_config_that_says_so() -> None:
    refused = {path.name.partition(".")[0] for path in PLANS.glob("*.refused.txt")}
    assert refused == {name.partition(".")[0] for name in CONFIGS if name.startswith("refused")}
