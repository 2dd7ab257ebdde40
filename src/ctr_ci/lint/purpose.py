"""Signs that a toolchain is what an image is for: a base image, a development image, a CI tool."""

from __future__ import annotations

from ctr_ci.dockerfile import Cmd, Entrypoint, Env, Label, Onbuild, Run
from ctr_ci.lint.packages import SYSTEM
from ctr_ci.lint.toolchain import names_a_compiler

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from ctr_ci.dockerfile import Instruction, Stage
    from ctr_ci.lint.facts import Facts
    from ctr_ci.lint.image import Image
    from ctr_ci.shell import Command

_KINDS = ("app", "base", "dev", "toolchain")
_WORDS = frozenset(
    [
        "dev",
        "devcontainer",
        "development",
        "ci",
        "test",
        "tests",
        "builder",
        "sdk",
        "toolchain",
        "lint",
        "docs",
        "devel",
        "debug",
        "buildenv",
        "hack",
        "e2e",
        "testdata",
        "tester",
        "apptest",
    ]
)
# Words that say so as a part of a folder's name too.
_FOLDERS = frozenset(["builder", "e2e", "test", "tests"])
# Packages of an image that builds other images.
_BUILDS_IMAGES = frozenset(
    ["docker", "docker-ce", "docker-ce-cli", "docker.io", "docker-cli", "moby-engine", "buildah", "podman"]
)
_SHELLS = frozenset(["sh", "bash", "zsh", "ash", "dash", "fish", "ksh", "pwsh"])
_INTERPRETERS = frozenset(
    [
        "python",
        "python3",
        "node",
        "irb",
        "php",
        "perl",
        "ruby",
        "iex",
        "erl",
        "ghci",
        "scala",
        "jshell",
        "julia",
        "R",
        "lua",
        "ipython",
        "pry",
        "sbcl",
        "ocaml",
        "utop",
        "deno",
        "bun",
        "swift",
        "clj",
        "groovysh",
        "pypy3",
        "pypy",
        "kotlin",
        "fsharpi",
        "fsi",
        "csharp",
    ]
)
# Official images whose CMD is a server.
_SERVERS = frozenset(
    [
        "nginx",
        "httpd",
        "tomcat",
        "jetty",
        "wordpress",
        "drupal",
        "joomla",
        "nextcloud",
        "ghost",
        "postgres",
        "mysql",
        "mariadb",
        "redis",
        "mongo",
        "rabbitmq",
        "haproxy",
        "caddy",
        "elasticsearch",
        "kibana",
        "logstash",
        "memcached",
        "odoo",
        "solr",
        "neo4j",
        "cassandra",
        "influxdb",
        "couchdb",
        "openresty",
        "kong",
        "traefik",
        "percona",
        "phpmyadmin",
        "node-red",
        "node-red-docker",
        "nginx-unprivileged",
        "uwsgi-nginx-flask",
        "uvicorn-gunicorn-fastapi",
        "meinheld-gunicorn-flask",
        "nginx-php-fpm",
        "php-nginx",
        "php-apache",
    ]
)
# Bases that start what is put into them.
_STARTERS = ("jlesage/baseimage", "lsiobase/", "linuxserver/baseimage")
# Images and programs that run other people's builds.
_AGENTS = frozenset(
    ["jnlp-slave", "jenkins-slave", "jenkins-agent", "inbound-agent", "ssh-slave", "gocd-agent"]
)
# Commands that start nothing.
_QUIET = ("cd", "exec", "export", "set", "echo", "source", ".")
_REQUIREMENTS = ("-r", "--requirement")
# Words that start another program.
_WRAPPERS = {
    "exec": 1,
    "tini": 1,
    "dumb-init": 1,
    "--": 1,
    "xvfb-run": 1,
    "bundle exec": 2,
    "poetry run": 2,
    "pipenv run": 2,
    "uv run": 2,
}
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
    "mix": ("phx.server", "phoenix.server", "test", "run", "do"),
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
    "rake": ("test", "spec", "ci", "cucumber"),
    "rspec": (),
    "runtests": (),
    "setup.py": ("develop", "test"),
    "cucumber": (),
    "jest": (),
    "mocha": (),
    "phpunit": (),
    "dind": (),
    "runner": (),
    "runner.sh": (),
    "jenkins-slave": (),
    "jenkins-agent": (),
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
    "flutter": (),
    "jekyll": (),
    "gdb": (),
    "rustc": (),
    "code-server": (),
    "xterm": (),
    "tmux": (),
    "screen": (),
    "vim": (),
    "nvim": (),
    "emacs": (),
    "eclipse": (),
    "qtcreator": (),
    "studio": (),
    "pycharm": (),
    "clion": (),
    "yo": (),
    "agent": ("run",),
    "idea": (),
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
_IDLE = ("-a", "-i", "-l", "--login", "repl", "--version", "-v", "-version", "--help")
_SCRIPTS = (".sh", ".bash", ".py", ".pl")
_BUILDING_NAMES = (
    "build",
    "compile",
    "compiler",
    "generate",
    "test",
    "lint",
    "package",
    "dev",
    "watch",
    "check",
    "ci",
)


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


def meant(facts: Facts) -> str:
    """Whether building is what the file's images are for: "said" by the file or the settings, "likely" by
    its name or what the images start, "" for no sign of it."""
    kind = said(facts)
    if kind:
        return "" if kind == "app" else "said"
    if by_place(facts):
        return "likely"
    for stage in facts.shipping:
        instructions = [one for link in reversed(facts.dockerfile.chain(stage)) for one in link.instructions]
        if is_tool(facts, stage, facts.image(stage), instructions):
            return "likely"
    return ""


def by_place(facts: Facts) -> bool:
    """Whether the file's name, or the folder it stands in, says that it is for development."""
    parts = facts.source.path.replace("\\", "/").split("/")
    name = parts[-1].lower()
    if set(_tokens(name)) & {*_WORDS, "base"}:
        return True
    folders = [folder.lower().lstrip(".") for folder in parts[-3:-1]]
    if folders[-1:] == ["base"]:
        return True
    return any(folder in _WORDS or _FOLDERS & set(_tokens(folder)) for folder in folders)


def _tokens(name: str) -> list[str]:
    return name.replace("_", ".").replace("-", ".").split(".")


def is_tool(facts: Facts, stage: Stage, image: Image | None, instructions: Iterable[Instruction]) -> bool:
    """Whether an image is itself a tool: N of the decision."""
    words = set(_tokens(stage.name)) & _WORDS if stage.name else set()
    if words and (words != {"builder"} or len(facts.dockerfile.stages) > 1):
        return True  # a lone stage is what ships, whatever it was meant to become
    if image is not None and _tool_base(image):
        return True
    command: Cmd | None = None
    entry: Entrypoint | None = None
    for instruction in instructions:
        if isinstance(instruction, Onbuild):
            return True
        if isinstance(instruction, Env) and any(pair.key.text == "PHPIZE_DEPS" for pair in instruction.pairs):
            return True  # a PHP base keeps its compilers, for docker-php-ext-install in what is built on it
        if isinstance(instruction, Cmd):
            command = None if instruction.json == () else instruction
        elif isinstance(instruction, Entrypoint):
            entry = None if instruction.json == () else instruction
    if command is None and entry is None:
        return image is None or not _serves(image)
    commands = [*_started(facts, entry), *_started(facts, command)] if entry else _started(facts, command)
    if _serves_builds(facts, instructions):
        return True
    if not commands:
        return False
    if entry is None and commands[-1][1] and not set(commands[-1][1]) - {"--version", "-version", "-v", "-V"}:
        return True
    if len(commands) == 1 and commands[0][0] == "cp":
        return True  # hands out what it has built
    own = _started(facts, command) or commands
    idle = [one for one in own if one[0] not in ("service", "sleep", "cat")]
    return any(_works_on_sources(*one) for one in commands) or (
        bool(idle) and all(_repl(*one) for one in idle)
    )


def _serves_builds(facts: Facts, instructions: Iterable[Instruction]) -> bool:
    """Whether an image builds images, runs tests or is a desktop: a docker client, test requirements, …"""
    for run in instructions:
        if not isinstance(run, Run):
            continue
        script = facts.script(run)
        for command in script.commands if script else ():
            if command.name == "jupyter" and "labextension" in command.values:
                return True
            if any("/php.ini-development" in word.text for word in command.arguments):
                return True
        for one in facts.operations(run):
            if one.verb != "install":
                continue
            if one.manager in SYSTEM and any(
                (w.value or "").partition("=")[0] in _BUILDS_IMAGES for w in one.packages
            ):
                return True
            if one.manager in SYSTEM and any((w.value or "").endswith("-desktop") for w in one.packages):
                return True
            if one.manager == "pip":
                names = [text.rpartition("/")[2] for name, text in one.settings if name in _REQUIREMENTS]
                if any({"dev", "test", "tests"} & set(_tokens(name)) for name in names):
                    return True
    return False


def _serves(image: Image) -> bool:
    """Whether an image starts a server by itself, so that a file on top of it need not say what starts."""
    if "onbuild" in image.tag:
        return True  # its triggers copy the application, and its CMD starts it
    if image.name == "php":
        return "apache" in image.tag or "fpm" in image.tag
    return image.name in _SERVERS or image.path.startswith(_STARTERS)


def _tool_base(image: Image) -> bool:
    path = image.path
    if "devcontainers/" in path or "vscode" in path.split("/"):
        return True
    if path.startswith(
        ("gitpod/", "cimg/", "circleci/", "catthehacker/", "jupyter/", "jenkins/", "jenkinsci/")
    ):
        return True
    return image.name.startswith("act-") or "builder" in _tokens(image.name) or image.name in _AGENTS


def _started(facts: Facts, one: Cmd | Entrypoint | None) -> list[tuple[str, tuple[str, ...]]]:
    """Name and arguments of what is started; several for a script of several commands."""
    if one is None:
        return []
    if one.json is not None:
        words = [word.text for word in one.json]
        if len(words) >= 3 and _base(words[0]) in _SHELLS and words[1].startswith("-") and "c" in words[1]:
            parts = words[2].replace("&&", ";").replace("||", ";").split(";")
            said = [_unwrapped(part.split()) for part in parts if part.split()]
            return [(_base(one[0]), tuple(one[1:])) for one in said if one and _base(one[0]) not in _QUIET]
        if len(words) == 1:
            words = words[0].split()
        words = _unwrapped(words)
        return [(_base(words[0]), tuple(words[1:]))] if words else []
    script = facts.script(one)
    commands: tuple[Command, ...] = script.commands if script else ()
    said = [_unwrapped([c.name, *c.values]) for c in commands if c.name not in _QUIET]
    return [(_base(words[0]), tuple(words[1:])) for words in said if words]


def programs(facts: Facts, *started: Cmd | Entrypoint | None) -> list[str]:
    """The names of the programs that ENTRYPOINT and CMD start."""
    return [name for one in started for name, _ in _started(facts, one)]


def is_named(program: str) -> bool:
    """Whether a program is one by itself: no interpreter, shell, installer or script."""
    return (
        program not in _SHELLS
        and program not in _INTERPRETERS
        and program
        not in ("npm", "yarn", "pnpm", "npx", "bundle", "pip", "gem", "echo", "sleep", "tail", "cat")
        and "." not in program
    )


def _unwrapped(words: list[str]) -> list[str]:
    """A command without what only starts it: `tini -- app` is `app`."""
    for _ in range(3):
        if not words:
            break
        count = _WRAPPERS.get(_base(words[0])) or _WRAPPERS.get(" ".join(words[:2]), 0)
        if not count:
            break
        words = words[count:]
    if len(words) > 1 and _base(words[0]) in _SHELLS and not words[1].startswith("-"):
        return words[1:]
    return words


def _base(word: str) -> str:
    return word.rpartition("/")[2]


def _works_on_sources(name: str, arguments: tuple[str, ...]) -> bool:
    plain = [text for text in arguments if not text.startswith("-")]
    if name in ("npm", "yarn", "pnpm", "bun", "npx"):
        scripts = plain[1:2] if plain[:1] in (["run"], ["run-script"]) else plain[:1]
        return any(
            script in _DEV_SCRIPTS or script.split(":")[0] in ("dev", "test", "watch") for script in scripts
        )
    if (
        names_a_compiler(name, bare=not plain)
        or "jupyter" in name
        or "notebook" in name
        or name.startswith("jenkins")
    ):
        return True
    if "--dev" in arguments or (name == "ipython" and "notebook" in plain):
        return True
    if name == "git" and "clone" in plain:
        return True
    if name in ("elixir", "iex") and "mix" in plain:
        return True
    if name.startswith("python") and "pytest" in plain[:1]:
        return True
    works = _WORKS.get(name.removesuffix(".sh").removesuffix(".bash").removesuffix(".ash"))
    if works is not None:
        if name.endswith((".sh", ".bash", ".ash")) and not plain:
            return True  # a wrapper of the tool, whose arguments come with `docker run`
        return not works or any(text in works for text in plain[:1])
    if name == "tail" and "/dev/null" in plain:
        return True
    if name == "rails" and any("development" in text for text in arguments):
        return True
    if name == "tar":
        return True
    tokens = set(_tokens(name))
    return "build" in tokens or (name.endswith(_SCRIPTS) and bool(tokens & set(_BUILDING_NAMES)))


def _repl(name: str, arguments: tuple[str, ...]) -> bool:
    if name in _SHELLS:
        return not [text for text in arguments if not text.startswith("-")]
    if name in _INTERPRETERS:
        return not [text for text in arguments if text not in _IDLE]
    return False
