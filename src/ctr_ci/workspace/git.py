"""What git says of a folder, through the git command. Never writes to it."""

from __future__ import annotations

import subprocess
from pathlib import Path

from ctr_ci.value import value

TIMEOUT_S = 60


@value
class GitFacts:
    """Texts are "" and `dirty` is None where git does not know (no repository, no commit, no git).

    `branch` is "" on a detached head; `tag` is a tag of exactly this commit; `repo` is the last
    part of origin's URL, `repo_full_name` its last two; `tree` the digest of the committed tree.
    """

    branch: str = ""
    tag: str = ""
    commit: str = ""
    repo: str = ""
    repo_full_name: str = ""
    tree: str = ""
    dirty: bool | None = None


def git_facts(folder: Path, *, look_for_changes: bool = False) -> GitFacts:
    """The facts of the repository that `folder` lies in. `look_for_changes` also fills `dirty`,
    which costs a walk over the tree. Raises nothing: what git does not tell is left empty."""
    head = ask(folder, "rev-parse", "HEAD", "HEAD^{tree}").split()
    if len(head) != 2:
        return GitFacts()
    repo, full = _names(ask(folder, "config", "--get", "remote.origin.url"))
    dirty = bool(ask(folder, "status", "--porcelain", "--", ".")) if look_for_changes else None
    return GitFacts(
        branch=ask(folder, "symbolic-ref", "--quiet", "--short", "HEAD"),
        tag=ask(folder, "describe", "--tags", "--exact-match", "HEAD"),
        commit=head[0],
        repo=repo,
        repo_full_name=full,
        tree=head[1],
        dirty=dirty,
    )


def ask(folder: Path, *question: str) -> str:
    """The answer of a git command in `folder`, "" where it fails or there is no git."""
    try:
        done = subprocess.run(
            # `status` would otherwise refresh the index of the user's tree
            ["git", "--no-optional-locks", "-C", str(folder), *question],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode("utf-8", "surrogateescape").strip() if done.returncode == 0 else ""


def _names(url: str) -> tuple[str, str]:
    parts = url.removesuffix("/").removesuffix(".git").replace(":", "/").split("/")
    named = [part for part in parts if part]
    return (named[-1], "/".join(named[-2:])) if url else ("", "")
