"""A SCIM client for the tests: Django's test client with a connection's credentials."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_user_model
from django.db import models
from django.test import Client

PREFIX = "/rest/scim/v2"
WANTS_EMAIL = isinstance(
    get_user_model()._meta.get_field(get_user_model().USERNAME_FIELD), models.EmailField
)
"""Whether the site's user names are e-mail addresses."""
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
SEARCH = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"
BULK_REQUEST = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
BULK_RESPONSE = "urn:ietf:params:scim:api:messages:2.0:BulkResponse"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"


def basic(*pair: str) -> str:
    """Return a header of HTTP Basic (RFC 7617)."""
    return "Basic " + base64.b64encode(":".join(pair).encode()).decode()


@dataclass
class Answer:
    """A response: ``body`` is the JSON, None where there is none."""

    status: int
    headers: Any
    body: Any

    @property
    def scim_type(self):
        return self.body.get("scimType") if self.body else None


class ScimClient:
    """Speaks for one connection."""

    def __init__(self, connection, token: str, username: str, **options: Any) -> None:
        self.connection = connection
        self.token = token
        self.username = username
        self.http = Client(raise_request_exception=False, **options)

    @property
    def bearer(self) -> str:
        return f"Bearer {self.token}"

    @property
    def basic(self) -> str:
        return basic(self.username, self.token)

    def send(self, method: str, path: str, body: Any = None, **headers: Any) -> Answer:
        """Send a request; ``headers`` are keywords with underscores, None leaves one out."""
        given = {"authorization": self.bearer, "content_type": "application/scim+json"}
        given |= {"accept": "application/scim+json", **headers}
        named = {k.replace("_", "-"): v for k, v in given.items() if v is not None}
        content_type = named.pop("content-type", "")
        data = (
            body if isinstance(body, bytes | str) else json.dumps(body) if body is not None else ""
        )
        response = self.http.generic(
            method, PREFIX + path, data=data, content_type=content_type, headers=named
        )
        content = b"".join(response) if response.streaming else response.content
        return Answer(
            response.status_code, response.headers, json.loads(content) if content else None
        )

    def sender(self, authorization: str):
        """Return ``send`` as the wire corpus wants it."""

        def send(method, path, headers, body):
            given = {"Authorization": authorization, **headers}
            named = {k.lower().replace("-", "_"): v for k, v in given.items()}
            answer = self.send(method, path, body, **named)
            return answer.status, answer.headers, answer.body

        return send

    def get(self, path: str, **headers: Any) -> Answer:
        return self.send("GET", path, **headers)

    def post(self, path: str, body: Any, **headers: Any) -> Answer:
        return self.send("POST", path, body, **headers)

    def put(self, path: str, body: Any, **headers: Any) -> Answer:
        return self.send("PUT", path, body, **headers)

    def delete(self, path: str, **headers: Any) -> Answer:
        return self.send("DELETE", path, **headers)

    def patch(self, path: str, *operations: Any, **headers: Any) -> Answer:
        body = {"schemas": [PATCH_OP], "Operations": list(operations)}
        return self.send("PATCH", path, body, **headers)

    def search(self, endpoint: str, filter_: str, **parameters: Any) -> Answer:
        return self.post(
            f"{endpoint}/.search", {"schemas": [SEARCH], "filter": filter_, **parameters}
        )

    def user(self, user_name: str = "ada@example.com", **attributes: Any) -> dict[str, Any]:
        """Create a user and return it."""
        body = {"schemas": [USER, ENTERPRISE], "userName": user_name, **attributes}
        answer = self.post("/Users", body)
        assert answer.status == 201, answer.body
        return answer.body

    def group(self, name: str = "Ops", members: Any = ()) -> dict[str, Any]:
        """Create a group with members of these ids and return it."""
        entries = [{"value": member} for member in members]
        body = {"schemas": [GROUP], "displayName": name, "members": entries}
        answer = self.post("/Groups", body)
        assert answer.status == 201, answer.body
        return answer.body
