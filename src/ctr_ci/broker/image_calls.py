"""Calls on images: all may be looked at, only the build's own names given and taken away. Pure."""

from __future__ import annotations

from ctr_ci.broker.body import Json, canonical, dump
from ctr_ci.broker.build import build, claim
from ctr_ci.broker.call import Call, Missing, no_push
from ctr_ci.broker.container import IMAGE
from ctr_ci.broker.http import Malformed
from ctr_ci.broker.name import full, is_image_id
from ctr_ci.broker.rules import BROKER_LABEL
from ctr_ci.broker.verdict import (
    Allow,
    Answer,
    Builds,
    Denial,
    Loads,
    Opens,
    Refuse,
    Tags,
    Verdict,
)
from ctr_ci.engine import BUILD_LABEL, OWNER_LABEL


def listed(call: Call) -> Verdict:
    return Allow("GET", call.target.only("all", "filters", "filter", "digests", "shared-size", "manifests"))


def look(call: Call) -> Verdict:
    path = f"/images/{call.parts['name']}/{call.parts['verb']}"
    return Allow("GET", call.target.only("platform", "manifests").with_path(path))


def save(call: Call) -> Verdict:
    return Allow("GET", call.target.only("names", "platform"))


def tag(call: Call) -> Verdict:
    repository, tag = call.target.get("repo"), call.target.get("tag")
    name = full(f"{repository}:{tag}" if tag else repository)
    claim(name, call.owned)
    seen = call.owned.image(call.parts["name"])
    if seen is None:
        return Refuse(404, f"No such image: {call.parts['name']}")
    # By ID: the name could come to mean another image between this look and the engine's.
    target = call.target.only("repo", "tag").with_path(f"/images/{seen.id}/tag")
    return Allow("POST", target, effect=Tags(seen.id, name))


def untag(call: Call) -> Verdict:
    reference = call.parts["name"]
    seen = call.owned.image(reference)
    if seen is None:
        return Refuse(404, f"No such image: {reference}")
    by_id = is_image_id(reference) or seen.id.removeprefix("sha256:").startswith(reference)
    names = [full(name) for name in seen.names] if by_id else [full(reference)]
    if not all(call.owned.made(name) for name in names) or (by_id and not call.owned.built(seen.id)):
        raise Denial(
            "foreign-image",
            f"{reference} was there before this build",
            "remove only names that this build's steps have given",
        )
    return Allow("DELETE", call.target.only("force", "noprune"))


def pull(call: Call) -> Verdict:
    target = call.target.only("fromImage", "fromSrc", "repo", "tag", "message", "platform", "changes")
    source, image, tag = target.get("fromSrc"), target.get("fromImage"), target.get("tag")
    if image:
        if source:
            raise Malformed(400, "both fromImage and fromSrc")
        separator = "@" if tag.startswith("sha256:") else ":"
        name = full(f"{image}{separator}{tag}" if tag else image)
        known = call.owned.image(name) is not None
        return Allow("POST", target, effect=None if known else Builds((name,), "pull"))
    if source != "-":
        raise Denial(
            "remote-import", "the engine would fetch the archive itself", "fetch it, then import a file"
        )
    repository = target.get("repo")
    names = (full(f"{repository}:{tag}" if tag else repository),) if repository else ()
    for name in names:
        claim(name, call.owned)
    return Allow("POST", target, streams=True, effect=Builds(names, "import"))


def load(call: Call) -> Verdict:
    return Allow("POST", call.target.only("quiet", "platform"), streams=True, effect=Loads())


def push(call: Call) -> Verdict:
    name = call.parts["name"]
    tag = call.target.get("tag")
    shown = f"{name}:{tag}" if tag else name
    if call.owned.scope.push == "refused":
        raise no_push(f"steps may not push {shown}")
    if call.owned.image(shown) is None:
        message = f"An image does not exist locally with the tag: {name}"
        return Answer(200, dump({"errorDetail": {"message": message}, "error": message}) + b"\r\n")
    lines: tuple[Json, ...] = (
        {"status": f"The push refers to repository [{full(name).rpartition(':')[0]}]"},
        {"status": f"held: not pushed ({shown} stays here; `ctr-ci publish` pushes what was tested)"},
    )
    return Answer(200, b"".join(dump(line) + b"\r\n" for line in lines), held=shown)


def commit(call: Call) -> Verdict:
    reference = call.target.get("container")
    own = call.owned.container(reference)
    if own is None:
        raise Missing("container", reference)
    repository, tag = call.target.get("repo"), call.target.get("tag")
    names = (full(f"{repository}:{tag}" if tag else repository),) if repository else ()
    for name in names:
        claim(name, call.owned)
    target = call.target.only("repo", "tag", "comment", "author", "pause", "changes").with_query(
        container=own
    )
    config = {key: item for key, item in canonical(call.body, IMAGE).items() if key in IMAGE}
    # The engine gives an image its container's labels. Ours say whose the container is: not its image's.
    given = config.get("Labels")
    config["Labels"] = {
        **(given if isinstance(given, dict) else {}),
        **dict.fromkeys((*dict(call.owned.scope.labels), BUILD_LABEL, OWNER_LABEL, BROKER_LABEL), ""),
    }
    return Allow("POST", target, config, effect=Builds(names, "commit"))


def session(call: Call) -> Verdict:
    if call.upgrade != "h2c":
        raise Malformed(400, "no upgrade to h2c in the request")
    names = tuple(f"x-docker-expose-session-{word}" for word in ("uuid", "name", "grpc-method"))
    # BuildKit keeps build contexts by this key, and takes a file that has the same name, size and time
    # from there: with a key of another build a step could have that build's files copied.
    key = "x-docker-expose-session-sharedkey"
    shared = ((key, call.header(key) + call.owned.suffix),)
    headers = tuple((name, value) for name, value in call.headers if name in names) + shared
    session = call.header("x-docker-expose-session-uuid")
    if not session:
        raise Malformed(400, "the session has no name")
    return Allow("POST", call.target.only(), upgrade="h2c", headers=headers, effect=Opens(session))


def grpc(call: Call) -> Verdict:
    """All of BuildKit, other builds' caches included: so what is said on it is judged call by call."""
    if call.upgrade != "h2c":
        raise Malformed(400, "no upgrade to h2c in the request")
    return Allow("POST", call.target.only(), upgrade="h2c", filtered=True)


def build_image(call: Call) -> Verdict:
    return build(call.target, call.owned)
