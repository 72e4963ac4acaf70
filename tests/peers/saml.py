"""A real SAML identity provider: Debian's SimpleSAMLphp, on loopback."""

from __future__ import annotations

import html
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, OpenerDirector, build_opener, urlopen

from .processes import free_port, running

WEB = Path("/usr/share/simplesamlphp/www")
HERE = Path(__file__).parent / "simplesamlphp"


def missing() -> str | None:
    """Return why the peer cannot run here, None where it can."""
    if shutil.which("php") is None or not WEB.is_dir():
        return "no SimpleSAMLphp is installed (Debian: apt install simplesamlphp php-cli php-xml)"
    if shutil.which("xmlsec1") is None:
        return "no xmlsec1 is installed (Debian: apt install xmlsec1)"
    return None


@dataclass
class SamlPeer:
    """The running provider; ``home`` has its keys, and the portals that may ask."""

    url: str
    home: Path

    @property
    def entity_id(self) -> str:
        return f"{self.url}/idp"

    def metadata(self) -> str:
        with urlopen(f"{self.url}/simplesaml/saml2/idp/metadata.php") as answer:
            return answer.read().decode()

    def trust(self, portal: str) -> None:
        """Let a portal ask."""
        path = self.home / "portals"
        if portal not in path.read_text().splitlines():
            with path.open("a") as file:
                file.write(f"{portal}\n")

    def respond(self, address: str, name: str, browser: OpenerDirector | None = None) -> str:
        """Sign a person in at the address a portal redirected to; return the SAMLResponse."""
        browser = browser or build_opener(HTTPCookieProcessor(CookieJar()))
        with browser.open(address) as page:
            place, text = page.url, page.read().decode()
        if 'name="SAMLResponse"' not in text:
            fields = _fields(text) | {"username": name, "password": f"{name}-pw"}
            with browser.open(place, urlencode(fields).encode()) as page:
                text = page.read().decode()
        return _fields(text)["SAMLResponse"]


def _fields(text: str) -> dict[str, str]:
    """Return the hidden fields of a form."""
    found = {}
    for tag in re.findall(r"<input[^>]*>", text):
        attributes = dict(re.findall(r'(\w+)="([^"]*)"', tag))
        if attributes.get("type") == "hidden" and "name" in attributes:
            found[attributes["name"]] = html.unescape(attributes.get("value", ""))
    return found


@contextmanager
def serving(home: Path) -> Iterator[SamlPeer]:
    """Run the provider with its files in a folder of its own."""
    url = f"http://127.0.0.1:{(port := free_port())}"
    for folder in ("cert", "log", "data", "tmp", "sess", "docroot", "metadata", "config"):
        (home / folder).mkdir()
    for name in ("config.php", "authsources.php"):
        shutil.copy(HERE / name, home / "config")
    for name in ("saml20-idp-hosted.php", "saml20-sp-remote.php"):
        shutil.copy(HERE / name, home / "metadata")
    (home / "portals").touch()
    (home / "docroot/simplesaml").symlink_to(WEB)
    make_key(home / "cert/idp")
    variables = {
        "PEER_HOME": str(home),
        "PEER_URL": url,
        "SIMPLESAMLPHP_CONFIG_DIR": str(home / "config"),
        "PHP_CLI_SERVER_WORKERS": "2",
    }
    quiet = ["-d", "error_reporting=E_ERROR", "-d", "display_errors=0"]
    command = ["php", *quiet, "-S", f"127.0.0.1:{port}", "-t", str(home / "docroot")]
    ready = f"{url}/simplesaml/saml2/idp/metadata.php"
    with running(command, ready, home / "log/out", env={**os.environ, **variables}):
        yield SamlPeer(url, home)


def make_key(path: Path) -> None:
    """Make a key and its certificate, ``.key`` and ``.crt``."""
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30"]
    command += ["-subj", "/CN=peer", "-keyout", f"{path}.key", "-out", f"{path}.crt"]
    subprocess.run(command, check=True, capture_output=True)
