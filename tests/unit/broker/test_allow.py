"""The decision alone: values in, a verdict out, whatever is asked."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ctr_ci.broker import GRANTABLE, Scope
from ctr_ci.broker.allow import decide, streams
from ctr_ci.broker.body import Json
from ctr_ci.broker.call import Call
from ctr_ci.broker.name import words
from ctr_ci.broker.target import parse
from ctr_ci.broker.verdict import (
    Allow,
    Answer,
    Builds,
    Creates,
    Refuse,
    Removes,
    Seen,
    Starts,
    Stops,
    Tags,
    Verdict,
)

ID = "a" * 64
IMAGE = "sha256:" + "b" * 64


@dataclass
class Things:
    """What one build owns, without an engine: container `db`, network `net`, volume `data`."""

    scope: Scope = field(
        default_factory=lambda: Scope("b1", "me", Path("/host/ws"), labels=(("x", "y"),), network="real-net")
    )
    step: int = 3
    suffix: str = ".S"

    def container(self, reference: str) -> str | None:
        return ID if reference in ("db", ID, ID[:12]) else None

    def given_name(self, container_id: str) -> str:
        return "db" if container_id == ID else ""

    def network(self, reference: str) -> str | None:
        return {"net": "net.S", "cloudbuild": "real-net"}.get(reference)

    def volume(self, name: str) -> str | None:
        return "data.S" if name == "data" else None

    def execution(self, execution_id: str) -> bool:
        return execution_id == "e1"

    def session(self, session_id: str) -> bool:
        return session_id == "s1"

    def image(self, reference: str) -> Seen | None:
        return Seen(IMAGE, ("docker.io/library/app:latest",)) if "app" in reference else None

    def made(self, name: str) -> bool:
        return name == "docker.io/library/app:latest"

    def built(self, image_id: str) -> bool:
        return image_id == IMAGE

    def place(self, path: str, create: bool) -> str | None:
        if path == "/held":
            return "held-0.S"
        return f"/host/ws{path.removeprefix('/workspace')}" if path.startswith("/workspace") else None


def ask(method: str, target: str, body: Json = None, upgrade: str = "") -> Verdict:
    return decide(Call(method, parse(target), Things(), body, upgrade))


def allowed(method: str, target: str, body: Json = None, upgrade: str = "") -> Allow:
    verdict = ask(method, target, body, upgrade)
    assert isinstance(verdict, Allow), verdict
    return verdict


@pytest.mark.parametrize(
    ("method", "target", "sent"),
    [
        ("GET", "/v1.41/containers/db/json?size=1&evil=1", f"/v1.41/containers/{ID}/json?size=1"),
        ("GET", "//v1.41//containers/./db/logs?stdout=1", f"/v1.41/containers/{ID}/logs?stdout=1"),
        ("DELETE", "/containers/db?force=1&v=0", f"/containers/{ID}?force=1&v=1"),
        ("GET", "/networks/net", "/networks/net.S"),
        ("GET", "/volumes/data", "/volumes/data.S"),
        ("GET", "/images/r.example:5000/a/b:1/json", "/images/r.example:5000/a/b:1/json"),
        ("POST", "/images/app/tag?repo=x&tag=1", f"/images/{IMAGE}/tag?repo=x&tag=1"),
        ("POST", "/commit?container=db&repo=x", f"/commit?repo=x&container={ID}"),
        ("POST", "/containers/db/rename?name=/new", f"/containers/{ID}/rename?name=new.S"),
        ("GET", "/exec/e1/json", "/exec/e1/json"),
    ],
)
def test_what_passes_is_sent_in_normal_form_with_real_names(method: str, target: str, sent: str) -> None:
    assert str(allowed(method, target).target) == sent


def test_a_created_container_is_written_anew() -> None:
    body: Json = {
        "image": "app",
        "Labels": {"ctr-ci.build": "forged", "mine": "1"},
        "HostConfig": {
            "binds": ["/workspace/a:/a:ro", "data:/d", "new:/n", "/held:/h:ro,cached", "/anonymous"],
            "NetworkMode": "net",
            "Links": ["db:alias"],
            "VolumesFrom": ["db:ro"],
            "PidMode": "container:db",
            "CapAdd": ["CAP_NET_BIND_SERVICE"],
        },
        "NetworkingConfig": {"EndpointsConfig": {"net": {"Aliases": ["other"]}}},
    }
    verdict = allowed("POST", "/containers/create?name=web", body)
    assert verdict.target.get("name") == "web.S"
    assert verdict.effect == Creates("container", "web")
    assert verdict.volumes == ("new",)
    sent = json.loads(json.dumps(verdict.body))
    host = sent["HostConfig"]
    assert sent["Image"] == "app"
    assert sent["Labels"] == {
        "mine": "1",
        "x": "y",
        "ctr-ci.build": "b1",
        "ctr-ci.owner": "me",
        "ctr-ci.broker": "3",
    }
    assert host["Binds"] == [
        "/host/ws/a:/a:ro",
        "data.S:/d",
        "new.S:/n",
        "held-0.S:/h:ro,nocopy",
        "/anonymous",
    ]
    assert (host["NetworkMode"], host["PidMode"]) == ("net.S", f"container:{ID}")
    assert (host["Links"], host["VolumesFrom"]) == ([f"{ID}:alias"], [f"{ID}:ro"])
    assert host["SecurityOpt"] == ["no-new-privileges"]
    assert host["PidsLimit"] == 4096
    assert sent["NetworkingConfig"] == {"EndpointsConfig": {"net.S": {"Aliases": ["other", "web"]}}}


def test_a_limit_may_be_lower_but_not_higher() -> None:
    for asked, set_to in ((10, 10), (0, 4096), (-1, 4096), (99_999, 4096)):
        body: Json = {"Image": "app", "HostConfig": {"PidsLimit": asked}}
        sent = allowed("POST", "/containers/create", body).body
        assert json.loads(json.dumps(sent))["HostConfig"]["PidsLimit"] == set_to


@pytest.mark.parametrize(
    ("method", "target", "effect"),
    [
        (
            "POST",
            "/build?t=app&t=b:2",
            Builds(("docker.io/library/app:latest", "docker.io/library/b:2"), "build"),
        ),
        ("POST", "/build?q=1", Builds((), "quiet")),
        ("POST", "/images/create?fromSrc=-&repo=i", Builds(("docker.io/library/i:latest",), "import")),
        ("POST", "/images/create?fromImage=gcr.io/p/i&tag=2", Builds(("gcr.io/p/i:2",), "pull")),
        ("POST", "/images/create?fromImage=app", None),
        ("POST", "/images/app/tag?repo=x", Tags(IMAGE, "docker.io/library/x:latest")),
        ("POST", "/containers/db/start", Starts(ID)),
        ("POST", "/containers/db/restart", Starts(ID, again=True)),
        ("POST", "/containers/db/kill?signal=TERM", Stops(ID)),
        ("POST", "/containers/db/kill?signal=SIGUSR1", None),
        ("POST", "/containers/db/stop?t=1", Stops(ID)),
        ("DELETE", "/networks/net", Removes("network", "net.S")),
        ("DELETE", "/volumes/data", Removes("volume", "data.S")),
    ],
)
def test_what_a_call_means_is_said_with_it(method: str, target: str, effect: object) -> None:
    assert allowed(method, target).effect == effect


GRANTS: list[tuple[str, dict[str, Json]]] = [
    ("privileged", {"Privileged": True}),
    ("capabilities", {"CapAdd": ["SYS_ADMIN"]}),
    ("security-opt", {"SecurityOpt": ["seccomp=unconfined"]}),
    ("devices", {"Devices": [{"PathOnHost": "/dev/fuse"}]}),
    ("sysctls", {"Sysctls": {"kernel.msgmax": "1"}}),
    ("host-namespace", {"NetworkMode": "host"}),
    ("host-namespace", {"PidMode": "host"}),
    ("host-path", {"Binds": ["/dev/shm:/shm:ro"]}),
    ("runtime", {"Runtime": "kata"}),
    ("masked-paths", {"MaskedPaths": []}),
]


@pytest.mark.parametrize(("rule", "host"), GRANTS, ids=[f"{i}-{rule}" for i, (rule, _) in enumerate(GRANTS)])
def test_a_rule_may_be_granted_to_one_step(rule: str, host: dict[str, Json]) -> None:
    """And only that rule, and only to that step."""
    body: Json = {"Image": "app", "HostConfig": dict(host)}
    scope = Things().scope
    for grants, passes in (
        (((3, rule),), True),
        (((2, rule),), False),
        (tuple((3, other) for other in GRANTABLE if other != rule), False),
    ):
        owned = Things(replace(scope, grants=grants))
        verdict = decide(Call("POST", parse("/containers/create"), owned, body))
        assert isinstance(verdict, Allow if passes else Refuse)
        if isinstance(verdict, Allow):
            sent = json.loads(json.dumps(verdict.body))["HostConfig"]
            assert {key: sent[key] for key in host} == host


def test_what_guards_other_builds_cannot_be_granted() -> None:
    owned = Things(replace(Things().scope, grants=((3, "foreign-container"), (3, "volume-driver"))))
    hosts: tuple[dict[str, Json], ...] = ({"VolumesFrom": ["other"]}, {"VolumeDriver": "evil"})
    for host in hosts:
        body: Json = {"Image": "app", "HostConfig": dict(host)}
        assert isinstance(decide(Call("POST", parse("/containers/create"), owned, body)), Refuse)


def test_lists_are_narrowed_to_the_build() -> None:
    target = allowed("GET", '/containers/json?all=1&filters={"label":["a"],"name":{"^db$":true}}').target
    filters = json.loads(target.get("filters"))
    assert set(filters["label"]) == {"a", "ctr-ci.build=b1", "ctr-ci.broker"}
    assert set(filters["name"]) == {"^db\\.S$"}


def test_connections_that_become_raw_say_under_which_protocol() -> None:
    assert allowed("POST", "/containers/db/attach?stream=1", upgrade="tcp").upgrade == "tcp"
    assert allowed("POST", "/containers/db/attach?stream=1").upgrade == "raw"
    assert allowed("POST", "/containers/db/attach?stream=1", upgrade="h2c").upgrade == "raw"
    assert allowed("POST", "/exec/e1/start", {"Detach": True}, "tcp").upgrade == ""
    assert allowed("POST", "/grpc", upgrade="h2c").filtered


def test_a_build_context_is_kept_under_a_key_of_its_own_build() -> None:
    given = (
        ("x-docker-expose-session-uuid", "u"),
        ("x-docker-expose-session-sharedkey", "k"),
        ("x-evil", "1"),
    )
    for headers, key in ((given, "k.S"), (given[:1], ".S")):
        verdict = decide(Call("POST", parse("/session"), Things(), None, "h2c", headers))
        assert isinstance(verdict, Allow)
        assert dict(verdict.headers) == {
            "x-docker-expose-session-uuid": "u",
            "x-docker-expose-session-sharedkey": key,
        }


def test_a_refusal_is_one_printable_line() -> None:
    verdict = ask(
        "POST", "/containers/create", {"Image": "x", "HostConfig": {"Binds": ["/a\n::error::\x1b[2J:/b"]}}
    )
    assert isinstance(verdict, Refuse)
    assert verdict.message.isprintable()


def test_bodies_that_are_streams_are_known_by_their_path() -> None:
    assert streams("POST", "/build")
    assert streams("PUT", "/containers/x/archive")
    assert not streams("POST", "/containers/create")
    assert not streams("GET", "/build")


def test_a_push_is_answered_here() -> None:
    verdict = ask("POST", "/images/app/push?tag=1")
    assert isinstance(verdict, Answer)
    assert verdict.held == "app:1"
    assert b"held: not pushed" in verdict.body
    unknown = ask("POST", "/images/none/push")
    assert isinstance(unknown, Answer)
    assert (unknown.held, b"does not exist locally" in unknown.body) == ("", True)


@pytest.mark.parametrize(
    "target", ["/containers/other/json", "/networks/other", "/volumes/other", "/exec/ff/json"]
)
def test_what_is_not_the_builds_is_not_there(target: str) -> None:
    verdict = ask("GET", target)
    assert isinstance(verdict, Refuse)
    assert verdict.status == 404
    assert verdict.message.startswith("No such ")


ROUTES = [
    ("POST", "/containers/create?name=x"),
    ("POST", "/containers/db/exec"),
    ("POST", "/containers/db/start"),
    ("POST", "/exec/e1/start"),
    ("POST", "/networks/create"),
    ("POST", "/networks/net/connect"),
    ("POST", "/networks/net/disconnect"),
    ("POST", "/volumes/create"),
    ("POST", "/commit?container=db"),
    ("POST", "/auth"),
]
KEYS = words(
    "Image Cmd Labels HostConfig NetworkingConfig EndpointsConfig Binds Mounts Type Source Target BindOptions"
    " VolumeOptions DriverConfig Privileged privileged CapAdd SecurityOpt Sysctls LogConfig VolumesFrom Links"
    " NetworkMode PidMode IpcMode PidsLimit Memory Name Driver DriverOpts IPAM Config Options Container"
    " EndpointConfig Aliases Detach Tty MaskedPaths net cloudbuild"
)
texts = st.sampled_from(
    ["", "bind", "volume", "host", "net", "db", "container:db", "/workspace/x:/y", "/:/x", "a:b:c"]
)
leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts
bodies = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=6),
    max_leaves=25,
)


@settings(max_examples=400)
@given(st.sampled_from(ROUTES), bodies)
def test_no_body_however_odd_breaks_the_decision_or_gets_more_than_a_plain_container(
    route: tuple[str, str], body: Json
) -> None:
    verdict = ask(*route, body)
    if isinstance(verdict, Refuse):
        assert 400 <= verdict.status < 500
        assert verdict.message
    elif isinstance(verdict, Allow):
        sent = json.loads(json.dumps(verdict.body))
        assert not (isinstance(sent, dict) and sent.get("Privileged"))
        if verdict.effect == Creates("container", "x"):
            plain(sent["HostConfig"])


def plain(host: dict[str, object]) -> None:
    """Nothing of the host in it."""
    assert not host.get("Privileged")
    for mode in ("NetworkMode", "PidMode", "IpcMode", "UTSMode", "UsernsMode", "CgroupnsMode"):
        assert host.get(mode) in (None, "", "net.S", "real-net", "none", "private", f"container:{ID}")
    sources = [str(bind).partition(":")[0] for bind in as_list(host.get("Binds")) if ":" in str(bind)]
    sources += [str(as_dict(mount).get("Source", "")) for mount in as_list(host.get("Mounts"))]
    assert all(source.startswith("/host/ws") or "/" not in source for source in sources)


def as_list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def as_dict(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}


@settings(max_examples=300)
@given(
    st.sampled_from(["GET", "POST", "PUT", "DELETE", "HEAD", "PATCH"]),
    st.lists(
        st.sampled_from(
            words(
                "containers images networks volumes exec build session grpc auth commit events info json"
                " create db net data app e1 start push tag load prune archive v1.41 filters .. %2e%2e swarm"
            )
        ),
        max_size=5,
    ),
    st.dictionaries(
        st.sampled_from(["filters", "t", "name", "repo", "tag", "fromImage", "remote"]),
        st.text(max_size=20),
        max_size=3,
    ),
)
def test_no_path_however_odd_breaks_the_decision(
    method: str, parts: list[str], query: dict[str, str]
) -> None:
    from urllib.parse import urlencode

    ask(method, "/" + "/".join(parts) + ("?" + urlencode(query) if query else ""))
