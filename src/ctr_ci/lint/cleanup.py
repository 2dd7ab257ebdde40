"""Whether a RUN keeps a folder out of its layer: removed after its last use, or on a mount."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from ctr_ci.dockerfile import Run
    from ctr_ci.lint.facts import Facts
    from ctr_ci.shell import Command


def mounted(run: Run, *folders: str) -> bool:
    """Whether a cache or tmpfs mount lies on one of the folders or above it."""
    for mount in run.mounts:
        target = mount.target.rstrip("/")
        if mount.type in ("cache", "tmpfs") and target:
            if "$" in target:
                target = target.rpartition("}")[2] if "}" in target else "/" + target.partition("/")[2]
                if any(folder.endswith(target) for folder in folders):
                    return True
            elif any(folder == target or folder.startswith(f"{target}/") for folder in folders):
                return True
    return False


def removed_after(facts: Facts, run: Run, command: Command, *folders: str) -> bool:
    """Whether a command behind `command` deletes what is in one of the folders."""
    script = facts.script(run)
    later = script.commands if script else ()
    return any(c.start >= command.end and deletes(c, folders) for c in later)


def deletes(command: Command, folders: Iterable[str]) -> bool:
    """Whether a command deletes the content of one of the folders (`rm -rf DIR`, `DIR/*`, `find -delete`)."""
    if command.name in ("rm", "rmdir", "unlink", "shred"):
        recursive = any(
            word.text.startswith("-") and ("r" in word.text.lower()) for word in command.arguments
        )
        return any(
            _covers(word.value if word.value is not None else word.text, folder, recursive)
            for word in command.arguments
            for folder in folders
        )
    if command.name == "find":
        acts = "-delete" in command.values or "-exec" in command.values or "rm" in command.values
        return acts and any(_covers(text, folder, True) for text in command.values for folder in folders)
    return command.name in ("clean-layer.sh", "apt-clean", "cleanup.sh", "clean_up.sh", "docker-clean")


def _covers(path: str, folder: str, recursive: bool) -> bool:
    path = path.replace("//", "/")
    for home in ("~", "$HOME", "${HOME}"):
        if path.startswith(home):
            path = "/root" + path[len(home) :]
    plain = path.rstrip("/")
    if recursive and plain and (plain == folder or folder.startswith(f"{plain}/")):
        return True
    if "{" in plain:
        head, _, rest = plain.partition("{")
        inner, _, tail = rest.partition("}")
        return any(_covers(head + part + tail, folder, recursive) for part in inner.split(","))
    if plain.startswith(f"{folder}/") and plain[len(folder) + 1 :][:1] in ("*", ".", "_", "?"):
        return True
    if "*" in plain:
        from fnmatch import fnmatchcase

        return recursive and fnmatchcase(folder, plain)
    return plain.startswith(f"{folder}/") and recursive and "_" in plain
