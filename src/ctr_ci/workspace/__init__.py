"""A folder, archive or git URL becomes the files that a build sees, and what git says of them.

The user's own tree is only read.
"""

from __future__ import annotations

from ctr_ci.workspace.git import GitFacts, git_facts

__all__ = ["GitFacts", "git_facts"]
