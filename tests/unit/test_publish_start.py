"""What a push of an unchanged image does not load."""

from __future__ import annotations

import subprocess
import sys

COSTLY = ("ctr_ci.image", "ctr_ci.gate.judging", "ctr_ci.github", "docker", "requests", "cyclonedx", "yaml")


def test_a_push_loads_only_what_it_needs() -> None:
    code = "import sys, ctr_ci.cli.publish, ctr_ci.verbs.publish; print(*sys.modules, sep='\\n')"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "ctr_ci.publish.push" in loaded.split()
    assert [name for name in loaded.split() if name in COSTLY] == []
