"""Secrets and sources at Google, through its real libraries against a scripted server on loopback."""

from __future__ import annotations

import base64
import io
import json
import tarfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from ctr_ci import google
from ctr_ci.problem import InputError, WorldError
from testbed.builds import Builds, sh

VERSION = "projects/shop/secrets/token/versions/latest"
CANARY = "c4nary-of-secret-manager"


class Google:
    """Answers by path; a path that is not known is a 404, as Google says it."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[int, bytes, str]] = {}
        self.asked: list[tuple[str, str | None]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                path = self.path.split("?")[0]
                outer.asked.append((self.path, self.headers.get("Authorization")))
                missing = json.dumps({"error": {"code": 404, "message": "not found"}}).encode()
                status, body, kind = outer.answers.get(path, (404, missing, "application/json"))
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True).start()

    def keep(self, value: str) -> None:
        data = base64.b64encode(value.encode()).decode()
        body = json.dumps({"name": VERSION, "payload": {"data": data}}).encode()
        self.answers[f"/v1/{VERSION}:access"] = (200, body, "application/json")

    def store(self, bucket: str, name: str, body: bytes) -> None:
        self.answers[f"/download/storage/v1/b/{bucket}/o/{name}"] = (200, body, "application/octet-stream")

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()


@pytest.fixture
def cloud() -> Iterator[Google]:
    made = Google()
    yield made
    made.close()


def environment(cloud: Google) -> dict[str, str]:
    return {
        "CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER": cloud.url,
        "STORAGE_EMULATOR_HOST": cloud.url,
    }


def archive(**files: str) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for name, text in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text)
            tar.addfile(entry, io.BytesIO(text.encode()))
    return packed.getvalue()


def test_a_secret_s_version_is_read_and_not_shown(cloud: Google) -> None:
    cloud.keep(CANARY)
    secret = google.secret(VERSION, "TOKEN", environment(cloud))
    assert secret.reveal() == CANARY
    assert CANARY not in repr(secret)
    assert [auth for _, auth in cloud.asked] == [None]


def test_a_secret_that_is_not_there_is_a_world_error_with_its_name(cloud: Google) -> None:
    with pytest.raises(WorldError) as caught:
        google.secret(VERSION, "TOKEN", environment(cloud))
    assert VERSION in str(caught.value)
    assert "404" in str(caught.value)


@pytest.mark.parametrize(
    "version", ["token", "projects/p/secrets/s", "projects/p/secrets/s/versions/", CANARY]
)
def test_what_is_no_version_is_refused_before_anything_is_asked(version: str, cloud: Google) -> None:
    with pytest.raises(InputError, match="versions"):
        google.secret(version, "TOKEN", environment(cloud))
    assert cloud.asked == []


def test_an_object_is_downloaded(cloud: Google, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", cloud.url)  # the library reads it itself
    cloud.store("bucket", "source.tgz", b"packed")
    google.download("gs://bucket/source.tgz#17", tmp_path / "got", environment(cloud))
    assert (tmp_path / "got").read_bytes() == b"packed"
    assert any("generation=17" in path for path, _ in cloud.asked)


def test_a_missing_object_leaves_no_file(
    cloud: Google, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", cloud.url)
    with pytest.raises(WorldError, match="gs://bucket/nothing"):
        google.download("gs://bucket/nothing", tmp_path / "got", environment(cloud))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("url", ["gs://", "gs://bucket", "gs://bucket/", "gs://bucket/x#new"])
def test_what_is_no_object_is_refused(url: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="gs://BUCKET/OBJECT"):
        google.download(url, tmp_path / "got", {})


def test_a_build_takes_its_source_and_its_secret_from_there(
    engine_socket: str, busybox: str, cloud: Google, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment(cloud).items():
        monkeypatch.setenv(name, value)
    cloud.store("bucket", "source.tar.gz", archive(hello="from the archive\n"))
    cloud.keep(CANARY)
    done = Builds(engine_socket, busybox, tmp_path)(
        sh("cat hello; echo $TOKEN", secretEnv=["TOKEN"]),
        config={"availableSecrets": {"secretManager": [{"versionName": VERSION, "env": "TOKEN"}]}},
        source="gs://bucket/source.tar.gz",  # type: ignore[arg-type]
        secrets=(f"TOKEN=gcp:{VERSION}",),
    )
    assert done.out == "from the archive\n***\n"
    assert dict(done.record.source) == {"kind": "storage", "path": "gs://bucket/source.tar.gz"}
