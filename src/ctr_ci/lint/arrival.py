"""Whether an application comes into an image: sources copied from the context, or fetched by a RUN.

Knows what a source, a manifest and a configuration file look like, not what is built of them.
"""

from __future__ import annotations

from ctr_ci.dockerfile import Add, Copy, Run, Unknown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from ctr_ci.dockerfile import Instruction, Stage, Word
    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.shipping import Made
    from ctr_ci.shell import Command


def arrives(facts: Facts, stages: Iterable[Stage], made: tuple[Made, ...], fetches: bool) -> bool:
    """Whether an application comes into the image: sources of the context, or what a RUN fetched.

    A manifest alone is none, unless something is made of it: its sources are mounted when it runs.
    """
    for stage in stages:
        for instruction in stage.instructions:
            if isinstance(instruction, Copy | Add):
                copied_from = instruction.from_ if isinstance(instruction, Copy) else None
                sources = () if copied_from is not None else instruction.sources
                if any(_is_source(word.text) and (made or not _is_manifest(word.text)) for word in sources):
                    return True
                if (made or fetches) and isinstance(instruction, Add) and _is_archive(sources):
                    return True
            elif isinstance(instruction, Unknown) and instruction.keyword in ("COPY", "ADD"):
                return True
            elif isinstance(instruction, Run):
                script = facts.script(instruction)
                commands = script.commands if script else ()
                if any(one.run is instruction for one in made):
                    if any(mount.type == "bind" for mount in instruction.mounts):
                        return True
                    if any(_is_fetch(command) for command in commands):
                        return True
                elif (fetches or any(one.ships for one in made)) and _unpacks(commands):
                    return True
    return any(
        not one.ships and isinstance(copy, Copy) and copy.from_ is not None
        for one in made
        for stage in facts.shipping
        for copy in stage.instructions
    )


def _is_fetch(command: Command) -> bool:
    values = command.values
    if command.name in ("curl", "wget"):
        return True
    if command.name == "git":
        return "clone" in values or "fetch" in values
    if command.name in ("svn", "hg", "bzr"):
        return bool({"co", "checkout", "clone", "branch", "export"} & set(values))
    if command.name == "go":
        return bool({"install", "get"} & set(values))
    return command.name in ("cargo", "cabal", "stack", "opam") and "install" in values


def brings_sources(instruction: Instruction) -> bool:
    if not isinstance(instruction, Copy | Add) or (isinstance(instruction, Copy) and instruction.from_):
        return False
    texts = [word.text for word in instruction.sources]
    return any(
        text in (".", "./", "*", "/") or text.endswith((".go", ".rs", ".c", ".java", ".cs")) for text in texts
    )


def brings_manifest(instructions: Iterable[Instruction]) -> bool:
    """Whether a list of dependencies is copied: what is installed belongs to sources that come later."""
    return any(
        _is_manifest(word.text)
        for one in instructions
        if isinstance(one, Copy | Add) and not (isinstance(one, Copy) and one.from_)
        for word in one.sources
    )


def _unpacks(commands: tuple[Command, ...]) -> bool:
    """Whether a RUN brings a tree of sources: a clone, or a download that it unpacks."""
    names = {command.name for command in commands}
    if any(c.name == "tar" and {"/usr/local", "/usr/local/"} & set(c.values) for c in commands):
        return False  # a tool is put in its place
    if names & {"curl", "wget"} and names & {"tar", "unzip", "bsdtar"}:
        return True
    if any(
        command.name == "tar" and "x" in (command.values[0] or "") for command in commands if command.values
    ):
        return True  # what an earlier instruction brought
    return any(command.name in ("git", "svn", "hg", "bzr") and _is_fetch(command) for command in commands)


_MANIFESTS = frozenset(
    [
        "package.json",
        "package-lock.json",
        "yarn.lock",
        "pnpm-lock.yaml",
        "go.mod",
        "go.sum",
        "cargo.toml",
        "cargo.lock",
        "pom.xml",
        "build.gradle",
        "build.gradle.kts",
        "requirements.txt",
        "setup.py",
        "pyproject.toml",
        "gemfile",
        "gemfile.lock",
        "composer.json",
        "makefile",
        "cmakelists.txt",
        "mix.exs",
        "stack.yaml",
        "build.sbt",
        "package.swift",
        "project.clj",
    ]
)
_SOURCES = [
    ".go",
    ".c",
    ".cc",
    ".cpp",
    ".h",
    ".hpp",
    ".rs",
    ".java",
    ".kt",
    ".scala",
    ".py",
    ".js",
    ".mjs",
    ".ts",
    ".tsx",
    ".jsx",
    ".rb",
    ".php",
    ".cs",
    ".fs",
    ".csproj",
    ".sln",
    ".hs",
    ".cabal",
    ".swift",
    ".zig",
    ".dart",
    ".cr",
    ".nim",
    ".ml",
    ".ex",
    ".exs",
    ".erl",
    ".pl",
    ".r",
    ".lua",
    ".jar",
    ".war",
]
_CONFIG = [
    ".conf",
    ".cfg",
    ".ini",
    ".cnf",
    ".yml",
    ".yaml",
    ".toml",
    ".json",
    ".xml",
    ".env",
    ".txt",
    ".md",
    ".crt",
    ".pem",
    ".key",
    ".list",
    ".repo",
    ".service",
    ".properties",
    ".patch",
    ".diff",
    ".gz",
    ".tgz",
    ".zip",
    ".xz",
    ".bz2",
    ".deb",
    ".rpm",
    ".apk",
    ".gpg",
    ".asc",
]


def _is_manifest(path: str) -> bool:
    return path.rstrip("/").rpartition("/")[2].lower().rstrip("*") in _MANIFESTS


def _is_archive(sources: tuple[Word, ...]) -> bool:
    return any(
        word.text.endswith((".tar.gz", ".tgz", ".tar.xz", ".tar.bz2", ".tar", ".zip")) for word in sources
    )


def _is_source(path: str) -> bool:
    name = path.rstrip("/").rpartition("/")[2].lower()
    if name in (".", "", "*", "..") or name in _MANIFESTS or path.endswith("/"):
        return True
    if "entrypoint" in name or name.endswith((".sh", *_CONFIG)):
        return False
    if name.endswith(tuple(_SOURCES)):
        return True
    return "." not in name.strip(".*")
