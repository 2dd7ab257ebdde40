"""The JSON form in a process that has not loaded `json`, as a cold `ctr-ci lint` is."""

from __future__ import annotations

import subprocess
import sys


def test_a_bad_escape_means_the_shell_form_although_json_is_not_loaded() -> None:
    program = (
        "import sys; from ctr_ci.dockerfile import parse; from ctr_ci.source import Source; "
        "cold = 'json.decoder' not in sys.modules; "
        "one = parse(Source.decode('Dockerfile', b'FROM a:1\\nCMD [\"a\\\\x\"]\\n')).instructions[-1]; "
        "print(one.json is None, cold)"
    )
    ran = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, text=True, check=False)
    assert (ran.stdout.strip(), ran.stderr) == ("True True", "")
