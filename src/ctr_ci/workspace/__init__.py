"""A folder, archive or git URL becomes the files that a build sees, and what git says of them.

The user's own tree is only read.
"""

from __future__ import annotations

from ctr_ci.workspace.git import GitFacts, git_facts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ctr_ci.workspace.archive import unpack
    from ctr_ci.workspace.fill import Workspace, prepare
    from ctr_ci.workspace.ignore import Ignore, ignore_of

__all__ = ["GitFacts", "Ignore", "Workspace", "git_facts", "ignore_of", "prepare", "unpack"]


def __getattr__(name: str) -> object:
    """What copies and unpacks is loaded when asked for: a plan does without."""
    modules = {"Ignore": "ignore", "ignore_of": "ignore", "unpack": "archive"}
    if name not in __all__:
        raise AttributeError(name)
    from importlib import import_module

    found: object = getattr(import_module(f"ctr_ci.workspace.{modules.get(name, 'fill')}"), name)
    return found
