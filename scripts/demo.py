"""The main job on examples/quickstart, shown: lint, build and test, publish, pull back; then a failure.

Runs the real commands on a real engine and a real registry, and prints each so that it can be
repeated. KEEP=1 leaves the registry and the images for that; otherwise all that was started ends.
"""

from __future__ import annotations

import base64
import http.client
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from testbed import api, images, registry
from testbed.debian import Missing, command
from testbed.engine import ensure_engine
from testbed.registry import Registry

ROOT = Path(__file__).parents[1]
CTR_CI = Path(sys.executable).with_name("ctr-ci")
PROJECT = "demo"
BUILT = f"gcr.io/{PROJECT}/quickstart-image:latest"
REPOSITORY = "team/quickstart"
COLOUR = sys.stdout.isatty() and not os.environ.get("NO_COLOR")


class Unexpected(RuntimeError):
    """An act did not end as the demo says it does."""


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if os.environ.get("KEEP", "") in ("", "0"):
        return show(keep=None)
    return background()


def show(keep: Callable[[], None] | None) -> int:
    """The whole demo; its exit code. `keep`, if given, is called with everything still running."""
    try:
        with ExitStack() as stack:
            act(stack, keep is not None)
            if keep:
                keep()
    except Missing as error:
        print(f"demo: {error}", file=sys.stderr)
        return 3
    except Unexpected as error:
        print(f"demo: {error}", file=sys.stderr)
        return 70
    except KeyboardInterrupt:
        return 130
    return 0


def background() -> int:
    """Shows the demo in a process of its own, which stays when it was a success and holds the registry."""
    told, tell = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(told)
        os.setsid()

        def stay() -> None:
            sys.stdout.flush()
            nowhere = os.open(os.devnull, os.O_RDWR)
            for stream in (0, 1, 2):
                os.dup2(nowhere, stream)
            os.write(tell, b"\0")
            os.close(tell)
            signal.pause()

        code = show(stay)
        os.write(tell, bytes([code]))
        return code
    os.close(tell)
    try:
        said = os.read(told, 1)
    except KeyboardInterrupt:
        os.kill(child, signal.SIGTERM)
        os.waitpid(child, 0)
        return 130
    return said[0] if said else 70


def act(stack: ExitStack, keep: bool) -> None:
    title("Setting up: an engine, base images (nothing is pulled), a registry that wants a token")
    engine = ensure_engine()
    stack.callback(engine.close)
    print(f"engine     {engine.socket}{' (started for this demo)' if engine.started else ''}")
    stack.enter_context(base_images(engine.socket))
    shop = registry.start("token", user="ci")
    stack.callback(shop.stop)
    print(f"registry   {shop.host}, user ci; its token service is {shop.tokens and shop.tokens.realm}")
    environment = os.environ | {
        "DOCKER_HOST": f"unix://{engine.socket}",
        "REGISTRY_PASSWORD": shop.password,
        "PATH": f"{CTR_CI.parent}{os.pathsep}{os.environ['PATH']}",
    }
    print("\nWhat follows are commands of yours to repeat, from this folder.")

    title("1. Lint: what would ship that only built it?")
    run(environment, "ctr-ci lint examples/build-in-ship-image/Dockerfile", expect=1)
    say("The same program in two stages, and the quickstart, have nothing to complain of:")
    run(
        environment,
        "ctr-ci lint examples/build-in-ship-image/multi-stage.Dockerfile examples/quickstart/Dockerfile",
    )

    title("2. Run: build the image in containers, and let its own test decide")
    run(environment, f"ctr-ci run examples/quickstart --project {PROJECT}")

    title("3. Publish: exactly the image ID that was tested, by a token for this push alone")
    place = f"{shop.host}/{REPOSITORY}"
    publish = f"ctr-ci publish --to {place} --tag v1 --credential env:ci:REGISTRY_PASSWORD"
    run(environment, publish)
    say(f"The token service was asked for this, and nothing else: {' and '.join(asked(shop))}")

    title("4. Pull it back by digest, and run it")
    digest = digest_of(shop, "v1")
    with docker_login(shop, environment) as docker:
        pulled = f"{place}@{digest}"
        stack.callback(api.untag, engine.socket, pulled)
        run(docker, f"docker pull --quiet {pulled}", tool=command("docker"))
        run(docker, f"docker run --rm {pulled}", tool=command("docker"))

    title("5. The same with a test that fails: nothing may be pushed")
    run(
        environment,
        "ctr-ci run examples/quickstart --config examples/quickstart/cloudbuild-fail.yaml"
        f" --project {PROJECT}",
        expect=1,
    )
    scopes = len(shop.scopes_asked)
    run(environment, publish.replace("v1", "v2"), expect=1)
    if shop.scopes_asked[scopes:]:
        raise Unexpected("the refused publish asked the registry for a token")
    say(f"The registry still has the one tag, on the one digest: {', '.join(tags(shop))} at {digest}")
    say("No token was asked for: the refusal came from the evidence, before any network.")
    stack.callback(api.untag, engine.socket, BUILT)
    ending(shop, place, keep, engine.socket)


def ending(shop: Registry, place: str, keep: bool, socket: str) -> None:
    title("What to try next")
    tips = [
        ("the evidence that publish obeys", "ls .ctr-ci/runs/*/record.json"),
        ("why the rule fired, and its repair", "ctr-ci rules build-in-ship-image"),
        ("what would run, without running it", "ctr-ci plan examples/quickstart"),
        ("your own Dockerfiles", "ctr-ci lint PATH"),
        ("your own cloudbuild.yaml", "ctr-ci run PATH"),
        ("this registry left running, to play with", "make demo KEEP=1"),
    ]
    if keep:
        tips = tips[:-1]
    for what, how in tips:
        print(f"  {how:42} {what}")
    print(f"\n(ctr-ci is {CTR_CI.relative_to(ROOT) if CTR_CI.is_relative_to(ROOT) else CTR_CI})")
    if keep:
        print(
            f"\nStill running, until `kill {os.getpid()}`: the registry (and the engine, if it was started)"
        )
        print(f"  export DOCKER_HOST=unix://{socket} REGISTRY_PASSWORD={shop.password}")
        print(f"  ctr-ci publish --to {place} --tag mine --credential env:ci:REGISTRY_PASSWORD")


def title(text: str) -> None:
    line = "─" * 4
    print(f"\n\033[1m{line} {text}\033[0m" if COLOUR else f"\n{line} {text}", flush=True)


def say(text: str) -> None:
    print(textwrap.fill(text, 110), flush=True)


def run(environment: dict[str, str], line: str, expect: int = 0, tool: str | None = None) -> None:
    """Prints a command, runs it, and insists on its exit code. Raises Unexpected."""
    print(f"\033[36m$ {line}\033[0m" if COLOUR else f"$ {line}", flush=True)
    words = shlex.split(line)
    words[0] = tool or str(CTR_CI)
    # One stream, so that a log keeps the order; a terminal has that anyway, and gets the live view.
    both = None if sys.stdout.isatty() else subprocess.STDOUT
    code = subprocess.run(words, env=environment, cwd=ROOT, stdin=subprocess.DEVNULL, stderr=both).returncode
    if code != expect:
        raise Unexpected(f"`{line}` ended with exit code {code}, not {expect}")
    if expect:
        print(f"(exit code {code}, as it should be)", flush=True)


@contextmanager
def base_images(socket: str) -> Iterator[None]:
    """Stand-ins for the base images that the examples name; their names are removed afterwards,
    as far as they were not there before."""
    wanted = (images.ALPINE, *images.ALIASES[images.ALPINE], images.DOCKER_BUILDER)
    before = {name for name in wanted if api.image_id(socket, name)}
    images.ensure_alpine(socket)
    images.ensure_docker_builder(socket)
    new = [name for name in wanted if name not in before]
    print(f"images     {', '.join(new) or 'all there'}{' (stand-ins, made here)' if new else ''}")
    try:
        yield
    finally:
        for name in new:
            api.untag(socket, name)


@contextmanager
def docker_login(shop: Registry, environment: dict[str, str]) -> Iterator[dict[str, str]]:
    """An environment whose docker is logged in to the registry, in a folder that is then removed."""
    folder = Path(tempfile.mkdtemp(prefix="ctr-ci-demo-"))
    try:
        secret = base64.b64encode(f"{shop.user}:{shop.password}".encode()).decode()
        config = folder / "config.json"
        config.touch(0o600)
        config.write_text(json.dumps({"auths": {shop.host: {"auth": secret}}}))
        yield environment | {"DOCKER_CONFIG": str(folder)}
    finally:
        shutil.rmtree(folder)


def asked(shop: Registry) -> list[str]:
    return list(dict.fromkeys(shop.scopes_asked))


def ask(shop: Registry, path: str) -> http.client.HTTPResponse:
    """An answer of the registry to somebody who may look, not push."""
    assert shop.tokens
    token = shop.tokens.sign("demo", [{"type": "repository", "name": REPOSITORY, "actions": ["pull"]}])
    connection = http.client.HTTPConnection(urlsplit(f"//{shop.host}").netloc, timeout=10)
    accept = (
        "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json"
    )
    connection.request("GET", path, headers={"Authorization": f"Bearer {token}", "Accept": accept})
    return connection.getresponse()


def digest_of(shop: Registry, tag: str) -> str:
    found = ask(shop, f"/v2/{REPOSITORY}/manifests/{tag}").headers.get("Docker-Content-Digest")
    if not found:
        raise Unexpected(f"the registry has no {REPOSITORY}:{tag}")
    return found


def tags(shop: Registry) -> list[str]:
    found: list[str] = json.loads(ask(shop, f"/v2/{REPOSITORY}/tags/list").read())["tags"]
    if found != ["v1"]:
        raise Unexpected(f"the registry has the tags {found}")
    return found


if __name__ == "__main__":
    sys.exit(main())
