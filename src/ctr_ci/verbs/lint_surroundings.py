"""Looks at what stands around a Dockerfile: the files of its build context, .dockerignore, how compose and
bake files build it, and which stages cloudbuild and workflow files name as targets."""

from __future__ import annotations

import os

from ctr_ci.lint import Context
from ctr_ci.value import replace
from ctr_ci.verbs.lint_builds import Builds, text_of

_TARGETING = ("cloudbuild", "skaffold", "makefile", ".gitlab-ci", "jenkinsfile", "tiltfile")


class Surroundings:
    """The surroundings of the files of one run; what is shared is looked at once.

    `build_args` and `contexts` are what the user gives: pairs, and the names of `--build-context`.
    """

    def __init__(
        self,
        target: str = "",
        build_args: tuple[tuple[str, str], ...] = (),
        contexts: frozenset[str] = frozenset(),
    ) -> None:
        self._plain = Context(target, build_args, contexts)
        self._folders: dict[str, Context] = {}
        self._builds = Builds()

    def of(self, path: str) -> Context:
        """The context of the Dockerfile at `path`; one that is not on the disk has none."""
        if path.startswith("<"):
            return self._plain
        folder = os.path.dirname(path)
        found = self._folder(folder)
        builds = self._builds.of(path)
        if builds:
            places = {build.context for build in builds}
            place = places.pop() if len(places) == 1 else ""
            if place and place != os.path.abspath(folder):
                found = replace(self._folder(place), targets=found.targets)
            found = replace(
                found,
                targets=found.targets.union(b.target.lower() for b in builds if b.target and b.keeps),
                side_targets=frozenset(b.target.lower() for b in builds if not b.keeps),
                contexts=found.contexts.union(name for build in builds for name in build.contexts),
                given=frozenset(name for build in builds for name in build.args),
            )
        if os.path.exists(f"{path}.dockerignore"):
            return replace(found, dockerignore=text_of(f"{path}.dockerignore"))
        return found

    def _folder(self, folder: str) -> Context:
        """The context of the Dockerfiles in a folder, which is taken for their build context."""
        known = self._folders.get(folder)
        if known is None:
            known = self._folders[folder] = self._looked(folder)
        return known

    def _looked(self, folder: str) -> Context:
        place = folder or "."
        try:
            entries = frozenset(os.listdir(place))
        except OSError:
            return self._plain
        ignore = text_of(os.path.join(place, ".dockerignore")) if ".dockerignore" in entries else None
        return replace(self._plain, targets=_targets(place, entries), dockerignore=ignore, entries=entries)


def _targets(folder: str, entries: frozenset[str]) -> frozenset[str]:
    """The stages that files of other tools name as targets, found as text."""
    files = [os.path.join(folder, name) for name in entries if name.lower().startswith(_TARGETING)]
    workflows = os.path.join(folder, ".github", "workflows")
    if ".github" in entries and os.path.isdir(workflows):
        files += [
            os.path.join(workflows, name)
            for name in os.listdir(workflows)
            if name.endswith((".yml", ".yaml"))
        ]
    texts = [text for path in files if "target" in (text := text_of(path))]
    if not texts:
        return frozenset()
    import re

    pattern = re.compile(
        r"(?:^|[\s\"'{,-])target[\"']?\s*[:=]\s*[\"']?([A-Za-z][\w.-]*)|--target[=\s\"',]+([A-Za-z][\w.-]*)"
    )
    return frozenset((a or b).lower() for text in texts for a, b in pattern.findall(text))
