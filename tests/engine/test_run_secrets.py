"""Secrets reach the step that asked for them, and no reader of anything else."""

from __future__ import annotations

from pathlib import Path

import pytest

from ctr_ci.problem import InputError
from testbed.builds import Builds, sh

CANARY = "correct horse battery\nstaple and more\nthird line here"
CONFIG: dict[str, object] = {
    "availableSecrets": {"secretManager": [{"versionName": "projects/p/secrets/s/versions/1", "env": "S"}]}
}


def test_86_87_88_a_secret_reaches_its_step_and_is_masked_everywhere(ran: Builds, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(CANARY + "\n")
    done = ran(
        {
            "entrypoint": "sh",
            "args": ["-c", 'echo "$$S"; printf %s "$$S" | base64; echo got $${#S}'],
            "secretEnv": ["S"],
        },
        {"args": ["echo", "$$S"]},
        sh("echo .$S; cat /proc/1/cmdline"),
        config=CONFIG,
        secrets=(f"S=file:{tmp_path / 'secret'}",),
    )
    assert f"Step #0: got {len(CANARY)}\n" in done.out
    assert "Step #0: ***\n" in done.out
    assert "Step #1: $S\n" in done.out
    assert "Step #2: .\n" in done.out
    written = [path for path in tmp_path.rglob("*") if path.is_file() and path.name != "secret"]
    assert any(path.name == "output.log" for path in written)
    for line in CANARY.splitlines():
        assert line not in done.out + done.err
        for path in written:
            assert line.encode() not in path.read_bytes(), path


def test_a_missing_secret_is_refused_before_anything_starts(ran: Builds, tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        ran(sh("true", secretEnv=["S"]), config=CONFIG)
    assert "Step #0 wants the secret S (projects/p/secrets/s/versions/1), which was not given" in str(
        caught.value
    )
    assert "--secret S=env:VARIABLE" in str(caught.value)
    assert not (tmp_path / "record-1.json").exists()


@pytest.mark.parametrize(
    "given",
    ["S", "S=hunter22", "S=env:", "S=env:CTR_CI_TEST_UNSET", "S=file:/nowhere", "S=cmd:exit 3", "=env:X"],
)
def test_a_wrong_secret_option_never_shows_the_value(ran: Builds, given: str) -> None:
    with pytest.raises(InputError) as caught:
        ran(sh("true", secretEnv=["S"]), config=CONFIG, secrets=(given,))
    assert "hunter22" not in str(caught.value)
    assert "--secret" in str(caught.value)


def test_a_secret_may_come_from_a_command(ran: Builds) -> None:
    done = ran(
        {"entrypoint": "sh", "args": ["-c", 'test "$$S" = "a b c d" && echo yes'], "secretEnv": ["S"]},
        config=CONFIG,
        secrets=("S=cmd:echo a b c d",),
    )
    assert done.out == "yes\n"
