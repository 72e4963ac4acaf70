"""A certified OpenID Provider (npm's oidc-provider) as an issuer of client credentials."""

from __future__ import annotations

import base64
import json
import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import jwt

from tests.tokens import ec_key, rsa_key

from .node import script
from .processes import free_port, running

SCRIPT = Path(__file__).with_suffix(".mjs")
CLIENT = "scim-client"


def private(name: str) -> dict[str, Any]:
    """Return a private key as the provider wants it: ``ec``, or any other name for RSA."""
    name, algorithm = (name, "ES256") if name == "ec" else (name, "RS256")
    key = ec_key() if name == "ec" else rsa_key(name)
    made = jwt.get_algorithm_by_name(algorithm).to_jwk(key, as_dict=True)
    made.pop("key_ops", None)
    return {**made, "kid": name, "use": "sig", "alg": algorithm}


class CertifiedIssuer:
    """The provider, to be started with these keys or those, stopped, and frozen."""

    def __init__(self, script: Path) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.script = script
        self.home = script.parent
        self.stack = ExitStack()
        self.keys: tuple[str, ...] = ()

    def start(self, *keys: str) -> None:
        """Have it run with the keys of these names, started anew where it has others."""
        if keys == self.keys:
            return
        self.stop()
        (self.home / "keys.json").write_text(json.dumps({"keys": list(map(private, keys))}))
        command = ["node", str(self.script), str(self.port), "keys.json"]
        ready = f"{self.url}/.well-known/openid-configuration"
        log = self.home / "log"
        self.process = self.stack.enter_context(running(command, ready, log, cwd=self.home))
        self.keys = keys

    def stop(self) -> None:
        """End it: nobody answers any more."""
        self.stack.close()
        self.keys = ()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """It takes connections, and answers none of them."""
        os.kill(self.process.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self.process.pid, signal.SIGCONT)

    def token(self, resource: str = "", scope: str = "scim", client: str = CLIENT) -> str:
        """Fetch a token by client credentials."""
        form = {"grant_type": "client_credentials", "scope": scope, "resource": resource}
        pair = f"{client}:{client}-secret-0123456789abcdef"
        headers = {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}
        body = urlencode({name: value for name, value in form.items() if value}).encode()
        return ask(Request(f"{self.url}/token", body, headers))[1]["access_token"]


@contextmanager
def certified() -> Iterator[CertifiedIssuer]:
    """Give a provider, not yet started, and end it."""
    with script(SCRIPT) as copied:
        found = CertifiedIssuer(copied)
        try:
            yield found
        finally:
            found.stop()


def ask(request: Request) -> tuple[int, Any]:
    """Return status and JSON of an answer, whatever the status."""
    try:
        with urlopen(request, timeout=30) as answer:
            return answer.status, json.load(answer)
    except HTTPError as error:
        with error:
            return error.code, json.load(error)
