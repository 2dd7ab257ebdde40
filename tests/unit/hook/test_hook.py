"""The pre-commit door for Cloud Build configs."""

from __future__ import annotations

import io
from pathlib import Path

from ctr_ci.hook import check_cloudbuilds
from ctr_ci.problem import Exit

GOOD = "steps:\n- name: alpine\n  args: [echo, hello]\n"


def check(tmp_path: Path, **texts: str) -> tuple[Exit, str]:
    names = []
    for name, text in texts.items():
        path = tmp_path / f"{name}.yaml"
        path.write_text(text)
        names.append(str(path))
    out = io.StringIO()
    return check_cloudbuilds(names, out), out.getvalue().replace(f"{tmp_path}/", "")


def test_a_good_config_says_nothing(tmp_path: Path) -> None:
    assert check(tmp_path, cloudbuild=GOOD) == (Exit.DONE, "")


def test_every_problem_of_every_file_is_told_in_order(tmp_path: Path) -> None:
    verdict, said = check(tmp_path, b="steps: []\n", a="steps:\n- nam: alpine\n", good=GOOD)
    assert verdict == Exit.INPUT
    assert said.index("a.yaml:2:3: error:") < said.index("b.yaml")


def test_a_file_that_is_gone_is_told(tmp_path: Path) -> None:
    out = io.StringIO()
    assert check_cloudbuilds([str(tmp_path / "gone.yaml")], out) == Exit.INPUT
    assert "cannot be read" in out.getvalue()
