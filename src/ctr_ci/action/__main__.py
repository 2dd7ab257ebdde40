"""`python -m ctr_ci.action`: what action.yml starts. Environment, files and streams come in here."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from ctr_ci.action.door import act
from ctr_ci.github import command
from ctr_ci.problem import CtrCiError, Exit


def main() -> int:
    environment = dict(os.environ)
    scratch = environment.get("RUNNER_TEMP")
    folder = Path(
        tempfile.mkdtemp(prefix="ctr-ci-", dir=scratch if scratch and Path(scratch).is_dir() else None)
    )
    try:
        return int(act(environment, folder, sys.stdout))
    except CtrCiError as error:
        for problem in error.problems:
            print(command("error", problem.render(), title="ctr-ci"))
        return int(error.exit)
    except KeyboardInterrupt:
        return int(Exit.INTERRUPTED)


if __name__ == "__main__":
    sys.exit(main())
