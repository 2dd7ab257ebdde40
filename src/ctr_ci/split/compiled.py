"""How compiled programs ship: Go, Rust, C and C++ by what makes the program, Java by its jar, .NET by the
folder that it is published to."""

from __future__ import annotations

import posixpath

from ctr_ci.split import bases
from ctr_ci.split.data import data
from ctr_ci.split.model import Artefact, Found, Recipe, Refusal
from ctr_ci.split.reading import Reading, Start, Step, option


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
    packages = () if bare or reading.runtime else CERTIFIED.get(image.path, ())
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
        if (
            output is not None
            and step.command.name == "go"
            and step.path(output) == posixpath.dirname(program)
        ):
            return program  # a folder that is there
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
CERTIFIED = {"golang": ("ca-certificates", "tzdata"), "rust": ("ca-certificates",)}


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
            return bases.DISTROLESS, (
                "CGO_ENABLED=0 makes a static program: no libc is needed, but there is no tool to call",
            )
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
    target = f"{posixpath.dirname(path)}/" if "*" in path else ""
    # `src` holds what the jar holds; so does that of a module.
    modules = {file.partition("/src/")[0] for file in reading.folder.files if "/src/" in file} | {"src"}
    beside = [
        one for one in data(reading, "Java") if not any(one.path.endswith(f"/{module}") for module in modules)
    ]
    note = (
        ()
        if not any("copy-dependencies" in text for step in reading.steps for text in step.command.values)
        else ("dependencies are copied beside the jar: if its manifest names them, --keep their folder",)
    )
    return Recipe(
        "Java", runtime, (Artefact(path, "the jar that the image starts", target), *beside), notes=note
    )


def dotnet(reading: Reading, start: Start) -> Found:
    """A .NET program: the folder that `dotnet publish` fills."""
    image = reading.image
    if image is None or not image.path.endswith("dotnet/sdk"):
        return None
    folder = ""
    for step in reading.steps:
        if step.command.name == "dotnet" and step.command.values[:1] == ("publish",):
            folder = step.path(option(step.command, "-o", "--output") or "") or folder
    words = [word for word in start.words[1:] if word.endswith(".dll")]
    started = reading.absolute(words[0] if words else start.words[0])
    if not folder or not started.startswith(f"{folder.rstrip('/')}/"):
        return Refusal(
            f"{started} is in no folder that `dotnet publish -o FOLDER` fills",
            help="publish with -o and start the program from there, or name what ships with --keep PATH",
            span=start.span,
        )
    runtime = reading.runtime or image.text.replace("/sdk", "/aspnet")
    return Recipe(".NET", runtime, (Artefact(folder, "what was published"),))
