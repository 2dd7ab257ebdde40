"""Uploads that break and go on: from where the session stands, in chunks as the registry wants them,
with another credential once one is refused."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from ctr_ci.oci import Digest, Repository
from ctr_ci.problem import CtrCiError
from ctr_ci.publish.pack import bytes_of
from ctr_ci.registry import Access, Credential, Password, Registry, Transport, blobs
from ctr_ci.secret import Secret
from testbed.keeping_registry import KeepingRegistry, keeping_registry
from testbed.pushing import QUICK, clock

MIB = 1 << 20


@pytest.fixture
def keeping() -> Iterator[KeepingRegistry]:
    with keeping_registry() as started:
        yield started


def send(keeping: KeepingRegistry, content: bytes, access: Access = Access()) -> Digest:  # noqa: B008  a value
    """Uploads `content`; it must arrive whole."""
    digest = Digest.of(content)
    transport = Transport()
    try:
        registry = Registry(Repository(keeping.host, "team/app"), access, transport, clock(), tries=QUICK)
        blobs.put(registry, digest, bytes_of(content))
    finally:
        transport.close()
    assert keeping.blobs[str(digest)] == content
    return digest


def test_a_broken_upload_goes_on_from_what_the_session_holds(keeping: KeepingRegistry) -> None:
    content = os.urandom(12 * MIB)
    keeping.cuts = [5 * MIB]
    send(keeping, content)
    assert keeping.methods() == ["POST", "PUT", "GET", "PUT"]
    assert keeping.seen[-1][1] == f"{5 * MIB}-{12 * MIB - 1}"
    assert keeping.received == len(content)  # no byte twice


def test_an_upload_that_broke_behind_its_last_byte_names_no_empty_range(keeping: KeepingRegistry) -> None:
    """Of the bytes 5-4 a registry may make what it will."""
    content = os.urandom(2 * MIB)
    keeping.cuts = [len(content)]
    send(keeping, content)
    assert keeping.methods() == ["POST", "PUT", "GET", "PUT"]
    assert keeping.seen[-1][1] == ""
    assert keeping.received == len(content)


def test_it_may_break_again_and_again_as_long_as_it_gets_on(keeping: KeepingRegistry) -> None:
    content = os.urandom(60 * MIB)
    keeping.cuts = [9 * MIB] * 6
    send(keeping, content)
    assert keeping.received == len(content)


def test_an_upload_that_gets_nowhere_ends(keeping: KeepingRegistry) -> None:
    keeping.cuts = [100] * 20
    with pytest.raises(CtrCiError):
        send(keeping, os.urandom(MIB))
    assert keeping.methods().count("PUT") == QUICK.most
    assert not keeping.blobs


def test_a_range_that_does_not_fit_is_mended_by_asking_the_session(keeping: KeepingRegistry) -> None:
    content = os.urandom(40 * MIB)
    refused = iter((413, None, None, 416))
    keeping.refuse = lambda method, _: next(refused, None) if method in ("PUT", "PATCH") else None
    send(keeping, content)
    after = keeping.methods()[keeping.methods().index("PATCH") :]
    assert after[:4] == ["PATCH", "PATCH", "PATCH", "GET"]
    assert keeping.received == len(content)


def test_ranges_that_never_fit_are_an_error(keeping: KeepingRegistry) -> None:
    keeping.refuse = lambda method, _: 416 if method == "PUT" else None
    with pytest.raises(CtrCiError, match="416"):
        send(keeping, os.urandom(MIB))
    assert keeping.methods().count("PUT") == 2


def test_a_session_that_is_dead_is_begun_anew(keeping: KeepingRegistry) -> None:
    content = os.urandom(2 * MIB)
    keeping.cuts = [MIB]
    keeping.refuse = lambda method, _: 404 if method == "GET" else None
    send(keeping, content)
    assert keeping.methods() == ["POST", "PUT", "GET", "POST", "PUT"]


def test_chunks_are_as_long_as_the_registry_wants_them(keeping: KeepingRegistry) -> None:
    content = os.urandom(50 * MIB)
    keeping.least = 20 * MIB
    whole = iter((413,))
    keeping.refuse = lambda method, _: next(whole, None) if method == "PUT" else None

    with pytest.raises(CtrCiError, match="416"):  # the specification lets the last one be shorter: not here
        send(keeping, content)
    sizes = [size for method, _, size in keeping.seen if method == "PATCH"]
    assert sizes[:2] == [20 * MIB, 20 * MIB]
    keeping.seen.clear()
    whole = iter((413,))
    send(keeping, os.urandom(40 * MIB))
    assert [size for method, _, size in keeping.seen if method == "PATCH"] == [20 * MIB, 20 * MIB]


def login(word: str) -> Password:
    return Password("ci", Secret(word))


def test_a_credential_that_ends_between_two_chunks_is_renewed(keeping: KeepingRegistry) -> None:
    content = os.urandom(40 * MIB)
    keeping.good = ("ci", "first")
    made: list[str] = []

    def refuse(method: str, _: int) -> int | None:
        if method == "PUT" and "PATCH" not in keeping.methods():
            return 413
        if keeping.methods().count("PATCH") == 3 and not made:
            keeping.good = ("ci", "second")
        return None

    def renew() -> Credential:
        made.append("second")
        return login("second")

    keeping.refuse = refuse
    send(keeping, content, Access(login("first"), renew=renew))
    assert made == ["second"]
    assert keeping.received == len(content)


def test_a_credential_that_was_never_good_is_not_renewed(keeping: KeepingRegistry) -> None:
    keeping.good = ("ci", "word")
    made: list[str] = []

    def renew() -> Credential:
        made.append("again")
        return login("word")

    with pytest.raises(CtrCiError, match="credentials refused"):
        send(keeping, b"content", Access(login("wrong"), renew=renew))
    assert made == []


def test_a_renewed_credential_that_is_refused_too_ends_the_push(keeping: KeepingRegistry) -> None:
    keeping.good = ("ci", "first")
    made: list[str] = []

    def refuse(method: str, _: int) -> int | None:
        if method == "PUT":
            keeping.good = ("ci", "nobody knows")
        return None

    def renew() -> Credential:
        made.append("second")
        return login("second")

    keeping.refuse = refuse
    with pytest.raises(CtrCiError):
        send(keeping, b"content", Access(login("first"), renew=renew))
    assert made == ["second"]
