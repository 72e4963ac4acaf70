"""nginx with the file of ``docs/deploy``, on free ports of the loopback address."""

from __future__ import annotations

import getpass
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.packaging.site import ROOT
from tests.peers.processes import free_port

CONF = ROOT / "docs" / "deploy" / "nginx.conf"
NAMES = "subjectAltName=DNS:portal.example.com,IP:127.0.0.1"
MAIN = """
user {user}; daemon off; pid {folder}/pid; error_log {folder}/error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    include {folder}/portal.conf;
}}
"""
"""What a distribution's own nginx.conf says around the file, without a path of the system."""


def certify(folder: Path) -> None:
    """Make a certificate of the names that tests use, and its key."""
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    command += ["-nodes", "-subj", "/CN=portal.example.com", "-addext", NAMES]
    command += ["-keyout", str(folder / "privkey.pem"), "-out", str(folder / "fullchain.pem")]
    subprocess.run(command, check=True, capture_output=True)


@dataclass(frozen=True)
class Proxy:
    """A running nginx."""

    process: subprocess.Popen
    certificate: Path
    https: int
    http: int


@contextmanager
def proxied(folder: Path, portal: int) -> Iterator[Proxy]:
    """Run nginx before a portal's port."""
    certify(folder)
    https, http = free_port(), free_port()
    text = CONF.read_text().replace("/etc/ssl/portal", str(folder))
    text = text.replace("server 127.0.0.1:8000 ", f"server 127.0.0.1:{portal} ")
    text = re.sub(r"listen \[::\].*", "", text)
    text = text.replace("listen 80;", f"listen 127.0.0.1:{http};")
    text = text.replace("listen 443 ", f"listen 127.0.0.1:{https} ")
    (folder / "portal.conf").write_text(text)
    (folder / "nginx.conf").write_text(MAIN.format(folder=folder, user=getpass.getuser()))
    command = ["nginx", "-c", folder / "nginx.conf", "-e", folder / "error.log"]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 30
        while not (folder / "pid").exists():
            assert process.poll() is None, (folder / "error.log").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield Proxy(process, folder / "fullchain.pem", https, http)
    finally:
        process.terminate()
        process.wait(30)
