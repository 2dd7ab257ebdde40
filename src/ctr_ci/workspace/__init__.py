"""A folder, archive or git URL becomes the files that a build sees, and what git says of them.

The user's own tree is only read.
"""

from __future__ import annotations

from ctr_ci.workspace.git import GitFacts, git_facts
from ctr_ci.workspace.ignore import Ignore, ignore_of
from ctr_ci.workspace.prepare import Workspace, prepare
from ctr_ci.workspace.unpack import unpack

__all__ = ["GitFacts", "Ignore", "Workspace", "git_facts", "ignore_of", "prepare", "unpack"]
