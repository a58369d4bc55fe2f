"""The demo's service program: serves what stands in its environment's folder, whatever is brought there.

`python -m integrations.demo.service --environment production --port 8401 --state FOLDER`. It ends when its standard
input does, so that it never outlives whoever started it.
"""

from __future__ import annotations

import argparse
import json
import sys
import threading
from html import escape
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from integrations.demo.places import BrokenServiceError, Place, Put

_SORRY = """<!doctype html><meta charset="utf-8"><title>Payments · {environment}</title>
<body style="font:16px system-ui;display:grid;place-items:center;min-height:90vh"><p>{words}</p>"""


class Site:
    """What one environment serves. The code is read anew when something else stands there."""

    def __init__(self, environment: str, place: Place) -> None:
        self.environment = environment
        self._place = place
        self._read: tuple[Put, dict[str, Any]] | None = None

    def answer(self, path: str) -> tuple[int, str, str]:
        """Status, content type and body."""
        put = self._place.standing()
        match path.partition("?")[0]:
            case "/version" if put:
                told = {"service": "payments", "environment": self.environment}
                return 200, "application/json", json.dumps({**told, "version": put.version, "commit": put.commit})
            case "/version":
                return 503, "application/json", json.dumps({"problem": "Nothing was deployed here yet."})
            case "/health":
                _, problem = self._page(put)
                word = {"status": "broken", "problem": problem} if problem else {"status": "ok"}
                return 503 if problem else 200, "application/json", json.dumps(word)
            case "/":
                page, problem = self._page(put)
                return 503 if problem else 200, "text/html; charset=utf-8", page
            case _:
                return 404, "text/html; charset=utf-8", self._sorry("There is no such page.")

    def _page(self, put: Put | None) -> tuple[str, str]:
        """The page, and what is wrong with it."""
        if put is None:
            problem = "Nothing was deployed here yet."
            return self._sorry(problem), problem
        try:
            draw = self._code(put)["page"]
            return str(draw(put.version, put.commit, self.environment)), ""
        except BrokenServiceError as trouble:
            problem = str(trouble)
        except Exception as trouble:  # noqa: BLE001 - the boundary to code that was deployed: it may do anything wrong
            problem = f"service.py: {type(trouble).__name__}: {trouble}"
        return self._sorry("Payments is out of order."), problem

    def _code(self, put: Put) -> dict[str, Any]:
        if self._read is None or self._read[0] != put:
            code: dict[str, Any] = {"__name__": "service"}
            exec(put.code(), code)  # noqa: S102 - to run what was deployed is what this program is for
            self._read = (put, code)
        return self._read[1]

    def _sorry(self, words: str) -> str:
        return _SORRY.format(environment=escape(self.environment), words=escape(words))


def handler_of(site: Site) -> type[BaseHTTPRequestHandler]:
    """The HTTP side of a site."""

    class Handler(BaseHTTPRequestHandler):
        """Answers for one environment."""

        protocol_version = "HTTP/1.1"
        server_version = "payments"
        timeout = 30
        wbufsize = -1  # head and body leave together; apart, the second would wait for the first to be acknowledged

        def do_GET(self) -> None:
            """Answer a reader."""
            status, kind, body = site.answer(self.path)
            self._send(status, kind, body.encode())

        do_HEAD = do_GET  # noqa: N815 - as above

        def _send(self, status: int, kind: str, body: bytes) -> None:
            self.send_response(HTTPStatus(status))
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing: the page asks for its version all the time."""

    return Handler


class Server(ThreadingHTTPServer):
    """Many readers, none of whom keeps it alive."""

    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        """Say nothing of a reader who went away in the middle."""


def main() -> int:
    """Serve until standard input ends."""
    parser = argparse.ArgumentParser(description="Serves what stands in an environment's folder.")
    parser.add_argument("--environment", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--state", type=Path, required=True)
    given = parser.parse_args()
    try:
        server = Server(("127.0.0.1", given.port), handler_of(Site(given.environment, Place(given.state))))
    except OSError as trouble:
        sys.stderr.write(f"Port {given.port} can't be used: {trouble.strerror}.\n")
        return 1
    with server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        sys.stdin.buffer.read()
        server.shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main())
