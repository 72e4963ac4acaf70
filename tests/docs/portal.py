"""A portal whose commands cost no start: one process loads Django, and forks for each of them.

Run as a program it listens at a socket; each client sends arguments and its standard streams.
A command works in the folder that the client is in, where the database is, too.
"""

from __future__ import annotations

import json
import os
import runpy
import signal
import socket
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CLIENT = """\
#!{python} -IS
import json, os, socket, sys
if sys.argv[1:2] not in (["manage.py"], ["-"], ["serve"]):
    os.execv({python!r}, [{python!r}, *sys.argv[1:]])
server = socket.socket(socket.AF_UNIX)
server.connect({path!r})
request = json.dumps([os.getcwd(), dict(os.environ), sys.argv[1:]]).encode()
socket.send_fds(server, [len(request).to_bytes(4, "big")], [0, 1, 2])
server.sendall(request)
sys.exit(int(server.recv(4) or b"1"))
"""
"""What is called ``python3`` in the blocks: a start of Python without its library takes 20 ms."""


def listen(path: str) -> None:
    """Answer clients until killed."""
    sys.path.insert(0, str(ROOT))
    import django

    django.setup()
    # What every command and every page needs is loaded once.
    from django.core.management import get_commands
    from django.urls import get_resolver

    get_commands()
    _ = get_resolver().url_patterns
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen()
        print("ready", flush=True)
        while True:
            client, _ = server.accept()
            if os.fork() == 0:
                server.close()
                _answer(client)
            client.close()


def _answer(client: socket.socket) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    size, streams, _, _ = socket.recv_fds(client, 4, 3)
    request = b""
    while len(request) < int.from_bytes(size, "big"):
        request += client.recv(65536)
    folder, environment, arguments = json.loads(request)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    os.chdir(folder)
    os.environ.update(environment)
    status = _run(arguments)
    client.sendall(str(status).encode())
    os._exit(status)


def _run(arguments: list[str]) -> int:
    try:
        _do(arguments)
    except SystemExit as end:
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        sys.excepthook(*sys.exc_info())
        return 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    return 0


def _do(arguments: list[str]) -> None:
    match arguments:
        case ["serve"]:
            _serve()
        case ["-"]:
            exec(compile(sys.stdin.read(), "<block>", "exec"), {"__name__": "__main__"})
        case ["manage.py", *rest]:
            # It serves on a port of its own, and is served here already.
            rest += ["--no-serve"] if rest[:1] == ["quickstart"] else []
            sys.argv = [str(ROOT / "manage.py"), *rest]
            runpy.run_path(sys.argv[0], run_name="__main__")


def _serve() -> None:
    """Serve on a free port, and say which."""
    from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
    from django.core.wsgi import get_wsgi_application

    server = ThreadedWSGIServer(("127.0.0.1", 0), WSGIRequestHandler)
    server.set_app(get_wsgi_application())
    print(server.server_port, flush=True)
    print(os.getpid(), flush=True)
    server.serve_forever()


if __name__ == "__main__":
    listen(sys.argv[1])
