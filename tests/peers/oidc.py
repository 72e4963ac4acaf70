"""A real, certified OpenID Provider: npm's oidc-provider, on loopback."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin

import requests

from .node import MISSING, script
from .processes import free_port, running

HERE = Path(__file__).parent / "oidc"


def missing() -> str | None:
    """Return why the peer cannot run here, None where it can."""
    return MISSING


@dataclass
class OidcPeer:
    """The running provider; ``keys`` are its private keys, by algorithm."""

    url: str
    keys: dict[str, dict[str, str]]

    def authorize(self, address: str, name: str) -> str:
        """Sign a person in where a portal sent them; return the address they come back to."""
        browser = requests.Session()
        page = browser.get(address, allow_redirects=False)
        for _ in range(12):
            if page.is_redirect:
                address = urljoin(page.url, page.headers["Location"])
                if not address.startswith(self.url):
                    return address
                page = browser.get(address, allow_redirects=False)
            else:
                form = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page.text))
                place = re.search(r'action="([^"]+)"', page.text)
                assert place, page.text
                filled = form | {"login": name, "password": "any"}
                page = browser.post(urljoin(page.url, place[1]), filled, allow_redirects=False)
        raise AssertionError("The provider sends people round in circles.")


@contextmanager
def serving(home: Path) -> Iterator[OidcPeer]:
    """Run the provider with its keys in a folder of its own."""
    url = f"http://127.0.0.1:{(port := free_port())}"
    ready = f"{url}/.well-known/openid-configuration"
    with (
        script(HERE / "op.mjs") as copied,
        running(["node", str(copied), str(port), str(home / "keys.json")], ready, home / "log"),
    ):
        keys = json.loads((home / "keys.json").read_text())["keys"]
        yield OidcPeer(url, {key["alg"]: key for key in keys})
