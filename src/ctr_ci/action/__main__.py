"""`python -m ctr_ci.action`: what action.yml starts. Environment, files and streams come in here."""

from __future__ import annotations

import os
import sys
import tempfile
import traceback
from pathlib import Path

from ctr_ci.action.door import act
from ctr_ci.github import command
from ctr_ci.problem import CtrCiError, Exit, Problem


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
    except Exception as error:  # noqa: BLE001  a door: a bug of ours is one error and a saved report
        report = folder / "bug.txt"
        report.write_text("".join(traceback.format_exception(error)), encoding="utf-8", errors="replace")
        told = Problem(
            f"a bug in ctr-ci: {type(error).__name__}", help=f"please report it with the file {report}"
        )
        print(command("error", told.render(), title="ctr-ci"))
        return int(Exit.BUG)


if __name__ == "__main__":
    sys.exit(main())
