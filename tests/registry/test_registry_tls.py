"""TLS, authorities of one's own, client certificates and proxies."""

from __future__ import annotations

import base64
import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from conftest import StartRegistry
from ctr_ci.oci import Digest, Repository
from ctr_ci.problem import CtrCiError, InputError
from ctr_ci.registry import Access, Password, Registry, Transport, Trust, Upload, blobs
from ctr_ci.secret import Secret
from testbed.certificates import Authority
from testbed.fault_proxy import Answer, FaultProxy
from testbed.pushing import QUICK, clock, ctr_ci
from testbed.tunnel import Tunnel

CONTENT = b"a blob that went through TLS"
LOGIN = Password("ci", Secret("never-in-the-clear"))


@contextlib.contextmanager
def client(
    host: str,
    trust: Trust,
    environment: Mapping[str, str] | None = None,
    plain: bool = False,
    slept: list[float] | None = None,
) -> Iterator[Registry]:
    transport = Transport(trust, environment or {})
    access = Access(LOGIN, tls=host.startswith("127."), plain=plain)
    try:
        yield Registry(Repository(host, "team/app"), access, transport, clock(slept), tries=QUICK)
    finally:
        transport.close()


def send(registry: Registry) -> None:
    upload = Upload(len(CONTENT), lambda start: iter((CONTENT[start:],)))
    blobs.put(registry, Digest.of(CONTENT), upload)
    assert blobs.read(registry, Digest.of(CONTENT), len(CONTENT)) == CONTENT


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def test_an_unknown_authority_is_refused_at_once_and_gets_no_password(
    registry: StartRegistry, authority: Authority
) -> None:
    front = FaultProxy(registry().host, tls=authority.server("127.0.0.1")).start()
    slept: list[float] = []
    with (
        client(front.host, Trust(), slept=slept) as registry_,
        pytest.raises(CtrCiError, match="certificate is not trusted") as error,
    ):
        send(registry_)
    front.stop()
    assert "--ca" in str(error.value)
    assert slept == []
    assert front.seen == []


def test_an_authority_of_ones_own_is_believed(registry: StartRegistry, authority: Authority) -> None:
    front = FaultProxy(registry().host, tls=authority.server("127.0.0.1")).start()
    with client(front.host, Trust(str(authority.file))) as registry_:
        send(registry_)
    front.stop()


def test_a_certificate_for_another_name_is_refused(registry: StartRegistry, authority: Authority) -> None:
    front = FaultProxy(registry().host, tls=authority.server("other.example")).start()
    with (
        client(front.host, Trust(str(authority.file))) as registry_,
        pytest.raises(CtrCiError, match="not trusted"),
    ):
        send(registry_)
    front.stop()


def test_a_client_certificate_opens_a_registry_that_wants_one(
    registry: StartRegistry, authority: Authority
) -> None:
    front = FaultProxy(registry().host, tls=authority.server("127.0.0.1", wants_client=True)).start()
    with client(front.host, Trust(str(authority.file))) as registry_, pytest.raises(CtrCiError):
        send(registry_)
    pair = authority.pair("publisher")
    trust = Trust(str(authority.file), str(pair.certificate), str(pair.key))
    with client(front.host, trust) as registry_:
        send(registry_)
    front.stop()


def test_a_certificate_file_that_is_none_is_told_with_its_path(tmp_path: Path) -> None:
    (tmp_path / "ca").write_text("nothing")
    for file in ("ca", "missing"):
        with (
            client("127.0.0.1:9", Trust(str(tmp_path / file))) as registry_,
            pytest.raises(InputError, match=str(tmp_path / file)),
        ):
            send(registry_)


def test_the_command_takes_an_authority(
    registry: StartRegistry, authority: Authority, tmp_path: Path, busybox: str
) -> None:
    front = FaultProxy(registry().host, tls=authority.server("127.0.0.1")).start()
    to = ("publish", "--image", busybox, "--unverified", "--to", f"{front.host}/x")
    done = ctr_ci(*to, "--ca", str(authority.file), folder=tmp_path)
    assert done.returncode == 0, done.stderr
    front.stop()


def test_a_proxy_is_asked_to_connect_and_sees_no_registry_password(
    registry: StartRegistry, authority: Authority
) -> None:
    front = FaultProxy(registry().host, tls=authority.server("registry.test")).start()
    tunnel = Tunnel(front.host)
    with client(
        "registry.test", Trust(str(authority.file)), {"HTTPS_PROXY": f"http://me:pass%21@{tunnel.url}"}
    ) as registry_:
        send(registry_)
    tunnel.stop()
    front.stop()
    assert tunnel.heads[0].startswith("CONNECT registry.test:443 ")
    assert base64.b64encode(b"me:pass!").decode() in tunnel.heads[0]
    assert "never-in-the-clear" not in "".join(tunnel.heads)


@pytest.mark.parametrize("excepted", ["registry.test", ".test", "*", "other,registry.test:443"])
def test_no_proxy_is_heeded(authority: Authority, excepted: str) -> None:
    tunnel = Tunnel("127.0.0.1:9")
    environment = {"https_proxy": tunnel.url, "no_proxy": excepted}
    with (
        client("registry.test", Trust(str(authority.file)), environment) as registry_,
        pytest.raises(CtrCiError, match="no address for that name"),
    ):
        send(registry_)
    tunnel.stop()
    assert tunnel.heads == []


def test_this_machine_is_never_asked_for_through_a_proxy(registry: StartRegistry) -> None:
    started = registry()
    transport = Transport(
        environment={"HTTP_PROXY": "http://127.0.0.1:9", "HTTPS_PROXY": "http://127.0.0.1:9"}
    )
    try:
        send(Registry(Repository(started.host, "team/app"), Access(), transport, clock(), tries=QUICK))
    finally:
        transport.close()


def test_another_host_is_spoken_to_in_tls_unless_plain_is_said(registry: StartRegistry) -> None:
    tunnel = Tunnel(registry().host)
    environment = {"HTTP_PROXY": tunnel.url, "HTTPS_PROXY": tunnel.url}
    with client("registry.test", Trust(), environment) as registry_, pytest.raises(CtrCiError):
        send(registry_)
    with client("registry.test", Trust(), environment, plain=True) as registry_:
        send(registry_)
    tunnel.stop()
    assert tunnel.heads[0].startswith("CONNECT registry.test:443 ")
    assert tunnel.heads[-1].startswith("CONNECT registry.test:80 ")


def test_a_redirect_from_https_to_http_is_not_followed(registry: StartRegistry, authority: Authority) -> None:
    started = registry()
    front = FaultProxy(started.host, tls=authority.server("127.0.0.1"))
    front.decide = lambda seen: (
        Answer(307, (("Location", f"http://{started.host}{seen.path}"),)) if seen.method == "PUT" else None
    )
    front.start()
    with (
        client(front.host, Trust(str(authority.file))) as registry_,
        pytest.raises(CtrCiError, match="from https to http"),
    ):
        send(registry_)
    front.stop()
