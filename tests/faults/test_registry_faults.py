"""A registry that fails at any moment: the push ends with the right digest, or no tag has moved."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from conftest import StartRegistry
from ctr_ci.events import Noted
from ctr_ci.problem import CtrCiError, Refused
from ctr_ci.registry import RegistryError, manifests
from testbed.fault_proxy import Answer, Delay, Fault, FaultProxy, Reset, Seen, Truncate
from testbed.pushing import Push, blob, stored, tags
from testbed.saved import Saved, layer

Proxy = Callable[[str], FaultProxy]


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    started: list[FaultProxy] = []

    def start(upstream: str) -> FaultProxy:
        started.append(FaultProxy(upstream).start())
        return started[-1]

    yield start
    for each in started:
        each.stop()


def image() -> Saved:
    return Saved([layer(base=os.urandom(8) * 5_000), layer(noise=os.urandom(300_000))])


def errors(code: str, message: str = "said the registry") -> bytes:
    return json.dumps({"errors": [{"code": code, "message": message}]}).encode()


def is_put(seen: Seen, what: str) -> bool:
    return seen.method == "PUT" and what in seen.path


def once(wanted: Callable[[Seen], bool], fault: Fault) -> Callable[[Seen], Fault | None]:
    """The fault for the first request that is `wanted`."""
    done: list[Seen] = []

    def decide(seen: Seen) -> Fault | None:
        if not done and wanted(seen):
            done.append(seen)
            return fault
        return None

    return decide


def whole(host: str, selector: str, saved: Saved) -> None:
    """The image under `selector` is `saved`, bit for bit."""
    found = stored(host, "team/app", selector)
    assert found["config"]["digest"] == saved.image_id  # type: ignore[index]
    layers = [gzip.decompress(blob(host, "team/app", one["digest"])) for one in found["layers"]]  # type: ignore[attr-defined]
    assert layers == saved.layers


@pytest.mark.parametrize(
    "fault",
    [
        Answer(429, (("Retry-After", "1"),), errors("TOOMANYREQUESTS")),
        Answer(500, (), errors("UNKNOWN")),
        Answer(502, (("Content-Type", "text/html"),), b"<html>bad gateway</html>"),
        Answer(503),
        Reset("head"),
        Reset("body"),
        Reset("answer"),
        Truncate(),
        Delay(0.2),
    ],
    ids=lambda fault: (
        f"{type(fault).__name__}-{getattr(fault, 'status', getattr(fault, 'where', ''))}".rstrip("-")
    ),
)
def test_one_fault_at_any_place_of_a_push_is_survived(
    registry: StartRegistry, proxy: Proxy, fault: Fault
) -> None:
    started = registry()
    between = proxy(started.host)
    quiet = Push(between.host)
    quiet(image(), "v1")
    places = len(between.seen)
    assert places > 12
    for place in range(places):
        between.seen.clear()
        between.decide = lambda seen, place=place: fault if seen.number == place else None  # type: ignore[misc]
        saved = image()
        Push(between.host)(saved, "v1")
        whole(started.host, "v1", saved)


@pytest.mark.parametrize("where", ["head", "body", "answer"])
def test_a_registry_that_breaks_for_good_leaves_the_tag_where_it_was(
    registry: StartRegistry, proxy: Proxy, where: str
) -> None:
    started = registry()
    between = proxy(started.host)
    old = image()
    Push(between.host)(old, "v1")
    places = len(between.seen)
    for place in range(places - 2):  # the last two: the tag's own PUT and our look at it
        between.seen.clear()
        between.decide = lambda seen, place=place: Reset(where) if seen.number >= place else None  # type: ignore[misc]
        with pytest.raises(CtrCiError):
            Push(between.host)(image(), "v1")
        whole(started.host, "v1", old)


@pytest.mark.parametrize(("text", "least"), [("1", 1.0), ("3", 3.0), ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0)])
@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_retry_after_is_waited_for(
    registry: StartRegistry, proxy: Proxy, method: str, text: str, least: float
) -> None:
    between = proxy(registry().host)
    answer = Answer(429, (("Retry-After", text),), errors("TOOMANYREQUESTS"))
    between.decide = once(lambda seen: seen.method == method, answer)
    push = Push(between.host)
    push(image(), "v1")
    assert [wait for wait in push.slept if wait >= least] == [least]


def test_too_long_a_wait_is_not_waited_for(registry: StartRegistry, proxy: Proxy) -> None:
    between = proxy(registry().host)
    between.decide = lambda seen: Answer(429, (("Retry-After", "86400"),)) if seen.method == "POST" else None
    with pytest.raises(RegistryError, match="too many requests"):
        Push(between.host)(image(), "v1")


def test_waits_grow_and_tries_end(registry: StartRegistry, proxy: Proxy) -> None:
    between = proxy(registry().host)
    between.decide = lambda seen: Answer(503) if is_put(seen, "manifests") else None
    push = Push(between.host)
    with pytest.raises(RegistryError, match="503"):
        push(image(), "v1")
    assert len(push.slept) == 4
    assert push.slept == sorted(push.slept)


def test_an_early_answer_is_told_and_not_a_broken_pipe(registry: StartRegistry, proxy: Proxy) -> None:
    between = proxy(registry().host)
    saved = Saved([layer(noise=os.urandom(30_000_000))])
    answer = Answer(404, (), errors("NAME_UNKNOWN", "no such repository"), early=True)
    between.decide = lambda seen: answer if is_put(seen, "uploads") else None
    with pytest.raises(CtrCiError, match="no such repository"):
        Push(between.host)(saved, "v1")


def test_where_large_bodies_are_refused_blobs_go_in_chunks(registry: StartRegistry, proxy: Proxy) -> None:
    started = registry()
    between = proxy(started.host)
    between.decide = lambda seen: (
        Answer(413) if seen.method == "PUT" and int(seen.headers["content-length"]) > 9_000_000 else None
    )
    saved = Saved([layer(noise=os.urandom(20_000_000)), layer(small=b"s")])
    Push(between.host)(saved, "v1")
    whole(started.host, "v1", saved)
    spans = [seen.headers["content-range"] for seen in between.seen if seen.method == "PATCH"]
    assert spans[:2] == ["0-8388607", "8388608-16777215"]
    assert len(spans) == 3
    between.seen.clear()
    between.decide = lambda seen: Answer(413) if is_put(seen, "digest=") or seen.method == "PATCH" else None
    with pytest.raises(RegistryError, match="too large"):
        Push(between.host)(image(), "v2")


def test_a_500_for_what_no_retry_mends_is_not_tried_again(registry: StartRegistry, proxy: Proxy) -> None:
    between = proxy(registry().host)
    between.decide = lambda seen: Answer(500, (), errors("NAME_INVALID")) if seen.method == "POST" else None
    push = Push(between.host)
    with pytest.raises(RegistryError):
        push(image(), "v1")
    assert push.slept == []


def test_a_digest_that_did_not_fit_is_sent_once_more(registry: StartRegistry, proxy: Proxy) -> None:
    started = registry()
    between = proxy(started.host)
    between.decide = once(lambda seen: is_put(seen, "uploads"), Answer(400, (), errors("DIGEST_INVALID")))
    saved = image()
    Push(between.host)(saved, "v1")
    whole(started.host, "v1", saved)
    between.decide = lambda seen: (
        Answer(400, (), errors("DIGEST_INVALID")) if is_put(seen, "uploads") else None
    )
    with pytest.raises(RegistryError, match="DIGEST_INVALID"):
        Push(between.host)(image(), "v2")


def test_a_blob_stored_under_another_digest_is_an_error(registry: StartRegistry, proxy: Proxy) -> None:
    between = proxy(registry().host)
    other = Answer(201, (("Docker-Content-Digest", f"sha256:{'1' * 64}"),))
    between.decide = lambda seen: other if is_put(seen, "uploads") else None
    with pytest.raises(RegistryError, match="stored the blob as sha256:1111"):
        Push(between.host)(image(), "v1")


def test_blobs_that_vanish_before_the_manifest_are_sent_once_more(
    registry: StartRegistry, proxy: Proxy, tmp_path: Path
) -> None:
    started = registry()
    between = proxy(started.host)
    between.decide = once(
        lambda seen: is_put(seen, "manifests"), Answer(404, (), errors("MANIFEST_BLOB_UNKNOWN"))
    )
    saved = image()
    push = Push(between.host, memory=tmp_path)
    push(saved, "v1")
    assert push.shelf.exports == 2
    whole(started.host, "v1", saved)


def test_blobs_that_stay_unknown_are_an_error(registry: StartRegistry, proxy: Proxy) -> None:
    between = proxy(registry().host)
    between.decide = lambda seen: (
        Answer(404, (), errors("MANIFEST_BLOB_UNKNOWN")) if is_put(seen, "manifests") else None
    )
    push = Push(between.host)
    with pytest.raises(RegistryError, match="MANIFEST_BLOB_UNKNOWN"):
        push(image(), "v1")
    assert push.shelf.exports == 2


def test_a_refused_manifest_type_is_named(registry: StartRegistry, proxy: Proxy) -> None:
    between = proxy(registry().host)
    between.decide = lambda seen: (
        Answer(400, (), errors("MANIFEST_INVALID")) if is_put(seen, "manifests") else None
    )
    with pytest.raises(RegistryError, match=r"refuses this manifest, of type application/vnd\.oci\.image"):
        Push(between.host, annotations=(("a", "b"),))(image(), "v1")


@pytest.mark.parametrize(
    "answer",
    [
        Answer(409, (), errors("TAG_IMMUTABLE")),
        Answer(412, (), errors("PRECONDITION", "configured as immutable")),
        Answer(400, (), errors("TAG_INVALID", "ImageTagAlreadyExistsException")),
    ],
    ids=["quay", "harbor", "ecr"],
)
def test_a_tag_that_the_registry_keeps_is_told_with_what_stands(
    registry: StartRegistry, proxy: Proxy, answer: Answer
) -> None:
    started = registry()
    between = proxy(started.host)
    between.decide = lambda seen: answer if is_put(seen, "manifests/b") else None
    with pytest.raises(Refused) as refusal:
        Push(between.host)(image(), "a", "b", "c")
    assert "immutable" in str(refusal.value)
    assert "set: a; not set: b, c" in str(refusal.value)
    assert tags(started.host, "team/app") == ["a"]


@pytest.mark.parametrize("fault", [Reset("answer"), Answer(504)])
def test_a_tag_whose_answer_never_comes_is_told_as_not_known(
    registry: StartRegistry, proxy: Proxy, fault: Fault
) -> None:
    between = proxy(registry().host)
    between.decide = lambda seen: fault if is_put(seen, "manifests/b") else None
    with pytest.raises(CtrCiError, match="set: a; not known: b; not set: c"):
        Push(between.host)(image(), "a", "b", "c")


def test_a_tag_that_is_set_and_cannot_be_read_back_is_set(registry: StartRegistry, proxy: Proxy) -> None:
    started = registry()
    between = proxy(started.host)
    saved = image()
    put: list[Seen] = []

    def decide(seen: Seen) -> Fault | None:
        if is_put(seen, "manifests/v1"):
            put.append(seen)
        return Reset("head") if put and seen.method == "HEAD" else None

    between.decide = decide
    push = Push(between.host)
    push(saved, "v1")
    whole(started.host, "v1", saved)
    (told,) = [event for event in push.events if isinstance(event, Noted)]
    assert told.level == "warning"
    assert "tag v1 is set, but could not be read back" in told.text


def test_a_digest_that_does_not_come_back_is_an_error(registry: StartRegistry, proxy: Proxy) -> None:
    started = registry()
    between = proxy(started.host)
    false = Answer(200, (("Docker-Content-Digest", f"sha256:{'2' * 64}"),))
    between.decide = lambda seen: false if (seen.method, "sha256:" in seen.path) == ("HEAD", True) else None
    with pytest.raises(CtrCiError):
        Push(between.host)(image(), "v1")
    assert tags(started.host, "team/app") == []


def test_a_manifest_of_schema_1_is_never_taken_for_ours(registry: StartRegistry, proxy: Proxy) -> None:
    """distribution 2.8 makes one of a Docker manifest for whom it takes for an old client (tried)."""
    started = registry()
    between = proxy(started.host)
    Push(between.host)(image(), "v1")
    asked = [
        seen.headers["accept"] for seen in between.seen if seen.method == "HEAD" and "manifests" in seen.path
    ]
    assert asked
    assert all("distribution.manifest.v2+json" in types and "*/*" not in types for types in asked)
    old = b'{"schemaVersion":1,"name":"team/app","tag":"v1","fsLayers":[],"history":[],"signatures":[]}'
    kind = "application/vnd.docker.distribution.manifest.v1+prettyjws"
    between.decide = lambda seen: (
        Answer(200, (("Content-Type", kind),), old)
        if "manifests" in seen.path and seen.method == "GET"
        else None
    )
    with (
        Push(between.host).registry() as there,
        pytest.raises(RegistryError, match="answers GET with a manifest of type"),
    ):
        manifests.get(there, "v1")


def test_every_blob_is_there_before_the_manifest_and_the_manifest_before_the_tag(
    registry: StartRegistry, proxy: Proxy
) -> None:
    between = proxy(registry().host)
    Push(between.host)(image(), "a", "b")
    puts = [seen.path for seen in between.seen if seen.method == "PUT"]
    kinds = ["blob" if "uploads" in path else path.rpartition("/")[2][:6] for path in puts]
    assert kinds == ["blob", "blob", "blob", "sha256", "a", "b"]


def test_a_blob_is_one_put_with_its_length_and_the_location_kept_byte_for_byte(
    registry: StartRegistry, proxy: Proxy
) -> None:
    between = proxy(registry().host)
    Push(between.host)(image(), "v1")
    for put in (seen for seen in between.seen if is_put(seen, "uploads")):
        assert int(put.headers["content-length"]) > 0
        assert "transfer-encoding" not in put.headers
        assert "_state=" in put.path
        assert put.path.count("?") == 1
        assert "&digest=sha256%3A" in put.path


def test_an_upload_offered_instead_of_a_mount_is_used(registry: StartRegistry, proxy: Proxy) -> None:
    started = registry()
    between = proxy(started.host)
    saved = image()
    Push(between.host, mounts=("team/base",))(saved, "v1")
    whole(started.host, "v1", saved)
    posts = [seen.path for seen in between.seen if seen.method == "POST"]
    assert len([path for path in posts if "mount=sha256%3A" in path and "from=team%2Fbase" in path]) == 3
    assert len([path for path in posts if "mount=" not in path]) == 1  # the knock at the door


def test_a_warning_is_shown_once(registry: StartRegistry, proxy: Proxy) -> None:
    between = proxy(registry().host)
    warned = Answer(404, (("Warning", '299 - "this registry closes in May"'),))
    between.decide = lambda seen: warned if seen.method == "HEAD" and "blobs" in seen.path else None
    push = Push(between.host)
    push(image(), "v1")
    assert push.said == ["this registry closes in May"]


def test_an_expired_token_is_renewed_once_in_the_middle_of_a_push(
    registry: StartRegistry, proxy: Proxy
) -> None:
    started = registry("token")
    between = proxy(started.host)
    assert started.tokens
    expired = Answer(
        401,
        (
            (
                "WWW-Authenticate",
                f'Bearer realm="{started.tokens.realm}",service="{started.tokens.service}",'
                'scope="repository:*:*",error="invalid_token"',
            ),
        ),
    )
    between.decide = once(lambda seen: is_put(seen, "uploads"), expired)
    Push(between.host, started.user, started.password)(image(), "v1")
    assert started.scopes_asked == ["repository:team/app:pull,push"] * 2
    between.seen.clear()
    between.decide = lambda seen: expired if is_put(seen, "manifests") else None
    with pytest.raises(RegistryError, match="may not push"):
        Push(between.host, started.user, started.password)(image(), "v2")
    assert len([seen for seen in between.seen if is_put(seen, "manifests")]) == 2


def test_an_upload_redirected_to_another_host_carries_no_authorization(
    registry: StartRegistry, proxy: Proxy
) -> None:
    started = registry("htpasswd")
    between, elsewhere = proxy(started.host), proxy(started.host)
    elsewhere.decide = lambda _: Answer(201)

    def decide(seen: Seen) -> Fault | None:
        if is_put(seen, "uploads"):
            return Answer(307, (("Location", f"http://{elsewhere.host}{seen.path}"),))
        return None

    between.decide = decide
    with pytest.raises(CtrCiError):  # the blobs went elsewhere, so the manifest cannot be taken
        Push(between.host, started.user, started.password)(image(), "v1")
    assert elsewhere.seen
    assert all("authorization" not in seen.headers for seen in elsewhere.seen)
    assert any("authorization" in seen.headers for seen in between.seen)


def test_no_error_tells_a_password_a_token_or_an_uploads_state(registry: StartRegistry, proxy: Proxy) -> None:
    started = registry("token")
    between = proxy(started.host)
    for method in ("HEAD", "POST", "PUT"):
        between.decide = lambda seen, method=method: Answer(400) if seen.method == method else None  # type: ignore[misc]
        with pytest.raises(CtrCiError) as error:
            Push(between.host, started.user, started.password)(image(), "v1")
        bearers = {h.partition(" ")[2] for s in between.seen if (h := s.headers.get("authorization", ""))}
        for secret in (started.password, "_state", *filter(None, bearers)):
            assert secret not in str(error.value)


def token_front(between: FaultProxy, answers: list[Answer]) -> None:
    """A registry that wants a bearer token of its own service, which answers in turn."""
    realm = f'Bearer realm="http://{between.host}/token",service="r",scope="repository:*:*"'

    def decide(seen: Seen) -> Fault | None:
        if seen.path.startswith("/token"):
            return answers.pop(0) if len(answers) > 1 else answers[0]
        if seen.headers.get("authorization") != "Bearer opaque":
            return Answer(401, (("WWW-Authenticate", realm),))
        return None

    between.decide = decide


OPAQUE = Answer(200, (), b'{"access_token":"opaque"}')


def test_a_busy_token_service_is_waited_for(registry: StartRegistry, proxy: Proxy) -> None:
    started = registry()
    between = proxy(started.host)
    busy = Answer(429, (("Retry-After", "1"),))
    token_front(between, [busy, Answer(503), OPAQUE])
    saved = image()
    push = Push(between.host, "ci", "word")
    push(saved, "v1")
    assert push.slept[0] == 1.0
    asked = [seen.path for seen in between.seen if seen.path.startswith("/token")]
    assert len(asked) == 3
    assert all("scope=repository:team/app:pull,push&" in path for path in asked)
    whole(started.host, "v1", saved)


def test_a_token_service_that_stays_busy_ends_the_push(registry: StartRegistry, proxy: Proxy) -> None:
    between = proxy(registry().host)
    token_front(between, [Answer(429)])
    push = Push(between.host, "ci", "word")
    with pytest.raises(CtrCiError, match="answered 429"):
        push(image(), "v1")
    assert len(push.slept) == 4


def test_refused_credentials_are_sent_once(registry: StartRegistry, proxy: Proxy) -> None:
    between = proxy(registry().host)
    token_front(between, [Answer(401, (), errors("UNAUTHORIZED", "word is wrong"))])
    with pytest.raises(CtrCiError, match="credentials refused by 127") as error:
        Push(between.host, "ci", "word")(image(), "v1")
    assert "word is wrong" not in str(error.value)
    assert len([seen for seen in between.seen if seen.path.startswith("/token")]) == 1


def test_workers_that_find_the_token_expired_together_renew_it_once(
    registry: StartRegistry, proxy: Proxy
) -> None:
    started = registry()
    between = proxy(started.host)
    good = ["one"]
    expired: list[Seen] = []
    realm = f'Bearer realm="http://{between.host}/token",service="r",error="invalid_token"'
    asked: list[Seen] = []

    def decide(seen: Seen) -> Fault | None:
        if seen.path.startswith("/token"):
            asked.append(seen)
            return Answer(200, (), b'{"token":"%b"}' % good[0].encode())
        if seen.method == "POST" and not expired:
            expired.append(seen)
            good[0] = "two"
        if seen.headers.get("authorization") != f"Bearer {good[0]}":
            return Answer(401, (("WWW-Authenticate", realm),))
        return None

    between.decide = decide
    saved = Saved([layer(noise=os.urandom(50_000)) for _ in range(8)])
    Push(between.host, "ci", "word")(saved, "v1")
    assert len(asked) == 2
    whole(started.host, "v1", saved)


def test_a_right_that_is_lacking_is_told_before_the_engine_exports(
    registry: StartRegistry, proxy: Proxy
) -> None:
    between = proxy(registry().host)
    between.decide = lambda seen: Answer(403, (), errors("DENIED")) if seen.method == "POST" else None
    push = Push(between.host)
    with pytest.raises(CtrCiError, match="may not push to"):
        push(image(), "v1")
    assert push.shelf.exports == 0


def test_a_blob_that_cannot_arrive_ends_the_push_without_reading_the_rest(
    registry: StartRegistry, proxy: Proxy
) -> None:
    between = proxy(registry().host)
    between.decide = lambda seen: (
        Answer(403, (), errors("DENIED", "quota exceeded")) if is_put(seen, "uploads") else None
    )
    saved = Saved([layer(first=b"1"), *(layer(noise=os.urandom(8_000_000)) for _ in range(9))])
    push = Push(between.host)
    with pytest.raises(CtrCiError, match="quota exceeded"):
        push(saved, "v1")
    assert len([seen for seen in between.seen if is_put(seen, "uploads")]) < 8


def test_a_large_blob_that_broke_goes_on_in_chunks_from_where_the_session_stands(
    registry: StartRegistry, proxy: Proxy
) -> None:
    started = registry()
    between = proxy(started.host)
    saved = Saved([layer(noise=os.urandom(40_000_000))])
    broken: list[str] = []

    def decide(seen: Seen) -> Fault | None:
        size = int(seen.headers.get("content-length", "0"))
        if seen.method == "PUT" and size > 1_000_000 and not broken:
            broken.append("whole")
            return Reset("body")
        late = seen.headers.get("content-range", "").startswith("16777216-")
        if seen.method == "PATCH" and late and len(broken) == 1:
            broken.append("chunk")
            return Reset("head")
        return None

    between.decide = decide
    Push(between.host)(saved, "v1")
    whole(started.host, "v1", saved)
    assert broken == ["whole", "chunk"]
    spans = [seen.headers["content-range"] for seen in between.seen if seen.method == "PATCH"]
    assert [span.partition("-")[0] for span in spans].count("0") == 1  # not from the start again
    assert [span.partition("-")[0] for span in spans].count("16777216") == 2
    assert any(seen.method == "GET" and "/blobs/uploads/" in seen.path for seen in between.seen)
