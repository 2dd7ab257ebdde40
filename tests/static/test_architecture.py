"""The house rules that no other tool checks: floors, fronts, exports, where secrets are revealed."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "ctr_ci"
MODULES = sorted(PACKAGE.rglob("*.py"))

# The only modules that may look into a Secret: the logins of registries, step environments and
# masks of logs, and the doors to GitHub. A new one needs a reason in its review.
MAY_REVEAL = {
    "secret.py",
    "gate/structure_trial.py",  # hands a structure test the variables that its file asks for
    "github/client.py",
    "publish/keyless.py",  # shows an identity token to the authority that it is for
    "registry/auth.py",  # makes the header
    "registry/exchange.py",  # trades an identity for a password: forms and signatures are made of it
    "registry/transport.py",  # puts it on the wire
    "runner/secrets.py",
}
# Names that belong to one machine, not to the product.
MACHINE_WORDS = r"/work/(main|shared|\.)|/tmp/boot|/opt/pypi|\.pyenv"


def room(path: Path) -> str:
    """The room of a module: the folder or module right below the package."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(path: Path) -> Iterator[tuple[int, str]]:
    """Line and dotted name of each module that is imported from within the package."""
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.lineno, node.module
        elif isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)


def test_imports_point_down_and_libraries_stay_in_their_rooms() -> None:
    tool = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([tool, "--no-cache"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_room_is_entered_by_its_front(path: Path) -> None:
    own = room(path)
    for line, name in imported(path):
        parts = name.split(".")
        if parts[0] == "ctr_ci" and len(parts) > 2 and parts[1] != own:
            # Three are shelves, not rooms: each verb, each reader of a report, each made page is a front
            # of its own, loaded alone. So are the declarations of commands.
            shelf = parts[1] in ("verbs", "report", "reference") or parts[1:3] == ["cli", "option"]
            assert shelf, f"line {line}: {name} is no front"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_says_what_it_is_for(path: Path) -> None:
    # A rule says it in its declaration: summary and why.
    declared = path.parent == PACKAGE / "lint" / "rules" and "RULE" in path.read_text()
    assert declared or ast.get_docstring(ast.parse(path.read_bytes())) or not path.read_text().strip()


def test_secrets_are_revealed_in_few_places() -> None:
    seen = {
        str(path.relative_to(PACKAGE)) for path in MODULES if re.search(r"\.reveal\(\)", path.read_text())
    }
    assert seen <= MAY_REVEAL


@pytest.mark.parametrize(
    ("library", "floor"), [("os.environ", "environment"), ("time.time()", "clock"), ("sys.stdout", "stream")]
)
def test_environment_clock_and_streams_are_arguments_below_the_verbs(library: str, floor: str) -> None:
    above = {"cli", "action", "hook", "verbs", "__main__"}
    pattern = re.compile(rf"\b{re.escape(library)}")
    seen = [
        f"{path.relative_to(PACKAGE)}: {line.strip()}"
        for path in MODULES
        if room(path) not in above
        for line in path.read_text().splitlines()
        if pattern.search(line.partition("#")[0])
    ]
    assert not seen, f"the {floor} is handed in, not looked up"


def test_the_sources_name_no_machine() -> None:
    seen = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in tracked()
        if path.suffix not in (".lock",) and path != Path(__file__)
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1)
        if re.search(MACHINE_WORDS, line)
    ]
    assert not seen


def tracked() -> list[Path]:
    """The files under version control that exist now."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    return [path for name in listed.decode().split("\0") if name and (path := ROOT / name).is_file()]
