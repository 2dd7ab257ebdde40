"""Whether and how a file is split: a `Split`, or why there is nothing to do, or why it cannot be done."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator
from dataclasses import replace

from ctr_ci.dockerfile import Cmd, Copy, Entrypoint, Env, Instruction, Label, Onbuild, Stage, parse
from ctr_ci.lint import Context, Facts, check
from ctr_ci.source import Source, Span
from ctr_ci.split import bases
from ctr_ci.split.accompany import company, owned
from ctr_ci.split.compiled import CERTIFIED
from ctr_ci.split.data import data
from ctr_ci.split.model import Artefact, Fine, Folder, Recipe, Refusal, Split, Wish
from ctr_ci.split.reading import Reading, Start, system, unpacks
from ctr_ci.split.recipes import RECIPES
from ctr_ci.split.unseen import unseen
from ctr_ci.split.write import Draft, installs, write

FLAGSHIP = frozenset(["build-in-ship-image", "missing-multi-stage", "sdk-base-ships"])
SERVICES = frozenset(["supervisord", "s6-svscan", "runit", "systemd", "/init", "init", "circusd", "honcho"])
KEEP = "name what must ship with --keep PATH"


def split(facts: Facts, folder: Folder, wish: Wish) -> Split | Fine | Refusal:
    """Rewrites a file whose one stage builds and ships. `facts` of a file without problems."""
    stages = facts.dockerfile.stages
    if len(stages) != 1:
        return _staged(facts)
    stage = stages[0]
    if not (wish.keep or wish.runtime) and not _flagged(facts.source, facts):
        return Fine("no toolchain is seen to ship in this image, so there is nothing to split off")
    refused = _unfit(facts, stage)
    if refused is not None:
        return refused
    reading = Reading(facts, folder, wish.runtime)
    start = reading.start
    if start is None:
        return _without_start(facts, stage)
    mixed = next(
        (
            _mixed(one, target)
            for one, source, target in reading.copied()
            if unpacks(one, source) and system(target)
        ),
        None,
    )
    if mixed is not None:
        return mixed
    recipe = _recipe(reading, start, wish)
    if isinstance(recipe, Refusal):
        return recipe
    made = _made(reading, recipe, wish)
    return made if isinstance(made, Refusal) else _checked(facts, made)


def _mixed(one: Instruction, target: str) -> Refusal:
    return Refusal(
        f"ADD unpacks an archive into {target}, beside the system's files: what is needed is not known",
        "unpack it into a folder of its own",
        one.span,
    )


def _staged(facts: Facts) -> Fine | Refusal:
    found = [
        one for one in check(facts.dockerfile, facts.settings, facts.context) if one.rule.name in FLAGSHIP
    ]
    if not found:
        return Fine(f"it has {len(facts.dockerfile.stages)} stages, and no toolchain is seen to ship")
    return Refusal(
        f"it has {len(facts.dockerfile.stages)} stages already, and the last one ships a toolchain",
        "only a file of one stage is rewritten; " + (found[0].help or "ship on a smaller image"),
        found[0].span,
    )


def _unfit(facts: Facts, stage: Stage) -> Refusal | None:
    """What no recipe can do soundly."""
    for one in stage.instructions:
        if isinstance(one, Onbuild):
            return Refusal("ONBUILD makes this a base for other builds", "", one.span)
        if isinstance(one, Cmd | Entrypoint):
            words = [word.text for word in one.json] if one.json is not None else []
            script = facts.script(one)
            words += [command.name for command in (script.commands if script else ())]
            service = next((w for w in words if posixpath.basename(w) in SERVICES or w in SERVICES), None)
            if service is not None:
                return Refusal(
                    f"{service} starts several programs, and which they are is not said here",
                    "split it by hand, or start one program an image",
                    one.span,
                )
    image = facts.image(stage)
    if image is None:
        return Refusal(
            f"{stage.base.image.text}: not known which image that is",
            "give its ARG a default",
            stage.base.image.span,
        )
    if "windows" in image.text.lower() or "servercore" in image.text or "nanoserver" in image.text:
        return Refusal("Windows images are not split", "", stage.base.image.span)
    if "cuda" in image.text:
        return Refusal(
            "what a program needs of CUDA cannot be read from the file",
            "ship on the -runtime image of the same tag, by hand",
            stage.base.image.span,
        )
    return None


def _without_start(facts: Facts, stage: Stage) -> Refusal:
    told = [one for one in stage.instructions if isinstance(one, Cmd | Entrypoint)]
    if told:
        return Refusal(
            "more than one program is started, so it is not known what they need",
            "start one (a script that is copied in may do the rest)",
            told[-1].span,
        )
    return Refusal(
        "no CMD and no ENTRYPOINT: a base image, or it starts what its base does",
        'say in the file what it starts, for example CMD ["/app"]',
        stage.base.span,
    )


def _flagged(source: Source, facts: Facts) -> bool:
    context = Context(dockerignore=facts.context.dockerignore, entries=facts.context.entries)
    findings = check(parse(source), facts.settings, context)
    return any(one.rule.name in FLAGSHIP for one in findings)


def _recipe(reading: Reading, start: Start, wish: Wish) -> Recipe | Refusal:
    told = tuple(Artefact(path, "--keep") for path in wish.keep)
    for recipe in RECIPES:
        found = recipe(reading, start)
        if isinstance(found, Refusal):
            if not told:
                return found
            way = f"{found.help}, and the image to ship on with --runtime IMAGE"
            return _told(reading, told, wish) or Refusal(found.reason, way, found.span)
        if found is not None:
            return found
    return _told(reading, told, wish) or Refusal(
        "it is not known what this build leaves to ship",
        f"{KEEP}, and the image to ship on with --runtime IMAGE",
        start.span,
    )


def _told(reading: Reading, told: tuple[Artefact, ...], wish: Wish) -> Recipe | None:
    """What the user says by itself: paths, beside what the context brings, on the image that is said or
    that belongs to the old one."""
    image = reading.image
    assert image is not None
    runtime = wish.runtime
    if not runtime and image.official and image.name in bases.DISTRIBUTIONS:
        runtime = image.text
    elif not runtime and image.official and image.name in ("golang", "rust"):
        runtime = bases.debian(image.name, image.tag.lower())[0]
    elif not runtime and image.path in ("node", "python", "ruby"):
        runtime = bases.slim(image)
    if not told or not runtime:
        return None
    packages = () if wish.runtime else CERTIFIED.get(image.path, ())
    return Recipe("", runtime, (*told, *data(reading, "")), packages=packages)


def _made(reading: Reading, recipe: Recipe, wish: Wish) -> Split | Refusal:
    runtime = wish.runtime or recipe.runtime
    image = reading.image
    artefacts = {one.path: one for one in recipe.artefacts}
    artefacts.update((path, Artefact(path, "--keep")) for path in wish.keep if path not in artefacts)
    around = company(reading, tuple(artefacts.values()))
    artefacts.update((one.path, one) for one in around.files if one.path not in artefacts)
    shipped = tuple(owned(reading, one) for one in _outermost(artefacts.values()))
    missing = _uncovered(reading, shipped)
    if missing:
        return Refusal(
            f"{missing}, which the image starts, is in nothing that is known to ship",
            "name it, or the folder that it lies in, with --keep PATH",
            reading.start.span if reading.start else None,
        )
    strange = next(
        (one.path for one in shipped if not one.path.isprintable() or set(one.path) & _STRANGE), None
    )
    if strange is not None:
        return Refusal(
            f"COPY would read {strange!r} otherwise than it is called",
            "rename it, or leave it out in .dockerignore",
            reading.start.span if reading.start else None,
        )
    packages, notes = _packages(reading, recipe, wish, runtime)
    if runtime == bases.DISTROLESS:
        packages = tuple(one for one in packages if one.partition("=")[0] not in bases.IN_DISTROLESS)
    foreign = _repository(reading) if packages else None
    if foreign is not None:
        return Refusal(
            f"packages ({', '.join(packages)}) may come from a repository that is added here",
            "ship on an image that has them: --runtime IMAGE",
            foreign,
        )
    manager = _manager(runtime, reading)
    bare = runtime == "scratch" or "distroless" in runtime
    named = reading.user and not reading.user.replace(":", "").isdigit() and reading.user != "nonroot"
    start = reading.start
    needs = ""
    if packages:
        needs = f"packages {', '.join(packages)}"
    elif around.prepares or around.finishes:
        needs = "accounts, folders or a linker's cache"
    elif named:
        needs = f"the account {reading.user}"
    elif start and start.shell:
        needs = "a shell for its command"
    if bare and needs:
        larger = bases.debian(image.name, image.tag.lower())[0] if image and not wish.runtime else ""
        if image and larger:
            known = CERTIFIED.get(image.path, ())
            return _made(reading, replace(recipe, runtime=larger, packages=known, notes=()), wish)
        return Refusal(
            f"{runtime} has no shell and no accounts, and this image needs {needs}",
            "give another one with --runtime IMAGE",
            reading.stage.base.image.span,
        )
    if packages and not manager:
        return Refusal(
            f"not known how {runtime} installs packages ({', '.join(packages)})",
            "--runtime IMAGE: one that has them, or a Debian, Ubuntu, Alpine or Fedora image",
            reading.stage.base.image.span,
        )
    source = reading.facts.source
    line = installs(manager, packages, reading.facts.dockerfile.escape, source.newline) if packages else ""
    written = reading.stage.base.image.text if runtime == getattr(reading.image, "text", "") else runtime
    text = write(reading, Draft(written, line, around.prepares, shipped, around.finishes, recipe.after))
    notes += tuple(
        f"line {step.run.span.start.line}: `{step.command.name}` works in a folder that is not known here"
        for step in around.unsure[:1]
    )
    notes += tuple(unseen(reading, shipped, packages, runtime))
    return Split(
        text,
        recipe.ecosystem,
        runtime,
        shipped,
        packages,
        (*recipe.notes, *notes),
        frozenset(_names(reading.stage, Env)),
        frozenset(_names(reading.stage, Label)),
        bool(recipe.after),
    )


_STRANGE = frozenset("\"'$\\`[]")


def _names(stage: Stage, kind: type[Env] | type[Label]) -> Iterator[str]:
    """The names that a stage's ENVs or LABELs set."""
    for one in stage.instructions:
        if isinstance(one, kind):
            yield from (pair.key.text.strip("\"'") for pair in one.pairs)


def _outermost(artefacts: Iterable[Artefact]) -> Iterator[Artefact]:
    """Without those that lie in another one."""
    found = tuple(artefacts)
    for one in found:
        if not any(one is not other and one.place.startswith(f"{other.path}/") for other in found):
            yield one


def _uncovered(reading: Reading, shipped: tuple[Artefact, ...]) -> str:
    """The program that is started, or the script that an interpreter is given, where neither is below
    what ships nor the new image's own; "" for none."""
    start = reading.start
    if start is None:
        return ""
    places = [one.place.rstrip("/") for one in shipped] + [one.path for one in shipped]
    words = [start.words[0]]
    if posixpath.basename(start.words[0]).rstrip("0123456789.") in INTERPRETERS:
        words += [word for word in start.words[1:] if word.endswith(SCRIPTS)][:1]
    for word in words:
        if "/" not in word and not word.endswith(SCRIPTS):
            continue
        path = reading.absolute(word)
        here = any(path == place or path.startswith(f"{place}/") for place in places)
        copied = any(_reaches(reading, one, path) for one in reading.external())
        own = path.startswith(("/bin/", "/usr/bin/", "/sbin/", "/usr/sbin/", "/lib/"))
        if not (here or copied or own or "$" in path or "*" in path):
            return path
    return ""


def _reaches(reading: Reading, one: Copy, path: str) -> bool:
    folder = reading.at(one)
    target = posixpath.normpath(posixpath.join(folder, one.destination.text))
    return path == target or path.startswith(f"{target.rstrip('/')}/")


def _repository(reading: Reading) -> Span | None:
    """Where a RUN adds a repository of packages."""
    for step in reading.steps:
        written = [one.target.value or "" for one in step.command.redirections]
        told = (*step.command.values, *written)
        adds = step.command.name in ("apt-key", "add-apt-repository", "yum-config-manager")
        if adds or any(text.startswith(("/etc/apt/sources", "/etc/yum.repos")) for text in told):
            return step.run.span
    return None


INTERPRETERS = frozenset(["python", "node", "sh", "bash", "ruby", "perl", "php"])
SCRIPTS = (".py", ".js", ".mjs", ".cjs", ".sh", ".rb", ".pl", ".php")


def _packages(
    reading: Reading, recipe: Recipe, wish: Wish, runtime: str
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Packages of the distribution for the stage that ships, and what is not known of them."""
    running, headers = reading.packages()
    found = [*running]
    notes = []
    for package in headers:
        library = bases.library(reading.manager, package, runtime)
        if library is None:
            notes.append(f"the run-time package of {package} is not known: if it is needed, --package NAME")
        elif library:
            found.append(library)
    known = {one.partition("=")[0] for one in found}
    found += [one for one in recipe.packages if one not in known]
    if not any(word in runtime for word in ("distroless", "alpine")) and runtime != "scratch":
        found += [_TOOLS[tool] for tool in reading.tools() if tool in _TOOLS]
    return tuple(dict.fromkeys((*found, *wish.packages))), tuple(notes)


# Programs that full images have and slim ones lack -> their Debian package.
_TOOLS = {
    "curl": "curl",
    "wget": "wget",
    "nc": "netcat-openbsd",
    "git": "git",
    "openssl": "openssl",
    "pg_isready": "postgresql-client",
    "psql": "postgresql-client",
    "envsubst": "gettext-base",
    "ps": "procps",
    "pgrep": "procps",
    "gosu": "gosu",
    "tini": "tini",
}


def _manager(runtime: str, reading: Reading) -> str:
    name = runtime.partition(":")[0].rpartition("/")[2]
    if "alpine" in runtime:
        return "apk"
    if name in ("fedora", "rockylinux", "almalinux", "centos", "amazonlinux", "oraclelinux"):
        return "dnf"
    if name in ("debian", "ubuntu", "eclipse-temurin") or "slim" in runtime or name in bases.DEBIAN_BASED:
        return "apt"
    same = reading.image is not None and runtime == reading.image.text
    return reading.manager if same else ""


def _checked(facts: Facts, made: Split) -> Split | Refusal:
    """The split, if what was written is what was meant: it parses, and ships no toolchain."""
    after = Source(facts.source.path, made.text, facts.source.bom)
    dockerfile = parse(after)
    worse = next(iter(dockerfile.problems), None)
    if worse is not None:
        return Refusal(
            f"the new text would not parse: {worse.found}", KEEP, facts.dockerfile.stages[0].base.span
        )
    left = [one for one in check(dockerfile, facts.settings, Context()) if one.rule.name in FLAGSHIP]
    if left:
        return Refusal(
            f"on {made.runtime} a toolchain would still ship: {left[0].message}",
            "give a smaller image with --runtime IMAGE",
            facts.dockerfile.stages[0].base.image.span,
        )
    return made
