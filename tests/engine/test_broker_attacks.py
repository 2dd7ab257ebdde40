"""Escape and theft as a step would try them, on a real engine: each refused, or without effect."""

from __future__ import annotations

import json
import re
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest

from ctr_ci.broker import Denied
from testbed.broker import Bench, bench, direct


@dataclass(frozen=True)
class Foreign:
    """What another build, or the machine's owner, has in the engine."""

    container: str
    network: str
    volume: str
    execution: str
    image: str


@pytest.fixture(scope="module")
def build(engine_socket: str, docker_builder: str, busybox: str) -> Iterator[Bench]:
    assert busybox
    with bench(engine_socket, docker_builder) as made:
        made.write("app/Dockerfile", "FROM busybox\nRUN true\n")
        yield made


@pytest.fixture(scope="module")
def foreign(engine_socket: str, busybox: str) -> Iterator[Foreign]:
    def run(*words: str) -> str:
        done = direct(engine_socket, *words)
        assert done.code == 0, done.err
        return done.out.strip()

    name = "brk-foreign"
    run("volume", "create", name)
    run("network", "create", name)
    container = run(
        "run", "-d", "--name", name, "-v", f"{name}:/v", "-e", "SECRET=x", busybox, "sleep", "1000"
    )
    run("tag", busybox, f"{name}:1")
    try:
        yield Foreign(container, name, name, _execution(engine_socket, container), f"{name}:1")
    finally:
        for words in (("rm", "-f"), ("volume", "rm"), ("network", "rm")):
            direct(engine_socket, *words, name)
        direct(engine_socket, "rmi", f"{name}:1")


def _execution(engine: str, container: str) -> str:
    body = b'{"Cmd":["env"],"AttachStdout":true}'
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(engine)
        head = f"POST /v1.41/containers/{container}/exec HTTP/1.1\r\nHost: d\r\n"
        head += "Content-Type: application/json\r\n"
        client.sendall(f"{head}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body)
        answer = b""
        while piece := client.recv(4096):
            answer += piece
    return str(json.loads(answer.partition(b"\r\n\r\n")[2])["Id"])


def host(**config: object) -> dict[str, object]:
    return {"Image": "busybox", "Cmd": ["true"], "HostConfig": config}


CREATE = [
    ("privileged", host(Privileged=True)),
    ("privileged", {"image": "busybox", "hostconfig": {"pRIVILEGED": True}}),
    ("privileged", {"Image": "busybox", "Ho\u017ftConfig": {"Privileged": True}}),  # Go folds ſ to s
    ("host-path", host(Binds=["/:/host"])),
    ("host-path", host(Binds=["/etc/shadow:/x:ro"])),
    ("host-path", host(Binds=["/workspace/../etc:/x"])),
    ("host-path", host(Binds=["/workspacex:/x"])),
    ("host-path", host(Binds=["/var/run/../run/docker.sock:/var/run/docker.sock"])),
    ("host-path", host(Binds=["/var/run:/x"])),
    ("host-path", host(Binds=["/var/lib/docker:/x"])),
    ("host-path", host(Binds=["/proc/1/root:/x"])),
    ("host-path", host(Mounts=[{"Type": "bind", "Source": "/", "Target": "/x"}])),
    ("host-path", host(mounts=[{"type": "bind", "source": "/etc", "target": "/x"}])),
    ("mount-option", host(Binds=["/workspace:/x:shared"])),
    (
        "mount-option",
        host(
            Mounts=[
                {
                    "Type": "bind",
                    "Source": "/workspace",
                    "Target": "/x",
                    "BindOptions": {"Propagation": "rshared"},
                }
            ]
        ),
    ),
    (
        "volume-driver",
        host(
            Mounts=[
                {
                    "Type": "volume",
                    "Source": "evil",
                    "Target": "/x",
                    "VolumeOptions": {
                        "DriverConfig": {
                            "Name": "local",
                            "Options": {"type": "none", "o": "bind", "device": "/"},
                        }
                    },
                }
            ]
        ),
    ),
    ("mount-type", host(Mounts=[{"Type": "npipe", "Source": "x", "Target": "/x"}])),
    ("mount-type", host(Mounts=[{"Type": "image", "Source": "busybox", "Target": "/x"}])),
    ("volume-driver", host(VolumeDriver="rexray", Binds=["v:/x"])),
    ("volume-name", host(Binds=["../../etc:/x"])),
    ("host-namespace", host(NetworkMode="host")),
    ("host-namespace", host(PidMode="host")),
    ("host-namespace", host(IpcMode="host")),
    ("host-namespace", host(UTSMode="host")),
    ("host-namespace", host(UsernsMode="host")),
    ("host-namespace", host(CgroupnsMode="host")),
    ("foreign-container", host(NetworkMode="container:brk-foreign")),
    ("foreign-container", host(PidMode="container:brk-foreign")),
    ("foreign-container", host(IpcMode="container:brk-foreign")),
    ("foreign-container", host(VolumesFrom=["brk-foreign"])),
    ("foreign-container", host(Links=["brk-foreign:x"])),
    ("foreign-network", host(NetworkMode="brk-foreign")),
    ("foreign-network", {"Image": "busybox", "NetworkingConfig": {"EndpointsConfig": {"brk-foreign": {}}}}),
    (
        "host-namespace",
        {"Image": "busybox", "NetworkingConfig": {"endpointsconfig": {"host": {}}}},
    ),
    ("capabilities", host(CapAdd=["SYS_ADMIN"])),
    ("capabilities", host(CapAdd=["CAP_SYS_PTRACE"])),
    ("capabilities", host(CapAdd=["ALL"])),
    ("security-opt", host(SecurityOpt=["seccomp=unconfined"])),
    ("security-opt", host(SecurityOpt=["apparmor:unconfined"])),
    ("security-opt", host(SecurityOpt=["no-new-privileges=false"])),
    ("security-opt", host(SecurityOpt=["systempaths=unconfined"])),
    (
        "devices",
        host(Devices=[{"PathOnHost": "/dev/sda", "PathInContainer": "/x", "CgroupPermissions": "rwm"}]),
    ),
    ("devices", host(DeviceRequests=[{"Count": -1, "Capabilities": [["gpu"]]}])),
    ("devices", host(DeviceCgroupRules=["b *:* rwm"])),
    ("cgroup-parent", host(CgroupParent="/")),
    ("runtime", host(Runtime="evil")),
    ("sysctls", host(Sysctls={"kernel.core_pattern": "|/x"})),
    ("masked-paths", host(MaskedPaths=[])),
    ("masked-paths", host(ReadonlyPaths=[])),
    ("log-driver", host(LogConfig={"Type": "syslog", "Config": {"syslog-address": "tcp://x"}})),
    ("oom", host(OomScoreAdj=-1000)),
    ("oom", host(OomKillDisable=True)),
    ("storage-opt", host(StorageOpt={"size": "1T"})),
    ("unknown-field", host(SomethingNew={"x": 1})),
    ("unknown-field", {"Image": "busybox", "Hostconfigs": {"x": 1}}),
]


@pytest.mark.parametrize(("rule", "body"), CREATE, ids=[f"{i}-{rule}" for i, (rule, _) in enumerate(CREATE)])
@pytest.mark.usefixtures("foreign")
def test_no_container_reaches_out_of_the_build(build: Bench, rule: str, body: dict[str, object]) -> None:
    status, answer = build.call("POST", "/v1.41/containers/create?name=evil", body)
    assert status == 403
    assert f"rule {rule}" in answer
    assert "Instead: " in answer
    note = build.notes[-1]
    assert isinstance(note, Denied)
    assert (note.step, note.request) == (0, "POST /containers/create")
    assert direct(build.engine, "ps", "-aq", "--filter", "name=evil").out == ""


IMAGE_EXPORT = '[{"Type":"image","Attrs":{"push":"true"}}]'
MOBY_EXPORT = '[{"type":"moby","attrs":{"push":"true"}}]'

CALLS: list[tuple[int, str, str, str, object]] = [
    (403, "distribution", "GET", "/distribution/busybox/json", None),
    (403, "swarm", "POST", "/swarm/init", {"ListenAddr": "0.0.0.0"}),
    (403, "secrets", "GET", "/secrets", None),
    (403, "configs", "POST", "/configs/create", {"Name": "x"}),
    (403, "services", "POST", "/services/create", {"Name": "x"}),
    (403, "nodes", "GET", "/nodes", None),
    (403, "tasks", "GET", "/tasks", None),
    (403, "plugins", "GET", "/plugins", None),
    (403, "plugins", "POST", "/plugins/pull?remote=evil", []),
    (403, "system", "GET", "/system/df", None),
    (403, "debug", "GET", "/debug/pprof/heap", None),
    (403, "prune", "POST", "/containers/prune", None),
    (403, "prune", "POST", "/images/prune?filters=%7B%22dangling%22%3A%7B%22false%22%3Atrue%7D%7D", None),
    (403, "prune", "POST", "/volumes/prune", None),
    (403, "prune", "POST", "/networks/prune", None),
    (403, "prune", "POST", "/build/prune?all=1", None),
    (403, "images", "GET", "/images/search?term=x", None),
    (403, "containers", "GET", "/containers/brk-foreign/attach/ws?stdout=1", None),
    (403, "containers", "POST", "/containers/brk-foreign/update", {"Memory": 0}),
    (404, "", "POST", "/containers/brk-foreign/exec", {"Cmd": ["env"]}),
    (404, "", "GET", "/containers/brk-foreign/json", None),
    (404, "", "GET", "/containers/brk-foreign/logs?stdout=1", None),
    (404, "", "GET", "/containers/brk-foreign/export", None),
    (404, "", "GET", "/containers/brk-foreign/archive?path=/etc", None),
    (404, "", "PUT", "/containers/brk-foreign/archive?path=/", b"x"),
    (404, "", "GET", "/containers/brk-foreign/top", None),
    (404, "", "POST", "/containers/brk-foreign/attach?stream=1&stdout=1", None),
    (404, "", "POST", "/containers/brk-foreign/kill", None),
    (404, "", "POST", "/containers/brk-foreign/rename?name=mine", None),
    (404, "", "DELETE", "/containers/brk-foreign?force=1", None),
    (404, "", "POST", "/commit?container=brk-foreign&repo=stolen", {}),
    (404, "", "GET", "/volumes/brk-foreign", None),
    (404, "", "DELETE", "/volumes/brk-foreign?force=1", None),
    (404, "", "GET", "/networks/brk-foreign", None),
    (404, "", "DELETE", "/networks/brk-foreign", None),
    (404, "", "POST", "/networks/brk-foreign/disconnect", {"Container": "brk-foreign", "Force": True}),
    (404, "", "POST", "/networks/cloudbuild/connect", {"Container": "brk-foreign"}),
    (403, "build-network", "DELETE", "/networks/cloudbuild", None),
    (403, "foreign-image", "DELETE", "/images/brk-foreign:1?force=1", None),
    (403, "foreign-image", "DELETE", "/images/busybox?force=1", None),
    (403, "foreign-name", "POST", "/images/busybox/tag?repo=gcr.io/cloud-builders/docker", None),
    (
        403,
        "volume-driver",
        "POST",
        "/volumes/create",
        {"DriverOpts": {"type": "none", "o": "bind", "device": "/"}},
    ),
    (
        403,
        "volume-driver",
        "POST",
        "/volumes/create",
        {"driveropts": {"device": "/dev/sda1", "type": "ext4"}},
    ),
    (403, "volume-driver", "POST", "/volumes/create", {"Name": "v", "Driver": "nfs"}),
    (403, "network-driver", "POST", "/networks/create", {"Name": "n", "Driver": "macvlan"}),
    (403, "network-driver", "POST", "/networks/create", {"Name": "n", "Options": {"parent": "eth0"}}),
    (
        403,
        "network-address",
        "POST",
        "/networks/create",
        {"Name": "n", "IPAM": {"Config": [{"Subnet": "169.254.169.0/24"}]}},
    ),
    (403, "unknown-field", "POST", "/networks/create", {"Name": "n", "ConfigFrom": {"Network": "x"}}),
    (403, "host-namespace", "POST", "/build?networkmode=host", b""),
    (403, "foreign-container", "POST", "/build?networkmode=container:brk-foreign", b""),
    (403, "foreign-network", "POST", "/build?networkmode=brk-foreign", b""),
    (403, "security-opt", "POST", "/build?securityopt=%5B%22seccomp%3Dunconfined%22%5D", b""),
    (403, "cgroup-parent", "POST", "/build?cgroupparent=/", b""),
    (403, "remote-context", "POST", "/build?remote=http://169.254.169.254/", b""),
    (403, "remote-context", "POST", "/build?remote=https://github.com/x/y.git", b""),
    (403, "unknown-field", "POST", "/build?entitlements=network.host", b""),
    (403, "foreign-session", "POST", "/build?version=2&session=guessed", b""),
    (403, "exporter", "POST", f"/build?version=2&outputs={quote(IMAGE_EXPORT)}", b""),
    (403, "push", "POST", f"/build?version=2&outputs={quote(MOBY_EXPORT)}", b""),
    (403, "foreign-name", "POST", "/build?t=gcr.io/cloud-builders/docker", b""),
    (403, "remote-import", "POST", "/images/create?fromSrc=http://169.254.169.254/&repo=x", b""),
    (400, "", "POST", "/containers/create?name=a&name=b", {"Image": "busybox"}),
    (400, "", "POST", "/containers/create", b'{"Image":"busybox","Image":"x"}'),
    (400, "", "POST", "/containers/create", b'{"HostConfig":{},"hostconfig":{"Privileged":true}}'),
    (
        400,
        "",
        "POST",
        "/containers/create",
        b'{"Image":"busybox","HostConfig":{"Binds":["/workspace/\\u0000:/x"]}}',
    ),
    (400, "", "POST", "/containers/create", b"[" * 200_000),
    (400, "", "POST", "/containers/create", b"not json"),
    (400, "", "GET", "/v1.41/%zz", None),
    (400, "", "GET", "/v1.41/%252e%252e/containers/json", None),
    (400, "", "GET", "/v1.41/\\..\\info", None),
    (400, "", "POST", "/build?networkmode=bridge&networkmode=host", b""),
    (400, "", "POST", "/build?networkmode=bridge;networkmode=host", b""),
]


@pytest.mark.parametrize(
    ("status", "rule", "method", "target", "body"),
    CALLS,
    ids=[f"{method} {target}"[:60] for _, _, method, target, _ in CALLS],
)
@pytest.mark.usefixtures("foreign")
def test_a_call_beyond_the_build_is_refused(
    build: Bench, status: int, rule: str, method: str, target: str, body: object
) -> None:
    found, answer = build.call(method, target, body)
    assert found == status, answer
    if rule:
        assert f"rule {rule}" in answer


def test_what_is_not_the_builds_is_untouched(build: Bench, foreign: Foreign) -> None:
    seen = direct(
        build.engine, "inspect", "-f", "{{.State.Running}} {{.Name}}", foreign.container
    ).out.strip()
    assert seen == "true /brk-foreign"
    for target in (f"/exec/{foreign.execution}/json", f"/exec/{foreign.execution}/start"):
        method = "GET" if target.endswith("json") else "POST"
        assert build.call(method, target, None if method == "GET" else {})[0] == 404
    for target in ("/containers/json?all=1", "/volumes", "/networks", "/events?since=0&until=1"):
        assert "brk-foreign" not in build.call("GET", target)[1]
    by_id = f'/containers/json?all=1&filters={{"id":["{foreign.container}"]}}'
    assert build.call("GET", by_id.replace('"', "%22"))[1].strip() == "[]"


@pytest.mark.parametrize(
    "target",
    [
        "//v1.41//containers///create",
        "/v1.41/containers/x/../create",
        "/v1.41/%63ontainers/create",
        "/v1.41/containers/%2e%2e/containers/create",
        "/../v1.41/containers/create",
        "/v1.41/../v1.41/containers/create",
        "/containers/create",
        "/v1.24/containers/create",
        "/v1.41/containers%2fcreate",
        "/./containers/./create/.",
    ],
)
def test_no_spelling_of_a_path_slips_through(build: Bench, target: str) -> None:
    status, answer = build.call("POST", target, host(Privileged=True))
    assert (status, "rule privileged" in answer) == (403, True)
    status, answer = build.call("POST", target, host(NetworkMode="none"))
    assert status == 201, answer


ANSWER = re.compile(rb"HTTP/1\.1 \d{3} ")

RAW = [
    (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    (b"GET /_ping HTTP/1.1\r\nHost: d\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc", 400),
    (
        b"GET /_ping HTTP/1.1\r\nHost: d\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        400,
    ),
    (b"POST /build HTTP/1.1\r\nHost: d\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501),
    (b"POST /build HTTP/1.1\r\nHost: d\r\nTransfer-Encoding: xchunked\r\n\r\n", 501),
    (b"GET /_ping HTTP/1.1\r\nHost: d\r\nX: a\r\n b\r\n\r\n", 400),
    (b"GET /_ping HTTP/1.1\r\nHost : d\r\n\r\n", 400),
    (b"GET /_ping HTTP/1.1\r\nHost: d\r\nX: a\x00b\r\n\r\n", 400),
    (b"GET /_ping HTTP/1.1\r\nHost: d\nTransfer-Encoding: chunked\r\n\r\n", 400),
    (b"GET /_ping HTTP/1.0\r\nHost: d\r\n\r\n", 505),
    (b"GET http://x/containers/json HTTP/1.1\r\nHost: d\r\n\r\n", 400),
    (b"GET  /_ping HTTP/1.1\r\nHost: d\r\n\r\n", 400),
    (b"GET /_ping#x HTTP/1.1\r\nHost: d\r\n\r\n", 400),
    (b"GET /_ping HTTP/1.1\r\nHost: d\r\nContent-Length: +3\r\n\r\nabc", 400),
    (b"GET /_ping HTTP/1.1\r\nHost: d\r\nContent-Length: -3\r\n\r\n", 400),
    (b"GET /_ping HTTP/1.1\r\nHost: d\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\n\r\n", 400),
    (b"GET /_ping HTTP/1.1\r\nHost: d\r\nTransfer-Encoding: chunked\r\n\r\n0x3\r\nabc\r\n0\r\n\r\n", 400),
    (b"GET /_ping HTTP/1.1\r\nHost: d\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n", 400),
    (b"GET /_ping HTTP/1.1\r\nHost: d\r\nTransfer-Encoding: chunked\r\n\r\n3\nabc\n0\n\n", 400),
    (b"GET /_ping HTTP/1.1\r\nHost: d\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: y\r\n\r\n", 400),
    (b"GET /_ping HTTP/1.1\r\nHost: d\r\nX: " + b"a" * 70_000 + b"\r\n\r\n", 431),
    (b"GET /_ping HTTP/1.1\r\n" + b"X: y\r\n" * 200 + b"\r\n", 431),
    (b"GET /" + b"a" * 80_000, 431),
    (
        b"POST /containers/create HTTP/1.1\r\nHost: d\r\nContent-Length: 99999999\r\n\r\n" + b" " * 5_000_000,
        413,
    ),
    (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
    (b"garbage\r\n\r\n", 400),
]


@pytest.mark.parametrize(("sent", "status"), RAW, ids=[f"{i}-{status}" for i, (_, status) in enumerate(RAW)])
def test_what_two_readers_could_read_differently_is_dropped(build: Bench, sent: bytes, status: int) -> None:
    received = build.raw(sent + b"GET /containers/json HTTP/1.1\r\nHost: d\r\nConnection: close\r\n\r\n")
    assert received.startswith(f"HTTP/1.1 {status} ".encode()), received[:200]
    assert len(ANSWER.findall(received)) == 1  # what came behind it was never answered


def test_every_request_of_a_connection_is_judged(build: Bench) -> None:
    body = json.dumps(host(Privileged=True)).encode()
    create = b"POST /containers/create HTTP/1.1\r\nHost: d\r\nContent-Length: %d\r\n%s\r\n" + body
    received = build.raw(
        b"GET /_ping HTTP/1.1\r\nHost: d\r\n\r\n"
        + create % (len(body), b"")
        + create % (len(body), b"Connection: close\r\n")
    )
    assert received.count(b"rule privileged") == 2
    assert received.startswith(b"HTTP/1.1 200")


def test_a_request_inside_a_body_stays_a_body(build: Bench) -> None:
    hidden = b"POST /containers/create HTTP/1.1\r\nHost: d\r\nContent-Length: 0\r\n\r\n"
    received = build.raw(
        b"POST /images/load HTTP/1.1\r\nHost: d\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
        + b"%x\r\n%s\r\n0\r\n\r\n" % (len(hidden), hidden)
    )
    assert len(ANSWER.findall(received)) == 1


def test_a_request_split_into_single_bytes_is_read_as_one(build: Bench) -> None:
    with build.connect() as client:
        for byte in b"GET /_ping HTTP/1.1\r\nHost: d\r\nConnection: close\r\n\r\n":
            client.sendall(bytes([byte]))
        assert client.recv(65536).startswith(b"HTTP/1.1 200")


def test_a_body_cut_short_never_looks_whole(build: Bench) -> None:
    with build.connect() as client:
        client.sendall(
            b"POST /build?t=brk-cut HTTP/1.1\r\nHost: d\r\nContent-Length: 10240\r\n\r\n" + b"\0" * 512
        )
        client.shutdown(socket.SHUT_WR)
        client.recv(65536)
    assert direct(build.engine, "images", "-q", "brk-cut").out == ""


def test_a_form_body_cannot_add_parameters(build: Bench) -> None:
    """Go merges a form's fields into the query, before the query's own."""
    body = b"networkmode=host"
    headers = "Content-Type: application/x-www-form-urlencoded\r\n"
    status, answer = build.call("POST", "/build?dockerfile=none", body, headers)
    assert "networkmode" not in answer
    assert status in (400, 500)


def test_credentials_of_a_step_never_reach_the_engine(build: Bench) -> None:
    headers = "X-Registry-Auth: e30=\r\nX-Registry-Config: e30=\r\nX-Forwarded-For: 1\r\n"
    status, _ = build.call("POST", "/images/create?fromImage=r.invalid/x&tag=1", None, headers)
    assert status in (404, 500)


def test_many_half_requests_do_not_stop_the_others(build: Bench) -> None:
    clients = [build.connect() for _ in range(100)]
    try:
        for client in clients:
            client.sendall(b"GET /_ping HTT")
        started = time.monotonic()
        assert build.call("GET", "/_ping") == (200, "OK")
        assert time.monotonic() - started < 2
    finally:
        for client in clients:
            client.close()


def test_bodies_that_trickle_do_not_stop_the_others_and_make_nothing(build: Bench) -> None:
    body = json.dumps(host(NetworkMode="none")).encode()
    head = b"POST /containers/create?name=slow%d HTTP/1.1\r\nHost: d\r\nContent-Length: %d\r\n\r\n"
    clients = [build.connect() for _ in range(100)]
    try:
        for number, client in enumerate(clients):
            client.sendall(head % (number, len(body)))
        for byte in body[:5]:
            for client in clients:
                client.sendall(bytes([byte]))
        started = time.monotonic()
        assert build.call("GET", "/_ping") == (200, "OK")
        assert time.monotonic() - started < 2
        clients[0].sendall(body[5:])
        assert clients[0].recv(65536).startswith(b"HTTP/1.1 201")
    finally:
        for client in clients:
            client.close()
    assert build.sh("docker ps -a --filter name=slow --format '{{.Names}}'").out == "slow0\n"


def test_a_context_that_never_ends_holds_up_nobody_else(build: Bench) -> None:
    with build.connect() as client:
        client.sendall(b"POST /build?t=brk-endless HTTP/1.1\r\nHost: d\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(20):
            client.sendall(b"400\r\n" + b"\0" * 1024 + b"\r\n")
        assert build.sh("docker run --rm --network none busybox echo hello").out == "hello\n"
    assert direct(build.engine, "images", "-q", "brk-endless").out == ""


def test_links_in_the_workspace_lead_nowhere_else(build: Bench) -> None:
    build.write("real/file", "inside\n")
    build.sh("ln -s / root; ln -s /etc etc; ln -s ../../../../etc up; ln -s loop loop")
    build.sh("ln -s real good; ln -s /workspace/real abs")
    for source in ("root", "etc", "up", "root/etc", "loop", "good/../../etc", "etc/passwd"):
        status, answer = build.call("POST", "/containers/create", host(Binds=[f"/workspace/{source}:/x"]))
        assert (status, "rule host-path" in answer) == (403, True), source
    for source in ("good", "abs", "good/file", "good/../real"):
        done = build.sh(f"docker run --rm -v /workspace/{source}:/x busybox sh -c 'cat /x/file || cat /x'")
        assert done.out == "inside\n", done.err


def test_limits_and_privileges_are_set_whatever_a_step_asks(build: Bench) -> None:
    status, answer = build.call("POST", "/containers/create", host(PidsLimit=-1, SecurityOpt=None))
    assert status == 201
    identity = json.loads(answer)["Id"]
    found = json.loads(direct(build.engine, "inspect", identity).out)[0]["HostConfig"]
    assert found["PidsLimit"] == build.scope.pids_limit
    assert found["SecurityOpt"] == ["no-new-privileges"]
    assert not found["Privileged"]


def test_labels_of_ours_cannot_be_forged(build: Bench) -> None:
    body = host() | {"Labels": {"ctr-ci.build": "another", "ctr-ci.owner": "root", "mine": "kept"}}
    status, answer = build.call("POST", "/containers/create", body)
    assert status == 201
    found = json.loads(direct(build.engine, "inspect", json.loads(answer)["Id"]).out)[0]["Config"]["Labels"]
    assert found["ctr-ci.build"] == build.scope.build_id
    assert found["ctr-ci.owner"] == build.scope.owner
    assert found["mine"] == "kept"


def test_a_steps_own_container_and_its_secrets_are_out_of_reach(build: Bench) -> None:
    short = build.container[:12]
    for target in (f"/containers/{short}/json", f"/containers/{build.container}/top"):
        assert build.call("GET", target)[0] == 404
    assert short not in build.sh("docker ps -a").out
    assert build.sh("docker exec $(hostname) env").code != 0


def test_an_archive_cannot_move_a_name_that_builders_have(build: Bench, docker_builder: str) -> None:
    before = direct(build.engine, "inspect", "-f", "{{.Id}}", docker_builder).out
    script = f"""set -e; rm -rf x; mkdir x; docker save busybox | tar x -C x
    sed -i 's#"busybox:latest"#"{docker_builder}:latest"#' x/manifest.json; rm -f x/repositories
    tar c -C x . | docker load"""
    build.sh(script)
    assert direct(build.engine, "inspect", "-f", "{{.Id}}", docker_builder).out == before
    assert not [note for note in build.notes if docker_builder in repr(note) and "Built" in repr(note)]


def test_where_pushes_are_refused_so_is_the_login(engine_socket: str, docker_builder: str) -> None:
    with bench(engine_socket, docker_builder, push="refused") as made:
        for method, target, body in (
            ("POST", "/auth", {"username": "a", "password": "hunter2"}),
            ("POST", "/images/busybox/push?tag=latest", None),
        ):
            status, answer = made.call(method, target, body)
            assert (status, "rule push" in answer) == (403, True)
        assert "hunter2" not in repr(made.notes)


@pytest.mark.parametrize("kind", ["folder", "file"])
def test_a_path_swapped_for_a_link_before_the_start_mounts_what_was_judged(
    build: Bench, kind: str, tmp_path: Path
) -> None:
    """The engine looks at a mount's path when the container starts, long after it was judged."""
    (tmp_path / "stolen").mkdir()
    (tmp_path / "stolen" / "x").write_text("secret of the host\n")
    build.write("swap/x", "of the workspace\n")
    source = "/workspace/swap" if kind == "folder" else "/workspace/swap/x"
    target = "/m" if kind == "folder" else "/m/x"
    flag = f"-v {source}:{target}:ro"
    assert build.sh(f"docker create --name swapped {flag} busybox cat /m/x").code == 0
    shown = build.sh("docker inspect swapped").out
    assert str(build.workspace) not in shown
    assert source in shown
    place = build.workspace / "swap"
    if kind == "folder":
        place.rename(build.workspace / "moved")
        place.symlink_to(tmp_path / "stolen")
    else:
        (place / "x").unlink()
        (place / "x").symlink_to(tmp_path / "stolen" / "x")
    done = build.sh("docker start -a swapped; docker rm -f swapped; rm -rf swap moved")
    assert done.out.startswith("of the workspace\n"), done.err


def test_what_is_held_for_mounts_is_gone_after_the_build(engine_socket: str, docker_builder: str) -> None:
    with bench(engine_socket, docker_builder) as made:
        made.write("sub/x", "")
        assert made.sh("docker run --rm -v /workspace/sub:/m -v /workspace/sub/x:/x busybox true").code == 0
        assert made.sh("docker volume ls -q").out == ""
        filters = ("--filter", f"label=ctr-ci.build={made.scope.build_id}")
        assert direct(engine_socket, "volume", "ls", "-q", *filters).out != ""
    assert direct(engine_socket, "volume", "ls", "-q", *filters).out == ""
