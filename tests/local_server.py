"""A real HTTP server on a loopback port, whose answers a test decides."""

from __future__ import annotations

import json
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs


@dataclass
class Request:
    """What arrived."""

    method: str
    path: str
    headers: dict[str, str]
    form: dict[str, str]


@dataclass
class LocalServer:
    """Answers ``routes[path]``: JSON, bytes, or a function that drives the handler itself."""

    routes: dict[str, Any] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    url: str = ""

    def start(self, tls: ssl.SSLContext | None = None) -> Callable[[], None]:
        """Serve in a thread; return what stops it."""
        server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        if tls is not None:
            server.socket = tls.wrap_socket(
                server.socket, server_side=True, do_handshake_on_connect=False
            )
        server.daemon_threads = True
        server.block_on_close = False
        self.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=[0.01], daemon=True)
        thread.start()

        def stop():
            server.shutdown()
            server.server_close()
            thread.join()

        return stop

    def count(self, path: str) -> int:
        return sum(request.path == path for request in self.requests)

    def _handler(local):
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                length = int(self.headers.get("Content-Length") or 0)
                form = parse_qs(self.rfile.read(length).decode(), keep_blank_values=True)
                local.requests.append(
                    Request(
                        self.command,
                        self.path,
                        {name.lower(): value for name, value in self.headers.items()},
                        {name: values[0] for name, values in form.items()},
                    )
                )
                answer(self, local.routes.get(self.path), local.requests[-1])

            do_POST = do_GET

            def log_message(self, *args):
                pass

        return Handler


def answer(handler: Any, given: Any, request: Request) -> None:
    """Send an answer: None is 404, a function decides itself."""
    try:
        if callable(given):
            given(handler, request)
        elif given is None:
            send(handler, b"", 404)
        else:
            send(handler, given)
    except OSError:
        # The client went away: that is what some tests are about.
        pass


def send(handler: Any, body: Any, status: int = 200, **headers: str) -> None:
    """Send bytes, or anything else as JSON."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    handler.send_response(status)
    for name, value in {"Content-Length": str(len(content)), **headers}.items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(content)


def redirect(location: str) -> Callable[..., None]:
    return lambda handler, request: send(handler, b"", 302, Location=location)


def after(seconds: float, body: Any) -> Callable[..., None]:
    """Answer late."""

    def late(handler, request):
        time.sleep(seconds)
        send(handler, body)

    return late


def dripping(handler: Any, request: Request) -> None:
    """Send a byte now and then, for ever: no timeout between bytes notices."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000000")
    handler.end_headers()
    while True:
        handler.wfile.write(b" ")
        time.sleep(0.02)
