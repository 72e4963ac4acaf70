"""Serve the site of ``DJANGO_SETTINGS_MODULE`` on a free port, which is the first line printed."""

from __future__ import annotations

import signal
import sys
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from django.core.wsgi import get_wsgi_application


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Handler(WSGIRequestHandler):
    def log_message(self, *_):
        """Say nothing."""


def main():
    # An end that lets the process tell what it ran.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    with make_server(
        "127.0.0.1", 0, get_wsgi_application(), server_class=Server, handler_class=Handler
    ) as server:
        print(server.server_port, flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
