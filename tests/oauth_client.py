"""A client of the token endpoint for the tests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.test import Client

from scim_provisioning import credentials
from scim_provisioning.credentials import Kind
from tests.scim_client import ScimClient, basic

FORM = "application/x-www-form-urlencoded"


@dataclass
class OAuthClient:
    """Knows the client id and secret of one connection."""

    connection: ScimClient
    client_id: str
    secret: str

    @property
    def body(self) -> dict[str, str]:
        return {"client_id": self.client_id, "client_secret": self.secret}

    @property
    def basic(self) -> str:
        return basic(self.client_id, self.secret)

    def ask(self, path: str = "/oauth/token", authorization: str | None = None, **fields: Any):
        """Send a form; a field of None is left out."""
        given = {"grant_type": "client_credentials", **fields}
        body = urlencode({name: value for name, value in given.items() if value is not None})
        return self.raw(body.encode(), path=path, authorization=authorization)

    def raw(
        self,
        body: bytes,
        *,
        path: str = "/oauth/token",
        content_type: str = FORM,
        authorization: str | None = None,
        **extra: Any,
    ):
        headers = {"authorization": authorization} if authorization else {}
        http = Client(raise_request_exception=False)
        return http.generic(
            "POST", path, data=body, content_type=content_type, headers=headers, **extra
        )

    def scim(self, answer: Any) -> ScimClient:
        """Return a SCIM client that sends the token of an answer."""
        token = answer.json()["access_token"]
        return ScimClient(self.connection.connection, token, self.connection.username)


def make_oauth(scim: ScimClient, **options: Any) -> OAuthClient:
    made = credentials.make(scim.connection, Kind.CLIENT, **options)
    return OAuthClient(scim, made.client_id or "", made.secret)
