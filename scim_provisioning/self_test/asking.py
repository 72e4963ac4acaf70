"""What an identity provider's own connection test asks, in its words."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlencode, urlsplit
from uuid import uuid4

from django.utils.translation import gettext as _

from scim_provisioning import connections, credentials
from scim_provisioning.guides import Dialect, Guide, Scheme
from scim_provisioning.models import Connection

from .exchange import Ask, Exchange, send
from .judging import SCIM, list_problem, token_problem


@dataclass(frozen=True, slots=True)
class ConnectionTest:
    """What is asked, in whose words, and by which credential."""

    connection: Connection
    guide: Guide
    secret: str

    def exchanges(self, base: str, headers: Mapping[str, str]) -> Iterator[Exchange]:
        """Yield each exchange; the first that fails is the last."""
        authorization = self._basic() if self.guide.scheme is Scheme.BASIC else self.secret
        if self.guide.scheme is Scheme.OAUTH:
            found, token = self._token(base, headers)
            yield found
            if found.problem:
                return
            authorization = token
        if self.guide.scheme is not Scheme.BASIC:
            authorization = f"Bearer {authorization}"
        for ask in self._asks(base, {**headers, "Authorization": authorization}):
            found, _body = send(ask, list_problem)
            yield found
            if found.problem:
                return

    def _basic(self) -> str:
        return _pair(self.connection.acting_user.get_username(), self.secret)

    def _token(self, base: str, headers: Mapping[str, str]) -> tuple[Exchange, str]:
        """Fetch an access token as the identity provider does (RFC 6749 section 4.4)."""
        path = urlsplit(connections.token_endpoint() or "").path
        url = urlsplit(base)._replace(path=path).geturl()
        form = {"grant_type": "client_credentials", "scope": "scim.read"}
        client = credentials.client(self.connection).client_id
        sent = {**headers, "Content-Type": "application/x-www-form-urlencoded"}
        if self.guide.dialect is Dialect.ENTRA:
            form |= {"client_id": client, "client_secret": self.secret}
        else:
            sent["Authorization"] = _pair(client, self.secret)
        ask = Ask(_("It fetches a token"), "POST", url, sent, urlencode(form))
        found, body = send(ask, token_problem)
        return found, str(body.get("access_token", ""))

    def _asks(self, base: str, headers: dict[str, str]) -> Iterator[Ask]:
        """Yield the requests of the connection test: for what cannot be there."""
        sent = {"Accept": SCIM, **headers}
        nobody = str(uuid4())
        match self.guide.dialect:
            case Dialect.ENTRA:
                user = f"/Users?filter=userName+eq+%22{nobody}%22"
                group = f"/Groups?excludedAttributes=members&filter=displayName+eq+%22{nobody}%22"
            case Dialect.OKTA:
                sent["User-Agent"] = "Okta SCIM Client 1.0.0"
                page = "&startIndex=1&count=100"
                user = "/Users?filter=" + quote(f'userName eq "{nobody}@okta.example"') + page
                group = "/Groups?filter=" + quote(f'displayName eq "{nobody}"') + page
            case Dialect.GENERIC:
                user = "/Users?filter=" + quote(f'userName eq "{nobody}"')
                group = "/Groups?filter=" + quote(f'displayName eq "{nobody}"')
        yield Ask(_("It looks for a user who cannot exist"), "GET", base + user, sent)
        yield Ask(_("It looks for a group that cannot exist"), "GET", base + group, sent)


def _pair(name: str, secret: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()
