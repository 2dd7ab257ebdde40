"""GitHub's API as a scripted server on loopback."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = tuple[int, Any] | tuple[int, Any, dict[str, str]]


class Server:
    """Answers by a table of (method, path) and remembers what was asked."""

    def __init__(self) -> None:
        self.answers: dict[tuple[str, str], Callable[[Any], Answer]] = {}
        self.asked: list[tuple[str, str, Any]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def _answer(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = json.loads(self.rfile.read(length)) if length else None
                path = self.path.split("?")[0]
                outer.asked.append((self.command, path, body))
                known = outer.answers.get((self.command, path))
                status, shown, *more = known(body) if known else (404, {"message": "Not Found"})
                raw = json.dumps(shown).encode()
                self.send_response(status)
                for name, value in more[0].items() if more else ():
                    self.send_header(name, value)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            do_GET = do_POST = do_PATCH = _answer

            def log_message(self, *_: object) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True).start()

    def on(self, method: str, path: str, answer: Answer | Callable[[Any], Answer]) -> None:
        self.answers[method, path] = answer if callable(answer) else lambda _: answer

    def in_turn(self, method: str, path: str, *answers: Answer) -> None:
        """One answer after the other, the last one for ever."""
        left = list(answers)
        self.on(method, path, lambda _: left.pop(0) if len(left) > 1 else left[0])

    def bodies(self, method: str, path: str) -> list[Any]:
        return [body for how, where, body in self.asked if (how, where) == (method, path)]

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()
