"""Signs that a toolchain is what an image is for: a base image, a development image, a CI tool."""

from __future__ import annotations

from ctr_ci.dockerfile import Cmd, Entrypoint, Label, Onbuild
from ctr_ci.lint.toolchain import names_a_compiler

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from ctr_ci.dockerfile import Instruction, Stage
    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.image import Image
    from ctr_ci.shell import Command

_KINDS = ("app", "base", "dev", "toolchain")
_WORDS = frozenset(["dev", "devcontainer", "development", "ci", "test", "tests", "builder", "sdk", "toolchain",
                    "lint", "docs", "devel", "debug", "buildenv"])  # fmt: skip
_SHELLS = frozenset(["sh", "bash", "zsh", "ash", "dash", "fish", "ksh", "pwsh"])
_INTERPRETERS = frozenset(["python", "python3", "node", "irb", "php", "perl", "ruby", "iex", "erl", "ghci", "scala",
                           "jshell", "julia", "R", "lua", "ipython", "pry", "sbcl", "ocaml", "utop", "deno", "bun",
                           "swift", "clj", "groovysh", "pypy3", "pypy", "kotlin"])  # fmt: skip
# command -> first arguments that mean work on the sources; () any.
_WORKS = {
    "go": ("run", "test", "build", "generate", "vet"),
    "cargo": ("run", "watch", "test", "build", "bench"),
    "mvn": (),
    "mvnw": (),
    "gradle": (),
    "gradlew": (),
    "sbt": (),
    "make": (),
    "lein": (),
    "ng": ("serve", "test"),
    "dotnet": ("run", "watch", "test", "build"),
    "mix": ("phx.server", "test", "run"),
    "stack": ("run", "exec", "test", "ghci"),
    "cabal": ("run", "repl", "test"),
    "swift": ("run", "test", "repl", "build"),
    "zig": ("run", "test", "build"),
    "dart": ("run", "test"),
    "jupyter": (),
    "jupyter-lab": (),
    "jupyter-notebook": (),
    "nodemon": (),
    "air": (),
    "tox": (),
    "pytest": (),
    "nox": (),
    "bazel": (),
    "sleep": ("infinity",),
    "gcc": (),
    "g++": (),
    "cc": (),
    "clang": (),
    "cmake": (),
    "ctest": (),
    "hugo": (),
    "mkdocs": (),
    "jekyll": (),
    "gdb": (),
    "rustc": (),
    "code-server": (),
    "sshd": (),
}
_DEV_SCRIPTS = (
    "dev",
    "develop",
    "start:dev",
    "dev:start",
    "test",
    "watch",
    "serve",
    "lint",
    "storybook",
    "build",
)
_BUILDING_NAMES = ("build", "compile", "generate", "test", "lint", "package", "dev", "watch", "check", "ci")


def said(facts: Facts) -> str:
    """The kind that the file or the settings name: "app", "base", "dev", "toolchain", or ""."""
    for comment in facts.dockerfile.comments:
        if "image-kind" in comment.text and comment.text.lower().startswith("ctr-ci:"):
            kind = comment.text.partition("=")[2].strip().split(" ")[0]
            if kind in _KINDS:
                return kind
    for label in facts.each(Label):
        for pair in label.pairs:
            if pair.key.text.strip("\"'") == "ctr-ci.image-kind" and pair.value is not None:
                kind = pair.value.text.strip("\"'")
                if kind in _KINDS:
                    return kind
    return facts.settings.image_kind


def by_place(facts: Facts) -> bool:
    """Whether the file's name, or the folder it stands in, says that it is for development."""
    parts = facts.source.path.replace("\\", "/").split("/")
    name = parts[-1].lower()
    if set(_tokens(name)) & _WORDS:
        return True
    folder = parts[-2].lower().lstrip(".") if len(parts) > 1 else ""
    return folder in _WORDS


def _tokens(name: str) -> list[str]:
    return name.replace("_", ".").replace("-", ".").split(".")


def is_tool(facts: Facts, stage: Stage, image: Image | None, instructions: Iterable[Instruction]) -> bool:
    """Whether an image is itself a tool: N of the decision."""
    if stage.name and set(_tokens(stage.name)) & _WORDS:
        return True
    if image is not None and _tool_base(image):
        return True
    command: Cmd | None = None
    entry: Entrypoint | None = None
    for instruction in instructions:
        if isinstance(instruction, Onbuild):
            return True
        if isinstance(instruction, Cmd):
            command = instruction
        elif isinstance(instruction, Entrypoint):
            entry = instruction
    if command is None and entry is None:
        return True
    commands = [*_started(facts, entry), *_started(facts, command)] if entry else _started(facts, command)
    if not commands:
        return False
    return any(_works_on_sources(*one) for one in commands) or _only_repl(commands)


def _tool_base(image: Image) -> bool:
    path = image.path
    if "devcontainers/" in path or "vscode" in path.split("/"):
        return True
    if path.startswith(("gitpod/", "cimg/", "circleci/", "catthehacker/")) or image.name == "buildpack-deps":
        return True
    return image.name.startswith("act-")


def _started(facts: Facts, one: Cmd | Entrypoint | None) -> list[tuple[str, tuple[str, ...]]]:
    """Name and arguments of what is started; several for a script of several commands."""
    if one is None:
        return []
    if one.json is not None:
        words = [word.text for word in one.json]
        if len(words) >= 3 and _base(words[0]) in _SHELLS and words[1].startswith("-") and "c" in words[1]:
            words = words[2].split()
        words = words[1:] if words and _base(words[0]) in ("exec", "tini", "dumb-init", "--") else words
        return [(_base(words[0]), tuple(words[1:]))] if words else []
    script = facts.script(one)
    commands: tuple[Command, ...] = script.commands if script else ()
    return [(c.name, c.values) for c in commands if c.name not in ("cd", "exec", "export", "set", "echo")]


def _base(word: str) -> str:
    return word.rpartition("/")[2]


def _works_on_sources(name: str, arguments: tuple[str, ...]) -> bool:
    plain = [text for text in arguments if not text.startswith("-")]
    if name in ("npm", "yarn", "pnpm", "bun", "npx"):
        scripts = plain[1:2] if plain[:1] in (["run"], ["run-script"]) else plain[:1]
        return any(
            script in _DEV_SCRIPTS or script.split(":")[0] in ("dev", "test", "watch") for script in scripts
        )
    if names_a_compiler(name):
        return True
    works = _WORKS.get(name)
    if works is not None:
        return not works or any(text in works for text in plain[:1])
    if name == "tail" and "/dev/null" in plain:
        return True
    if name == "rails" and any("development" in text for text in arguments):
        return True
    if name == "tar":
        return True
    return name.endswith((".sh", ".bash", ".py", ".pl")) and bool(set(_tokens(name)) & set(_BUILDING_NAMES))


def _only_repl(commands: list[tuple[str, tuple[str, ...]]]) -> bool:
    name, arguments = commands[-1]
    if name in _SHELLS:
        return not [text for text in arguments if not text.startswith("-")]
    if name in _INTERPRETERS:
        return not [text for text in arguments if text not in ("-a", "-i", "-l", "--login", "repl")]
    return False
