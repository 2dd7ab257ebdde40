"""How programs of interpreters ship: Node's bundle and modules, Python's packages, Ruby's gems, on a smaller
image with the same interpreter."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterator

from ctr_ci.split import bases
from ctr_ci.split.data import data
from ctr_ci.split.model import Artefact, Found, Recipe, Refusal
from ctr_ci.split.reading import Reading, Start, Step, option, system


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
    if manager == "yarn" and ".pnp.cjs" in reading.folder.files:
        return Refusal(
            "Yarn keeps the modules of this program in its own archives (.pnp.cjs), not in node_modules",
            help="nodeLinker: node-modules in .yarnrc.yml, and no .pnp.cjs in the context",
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
        artefacts += [
            Artefact(place, "the program's own files")
            for place in _roots(reading)
            if not place.startswith((f"{root}/", "/tmp/")) and place != root
        ]
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
    hidden = _hidden(reading)
    if hidden is not None:
        return hidden
    artefacts += [Artefact(place, "what pip installed there") for place in _told_to_pip(reading)]
    passing = (
        () if any({"-e", "--editable"} & set(step.command.values) for step in reading.steps) else ("/tmp/",)
    )
    artefacts += [
        Artefact(place, "the program's own files")
        for place in _roots(reading)
        if not place.startswith((*passing, *(f"{venv}/" for venv in venvs)))
    ]
    if image.path == "python":
        return Recipe("Python", reading.runtime or bases.slim(image), tuple(artefacts))
    if image.name not in bases.DISTRIBUTIONS:
        return Recipe("Python", reading.runtime, tuple(artefacts))
    if not any(name.startswith("python") for name in reading.packages()[0]):
        return Recipe("Python", image.text, tuple(artefacts), packages=("python3",))
    return Recipe("Python", image.text, tuple(artefacts))


def _told_to_pip(reading: Reading) -> Iterator[str]:
    """The folders that `pip install` is told to install to, beside the usual one."""
    for step in reading.steps:
        if not step.command.name.startswith("pip") or "install" not in step.command.values:
            continue
        for told in (option(step.command, "-t", "--target"), option(step.command, "--prefix")):
            if told and (place := step.path(told)) and not place.startswith("/tmp"):
                yield place
        if "--user" in step.command.values:
            user = (reading.facts.before(step.run).user or "root").partition(":")[0]
            yield "/root/.local" if user in ("root", "0") else f"/home/{user}/.local"


def _hidden(reading: Reading) -> Refusal | None:
    """Poetry and Pipenv make an environment below a name of their own, unless they are told otherwise."""
    told = (
        "POETRY_VIRTUALENVS_CREATE",
        "POETRY_VIRTUALENVS_IN_PROJECT",
        "PIPENV_VENV_IN_PROJECT",
        "VIRTUAL_ENV",
    )
    if any(reading.env.get(name) for name in told):
        return None
    for step in reading.steps:
        name, values = step.command.name, step.command.values
        if name == "poetry" and {"virtualenvs.create", "virtualenvs.in-project"} & set(values):
            return None
        if any(one.name in told for one in step.command.assignments):
            return None
        poetry = name == "poetry" and values[:1] in (("install",), ("sync",))
        pipenv = name == "pipenv" and {"install", "sync"} & set(values[:1]) and "--system" not in values
        if poetry or pipenv:
            setting = "POETRY_VIRTUALENVS_IN_PROJECT" if poetry else "PIPENV_VENV_IN_PROJECT"
            return Refusal(
                f"`{name}` puts its environment into a folder that is not known here",
                help=f"have it in the project: ENV {setting}=1",
                span=step.run.span,
            )
    return None


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


def ruby(reading: Reading, start: Start) -> Found:
    """A Ruby program: the gems that Bundler or gem installed, and its own files."""
    image = reading.image
    tools = {step.command.name for step in reading.steps}
    if image is None or image.path != "ruby" or not tools & {"bundle", "bundler", "gem"}:
        return None
    places = _roots(reading)
    if not places:
        return Refusal(
            "the program's own files are not in a folder that a COPY brings",
            help="copy them to one: WORKDIR /app and COPY . .",
            span=start.span,
        )
    artefacts = [Artefact("/usr/local/bundle", "the gems")]
    artefacts += [Artefact(place, "the program's own files") for place in places]
    return Recipe("Ruby", reading.runtime or bases.slim(image), tuple(artefacts))


def _roots(reading: Reading) -> list[str]:
    """The places that the context is copied to, without those that lie in another one."""
    places: set[str] = set()
    for one, source, target in reading.copied():
        whole = not system(target)
        places |= {target} if whole else {place for _, place in reading.files(one, source, target)}
    return [
        one
        for one in sorted(places)
        if not any(one.startswith(f"{other.rstrip('/')}/") for other in places if other != one)
    ]
