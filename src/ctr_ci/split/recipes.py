"""How programs of each ecosystem ship: what the build stage leaves that runs, and on which image."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Callable, Iterator

from ctr_ci.split import bases
from ctr_ci.split.model import Artefact, Recipe, Refusal
from ctr_ci.split.reading import Reading, Start, Step, option

Found = Recipe | Refusal | None

SOURCE_ENDS = {
    "Go": (".go", ".mod", ".sum", ".work"),
    "Rust": (".rs", "Cargo.toml", "Cargo.lock"),
    "C/C++": (".c", ".h", ".cc", ".cpp", ".hpp", ".cxx", ".s", ".S", ".in", ".am", ".ac", ".cmake", ".m4"),
    "Java": (".java", ".kt", ".gradle", ".kts", "pom.xml", ".mvn", ".properties", ".jar"),
    "Node": (".ts", ".tsx", ".map"),
}
# What no program reads when it runs.
_NO_DATA = (".md", ".txt.in", ".gitignore", ".dockerignore", ".editorconfig", ".gitattributes", ".gitmodules")
_NO_DATA_NAMES = frozenset(
    [
        *("makefile", "gnumakefile", "cmakelists.txt", "configure", "gradlew", "mvnw", "jenkinsfile"),
        *("dockerfile", "license", "copying", "readme", "authors", "changelog", "contributing"),
        "cloudbuild.yaml",
    ]
)
_NO_DATA_FOLDERS = frozenset(["test", "tests", "docs", "doc", "examples", "vendor", "target", "build"])


def binary(reading: Reading, start: Start) -> Found:
    """A compiled program: Go, Rust, C and C++."""
    image = reading.image
    if image is None:
        return None
    steps = [step for step in reading.steps if _compiler(step) is not None]
    if not steps:
        return None
    ecosystem = _compiler(steps[-1]) or ""
    path = _made(reading, steps, reading.program(start))
    fetched = _fetched(reading)
    if path is not None and fetched is not None and not any(True for _ in reading.copied()):
        return Refusal(
            f"`{fetched.command.name}` fetches what is built: what of it the program needs is not known here",
            help="name what must ship with --keep PATH",
            span=fetched.run.span,
        )
    if path is None:
        return Refusal(
            f"nothing here is seen to make {start.words[0]}, which the image starts",
            help="name what must ship with --keep PATH",
            span=start.span,
        )
    runtime, notes = _compiled_runtime(reading, ecosystem, steps)
    if not runtime:
        return Refusal(
            f"{image.text}: not known which smaller image it matches (its libc decides)",
            help="say it with --runtime IMAGE",
            span=reading.stage.base.image.span,
        )
    target = "" if "/" in start.words[0] else f"/usr/local/bin/{start.words[0]}"
    artefacts = [Artefact(path, "the program that the image starts", target if target != path else "")]
    artefacts += data(reading, ecosystem)
    bare = runtime == "scratch" or "distroless" in runtime
    packages = () if bare or reading.runtime else _CERTIFIED.get(image.path, ())
    return Recipe(ecosystem, runtime, tuple(artefacts), packages=packages, notes=notes)


def _fetched(reading: Reading) -> Step | None:
    """The command that fetches sources: they are not in the context, so nobody has seen them."""
    for step in reading.steps:
        values = [text for text in step.command.values if text]
        if step.command.name in ("git", "svn", "hg") and {"clone", "checkout"} & set(values[:1]):
            return step
        if step.command.name in ("tar", "unzip") and values:
            return step
    return None


def _compiler(step: Step) -> str | None:
    name, values = step.command.name, step.command.values
    if name == "go" and values[:1] in (("build",), ("install",)):
        return "Go"
    if name == "cargo" and {"build", "install"} & set(values[:2]):
        return "Rust"
    if name in ("gcc", "g++", "cc", "c++", "clang", "clang++", "make", "cmake", "ninja"):
        return "C/C++"
    return None


def _made(reading: Reading, steps: list[Step], program: str) -> str | None:
    """The absolute path where the build leaves the program that is started; None when no command is seen
    to make it."""
    name = posixpath.basename(program)
    for step in steps:
        values = step.command.values
        plain = [text for text in values if text and not text.startswith("-")]
        output = option(step.command, "-o", "--output")
        if output is not None:
            out = step.path(output + name if output.endswith("/") else output)
            if out and (out == program or ("/" not in program and posixpath.basename(out) == name)):
                return out
        if step.command.name == "go" and "install" in values[:1]:
            last = posixpath.basename(plain[-1].partition("@")[0].rstrip("/")) if len(plain) > 1 else ""
            if program in (f"/go/bin/{name}", name) and last in (name, ".", "..."):
                return f"/go/bin/{name}"
        plainly = step.command.name == "go" and "build" in values[:1] and output is None
        if plainly and posixpath.dirname(program) == (step.folder or "?"):
            return program
        if step.command.name == "cargo" and "install" in values[:1] and program in (name, _CARGO + name):
            return _CARGO + name
        if step.command.name == "cargo" and "build" in values[:1] and "/target/" in program:
            return program
        if step.command.name in ("make", "ninja", "cmake") and step.folder:
            if program.startswith(f"{step.folder.rstrip('/')}/"):
                return program
            if "install" in values and program in (name, f"/usr/local/bin/{name}"):
                return f"/usr/local/bin/{name}"
    return _moved(reading, program)


_CARGO = "/usr/local/cargo/bin/"
# What programs of these images find there and the smaller ones lack: certificates, time zones.
_CERTIFIED = {"golang": ("ca-certificates", "tzdata"), "rust": ("ca-certificates",)}


def _moved(reading: Reading, program: str) -> str | None:
    """The place that `cp`, `mv` or `install` of some RUN gives the program."""
    name = posixpath.basename(program)
    for step in reading.steps:
        if step.command.name not in ("cp", "mv", "install"):
            continue
        plain = [text for text in step.command.values if text and not text.startswith("-")]
        if len(plain) < 2:
            continue
        target = step.path(plain[-1])
        into = posixpath.join(target, posixpath.basename(plain[0]))
        for place in (target, into):
            if place and (
                place == program
                or (program == name and place in (f"/usr/local/bin/{name}", f"/usr/bin/{name}"))
            ):
                return place
    return None


def _compiled_runtime(reading: Reading, ecosystem: str, steps: list[Step]) -> tuple[str, tuple[str, ...]]:
    image = reading.image
    assert image is not None
    if reading.runtime:
        return reading.runtime, ()
    if image.name in ("golang", "rust", "gcc") and image.official:
        if ecosystem == "Go" and _static(reading, steps) and not _needs_more(reading):
            return bases.DISTROLESS, ("CGO_ENABLED=0 makes a static program: no libc is needed",)
        if (
            image.name == "gcc"
            and any(step.command.name in ("g++", "c++", "make", "cmake") for step in steps)
            and not any("-static" in step.command.values for step in steps)
        ):
            return "", ()  # its libstdc++ is newer than Debian's
        runtime, note = bases.debian(image.name, image.tag.lower())
        return runtime, ((note,) if note else ())
    if image.official and image.name in bases.DISTRIBUTIONS:
        return image.text, ()  # a distribution's own image, which the compiler was added to
    return "", ()


def _static(reading: Reading, steps: list[Step]) -> bool:
    if reading.env.get("CGO_ENABLED") == "0":
        return True
    builds = [step for step in steps if step.command.name == "go"]
    return bool(builds) and all(
        any(one.name == "CGO_ENABLED" and one.value == "0" for one in step.command.assignments)
        for step in builds
    )


def _needs_more(reading: Reading) -> bool:
    """Whether the run time needs what only a distribution's image has: a shell, packages, named users."""
    start = reading.start
    running, _ = reading.packages()
    named = bool(reading.user) and not reading.user.partition(":")[0].isdigit()
    checks = any(one.keyword == "HEALTHCHECK" for one in reading.stage.instructions)
    kept = [name for name in running if name.partition("=")[0] not in ("ca-certificates", "tzdata")]
    return start is None or start.shell or bool(kept) or named or checks


def data(reading: Reading, ecosystem: str) -> Iterator[Artefact]:
    """What the context brings to the image beside sources: a program may read it when it runs. Whole
    entries at the top of what is copied, so that nothing of a folder gets lost."""
    ends = SOURCE_ENDS[ecosystem]
    entries: dict[str, bool] = {}
    for path, place in reading.places():
        root = place[: len(place) - len(path)] if place.endswith(path) else posixpath.dirname(place) + "/"
        top = path.partition("/")[0] if place.endswith(path) else posixpath.basename(place)
        entry = posixpath.join(root, top)
        entries[entry] = entries.get(entry, False) or _is_data(path, ends)
    for entry, is_data in entries.items():
        if is_data and posixpath.basename(entry).lower() not in _NO_DATA_FOLDERS:
            yield Artefact(entry, "no source: the program may read it")


def _is_data(path: str, sources: tuple[str, ...]) -> bool:
    name = posixpath.basename(path).lower()
    if (
        path.startswith(".")
        or name.startswith((".", "dockerfile"))
        or name.partition(".")[0] in _NO_DATA_NAMES
    ):
        return False
    return not path.endswith((*sources, *_NO_DATA))


def jar(reading: Reading, start: Start) -> Found:
    """A Java program that is started with `java -jar`."""
    image = reading.image
    tools = {step.command.name.removesuffix(".sh") for step in reading.steps}
    if image is None or not tools & {"mvn", "mvnw", "gradle", "gradlew", "ant"}:
        return None
    if posixpath.basename(start.words[0]) != "java" or "-jar" not in start.words[:-1]:
        return Refusal(
            "only a program that `java -jar FILE` starts can be followed to its file",
            help="name what must ship with --keep PATH",
            span=start.span,
        )
    path = reading.absolute(start.words[start.words.index("-jar") + 1])
    runtime = reading.runtime or bases.java(image.text)
    if not runtime:
        return Refusal(
            f"{image.text} does not say which Java it holds",
            help="say it with --runtime IMAGE",
            span=reading.stage.base.image.span,
        )
    if "*" in path:
        return Recipe(
            "Java", runtime, (Artefact(path, "the jar that the image starts", f"{posixpath.dirname(path)}/"),)
        )
    return Recipe("Java", runtime, (Artefact(path, "the jar that the image starts"),))


def node(reading: Reading, start: Start) -> Found:
    """A Node program: what it was bundled to, and its production modules."""
    image = reading.image
    if image is None or image.path != "node" or (image.digest and not image.tag):
        return None
    names = {step.command.name for step in reading.steps}
    manager = next((name for name in ("pnpm", "yarn", "npm") if name in names), "")
    if not manager:
        return None
    root = reading.workdir
    if root == "/":
        return Refusal(
            "the program lies in /, beside the system's own files",
            help="give it a folder: WORKDIR /app",
            span=start.span,
        )
    words = _node_words(reading, start)
    if words is None:
        return Refusal(
            f"`{' '.join(start.words)}` does not say which file node runs",
            help="start it with `node FILE`, or give the folder with package.json as the context",
            span=start.span,
        )
    bundles = any(_bundles(step) for step in reading.steps)
    artefacts = [
        Artefact(f"{root}/package.json", "node reads it"),
        Artefact(f"{root}/node_modules", "the modules of production"),
    ]
    output = words[0].partition("/")[0] if "/" in words[0] else ""
    if bundles and words == (".next",):
        artefacts.append(Artefact(f"{root}/.next", "what `next build` made"))
        artefacts += [
            a
            for a in data(reading, "Node")
            if posixpath.basename(a.path) in ("public", "next.config.js", "next.config.mjs")
        ]
    elif bundles and output and not any(path.startswith(f"{output}/") for path in reading.folder.files):
        artefacts.append(Artefact(f"{root}/{output}", "what was bundled"))
        artefacts += [a for a in data(reading, "Node") if not _of_node(a.path)]
    else:
        artefacts = [Artefact(root, "the program and its modules")]
    return Recipe("Node", bases.slim(image), tuple(artefacts), after=_pruned(reading, manager))


def _of_node(path: str) -> bool:
    name = posixpath.basename(path)
    return name in (
        "package.json",
        "package-lock.json",
        "yarn.lock",
        "pnpm-lock.yaml",
        "src",
    ) or name.endswith(
        (".config.js", ".config.mjs", ".config.cjs", ".config.json", "tsconfig.json", "tsconfig.build.json")
    )


def _bundles(step: Step) -> bool:
    name, values = step.command.name, step.command.values
    if name in ("npm", "yarn", "pnpm"):
        return any("build" in text or "compile" in text for text in values)
    return name in ("tsc", "webpack", "vite", "esbuild", "rollup", "next")


def _node_words(reading: Reading, start: Start) -> tuple[str, ...] | None:
    """The file that node runs, relative to the working folder; (".next",) for `next start`."""
    words = [word for word in start.words if word not in ("exec", "tini", "dumb-init", "--")]
    if not words:
        return None
    for _ in range(2):
        name = posixpath.basename(words[0])
        if name in ("npm", "yarn", "pnpm"):
            script = next((word for word in words[1:] if word not in ("run", "run-script")), "start")
            text = reading.folder.text("package.json")
            try:
                scripts = json.loads(text or "{}").get("scripts", {})
            except (ValueError, AttributeError):
                return None
            words = str(scripts.get(script, "")).split()
            while words and "=" in words[0]:
                words = words[1:]
            if not words:
                return None
        elif name == "next":
            return (".next",) if "start" in words[1:] else None
    if posixpath.basename(words[0]) != "node":
        return None
    plain = [word for word in words[1:] if not word.startswith("-")]
    if not plain:
        return None
    path = posixpath.normpath(posixpath.join(reading.workdir, plain[0]))
    inside = f"{reading.workdir.rstrip('/')}/"
    return (path[len(inside) :],) if path.startswith(inside) else None


def _pruned(reading: Reading, manager: str) -> tuple[str, ...]:
    if reading.env.get("NODE_ENV") == "production":
        return ()
    for step in reading.steps:
        if step.command.name == manager and {
            "--production",
            "--omit=dev",
            "--prod",
            "--only=production",
        } & set(step.command.values):
            return ()
    return {
        "npm": ("npm prune --omit=dev",),
        "yarn": ("yarn install --production --ignore-scripts --prefer-offline --frozen-lockfile",),
        "pnpm": ("pnpm prune --prod",),
    }[manager]


def python(reading: Reading, start: Start) -> Found:
    """A Python program: the packages that were installed for it, and its own files."""
    image = reading.image
    venvs = tuple(_environments(reading))
    pip = any(one.manager == "pip" for run in reading.runs for one in reading.facts.operations(run))
    if image is None or not (pip or venvs):
        return None
    known = image.path == "python" or image.name in bases.DISTRIBUTIONS
    if not known and not (venvs and reading.runtime):
        return None
    artefacts = [Artefact(place, "the virtual environment") for place in venvs]
    if not venvs:
        folder = _packages_folder(image.path, image.tag)
        if not folder:
            return Refusal(
                f"{image.text} names no minor version, so the folder of its packages is not known",
                help=f"pin it, for example {image.path}:{'3.12' if image.path == 'python' else '12'}; "
                "that also keeps it from changing under you",
                span=reading.stage.base.image.span,
            )
        artefacts += [
            Artefact(folder, "what pip installed"),
            Artefact("/usr/local/bin", "the commands of what pip installed"),
        ]
    places = {target for _, _, target in reading.copied()}
    roots = [
        one
        for one in sorted(places)
        if not any(one.startswith(f"{other}/") for other in places if other != one)
    ]
    artefacts += [
        Artefact(place, "the program's own files")
        for place in roots
        if place != "/" and not place.startswith(("/tmp/", *(f"{venv}/" for venv in venvs)))
    ]
    if image.path == "python":
        return Recipe("Python", bases.slim(image), tuple(artefacts))
    if image.name not in bases.DISTRIBUTIONS:
        return Recipe("Python", reading.runtime, tuple(artefacts))
    if not any(name.startswith("python") for name in reading.packages()[0]):
        return Recipe("Python", image.text, tuple(artefacts), packages=("python3",))
    return Recipe("Python", image.text, tuple(artefacts))


def _packages_folder(path: str, tag: str) -> str:
    """Where pip puts packages for everybody; "" where that is not known."""
    if path == "python":
        version = tag.split("-")[0].split(".")
        if len(version) < 2 or not all(part.isdigit() for part in version[:2]):
            return ""
        return f"/usr/local/lib/python{version[0]}.{version[1]}/site-packages"
    minor = next((minor for words, minor in bases.PYTHONS if set(words) & set(tag.split("-"))), "")
    return f"/usr/local/lib/python3.{minor}/dist-packages" if minor else ""


def _environments(reading: Reading) -> Iterator[str]:
    """The virtual environments that commands make, outside the places that pass."""
    for step in reading.steps:
        values = [text for text in step.command.values if text]
        if step.command.name.startswith("python") and values[:2] == ["-m", "venv"]:
            plain = [text for text in values[2:] if not text.startswith("-")]
        elif step.command.name == "virtualenv" or (step.command.name == "uv" and values[:1] == ["venv"]):
            plain = [text for text in values if not text.startswith("-") and text != "venv"]
        else:
            continue
        place = step.path(plain[-1]) if plain else ""
        if place and not place.startswith("/tmp"):
            yield place


RECIPES: tuple[Callable[[Reading, Start], Found], ...] = (jar, node, python, binary)
