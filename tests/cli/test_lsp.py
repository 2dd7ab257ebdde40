"""The editor's server, driven as an editor drives it: JSON-RPC over its standard input and output."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

TEXT = "FROM debian:12\nWORKDIR app\nCMD echo 😀 hello\n"


class Editor:
    """A client that says what it is told and keeps what it hears."""

    def __init__(self, folder: Path, encodings: list[str]) -> None:
        self.folder = folder
        self._process = subprocess.Popen(
            [sys.executable, "-m", "ctr_ci", "lsp"],
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._number = 0
        self.capabilities = self.ask(
            "initialize",
            {
                "processId": None,
                "rootUri": folder.as_uri(),
                "capabilities": {"general": {"positionEncodings": encodings}},
            },
        )["capabilities"]
        self.tell("initialized", {})

    def uri(self, name: str) -> str:
        return (self.folder / name).as_uri()

    def open(self, name: str, text: str, language: str = "dockerfile") -> list[Any]:
        document = {"uri": self.uri(name), "languageId": language, "version": 1, "text": text}
        self.tell("textDocument/didOpen", {"textDocument": document})
        return self.diagnostics()

    def change(self, name: str, text: str) -> list[Any]:
        document = {"uri": self.uri(name), "version": 2}
        self.tell("textDocument/didChange", {"textDocument": document, "contentChanges": [{"text": text}]})
        return self.diagnostics()

    def actions(self, name: str, line: int, only: list[str] | None = None) -> list[Any]:
        place = {"start": {"line": line, "character": 0}, "end": {"line": line, "character": 99}}
        context = {"diagnostics": [], **({"only": only} if only else {})}
        asked = {"textDocument": {"uri": self.uri(name)}, "range": place, "context": context}
        return list(self.ask("textDocument/codeAction", asked) or [])

    def hover(self, name: str, line: int, character: int) -> Any:
        at = {"line": line, "character": character}
        return self.ask("textDocument/hover", {"textDocument": {"uri": self.uri(name)}, "position": at})

    def diagnostics(self) -> list[Any]:
        while True:
            heard = self._hear()
            if heard.get("method") == "textDocument/publishDiagnostics":
                return list(heard["params"]["diagnostics"])

    def ask(self, method: str, params: Any) -> Any:
        self._number += 1
        self._say({"id": self._number, "method": method, "params": params})
        while True:
            heard = self._hear()
            if heard.get("id") == self._number and "method" not in heard:
                assert "error" not in heard, heard["error"]
                return heard["result"]

    def tell(self, method: str, params: Any) -> None:
        self._say({"method": method, "params": params})

    def leave(self) -> int:
        self.ask("shutdown", None)
        self.tell("exit", None)
        return self._process.wait(10)

    def kill(self) -> None:
        self._process.kill()
        self._process.communicate()

    def _say(self, message: dict[str, Any]) -> None:
        assert self._process.stdin
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self._process.stdin.flush()

    def _hear(self) -> dict[str, Any]:
        assert self._process.stdout
        length = 0
        while line := self._process.stdout.readline().strip():
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        assert length, "the server has gone"
        heard: dict[str, Any] = json.loads(self._process.stdout.read(length))
        return heard


@pytest.fixture
def editor(tmp_path: Path) -> Iterator[Editor]:
    made = Editor(tmp_path, ["utf-16"])
    yield made
    made.kill()


def codes(diagnostics: list[Any]) -> list[str]:
    return [one["code"] for one in diagnostics]


def test_an_opened_dockerfile_is_linted_and_a_repaired_one_is_clean(editor: Editor) -> None:
    found = editor.open("Dockerfile", TEXT)
    assert "relative-workdir" in codes(found)
    workdir = found[codes(found).index("relative-workdir")]
    assert workdir["range"]["start"] == {"line": 1, "character": 8}
    assert workdir["source"] == "ctr-ci"
    assert "codeDescription" not in workdir  # a link must be an address, and the pages have none yet
    after = editor.change("Dockerfile", TEXT.replace("WORKDIR app", "WORKDIR /app"))
    assert "relative-workdir" not in codes(after)


def test_a_quick_fix_does_what_it_says(editor: Editor) -> None:
    editor.open("Dockerfile", TEXT)
    (fix,) = [one for one in editor.actions("Dockerfile", 1) if "absolute" in one["title"]]
    (edit,) = fix["edit"]["changes"][editor.uri("Dockerfile")]
    assert edit["range"] == {"start": {"line": 1, "character": 8}, "end": {"line": 1, "character": 11}}
    assert edit["newText"] == "/app"
    assert not fix["isPreferred"]


def test_a_finding_can_be_allowed_with_a_comment_above_its_instruction(editor: Editor) -> None:
    editor.open("Dockerfile", TEXT)
    (allow,) = [one for one in editor.actions("Dockerfile", 1) if "Allow relative-workdir" in one["title"]]
    (edit,) = allow["edit"]["changes"][editor.uri("Dockerfile")]
    lines = TEXT.split("\n")
    lines.insert(edit["range"]["start"]["line"], edit["newText"].rstrip("\n"))
    assert "relative-workdir" not in codes(editor.change("Dockerfile", "\n".join(lines)))


def test_all_safe_fixes_are_one_action(editor: Editor) -> None:
    editor.open("Dockerfile", "FROM debian:12\nMAINTAINER me\nENV a b\n")
    (fix,) = editor.actions("Dockerfile", 0, ["source.fixAll"])
    (edit,) = fix["edit"]["changes"][editor.uri("Dockerfile")]
    assert edit["range"]["start"] == {"line": 0, "character": 0}
    assert "MAINTAINER" not in edit["newText"]
    assert codes(editor.change("Dockerfile", edit["newText"])).count("legacy-key-value") == 0


def test_hover_shows_the_rule_s_page(editor: Editor) -> None:
    editor.open("Dockerfile", TEXT)
    assert "relative-workdir" in editor.hover("Dockerfile", 1, 9)["contents"]["value"]
    assert editor.hover("Dockerfile", 2, 0) is None


@pytest.mark.parametrize(("encoding", "units"), [("utf-16", 2), ("utf-8", 4), ("utf-32", 1)])
def test_columns_are_counted_as_the_client_asked(tmp_path: Path, encoding: str, units: int) -> None:
    editor = Editor(tmp_path, [encoding])
    try:
        found = editor.open("Dockerfile", "FROM scratch\nLABEL a=😀 a b\n")
        assert editor.capabilities["positionEncoding"] == encoding
        assert any(
            one["range"]["end"]["character"] > 9 + units or one["range"]["start"]["character"] > 8 + units
            for one in found
        )
    finally:
        editor.kill()


def test_a_cloud_build_config_is_checked_too(editor: Editor) -> None:
    (found,) = editor.open("cloudbuild.yaml", "steps:\n- name: x\n  argz: [a]\n", "yaml")
    assert "argz" in found["message"]
    assert found["range"]["start"] == {"line": 2, "character": 2}
    assert editor.open("other.yaml", "a: b\n", "yaml") == []


def test_a_broken_configuration_is_told_on_the_first_line(editor: Editor) -> None:
    (editor.folder / "ctr-ci.yaml").write_text("lint: {fail-onn: error}\n")
    (found,) = editor.open("Dockerfile", TEXT)
    assert "fail-onn" in found["message"]
    assert found["range"]["start"] == {"line": 0, "character": 0}


def test_every_broken_state_while_typing_is_survived(editor: Editor) -> None:
    for end in range(0, len(TEXT), 3):
        name = f"Dockerfile.{end}"
        editor.open(name, TEXT[:end])
    assert "relative-workdir" in codes(editor.open("Dockerfile", TEXT))


def test_the_server_leaves_when_asked(editor: Editor) -> None:
    assert editor.leave() == 0
