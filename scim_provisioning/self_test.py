"""*Test*: the identity provider's own connection test, run by the site against itself over HTTP.

It goes to the public URL, as the identity provider would, and only where that cannot be
reached from here to the address this site is served at. A credential is made for it, and is
gone when it ends. The site has to answer one request while it handles another: each
exchange is given a few seconds, and where nothing else serves, the outcome says so.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit
from uuid import uuid4

import urllib3
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from urllib3.exceptions import HTTPError, ReadTimeoutError, SSLError

from . import connections, credentials
from .auth import client_secrets, personal_tokens
from .credentials import Kind
from .guides import Dialect, Guide, Scheme
from .models import Connection

TIMEOUT = 5.0
"""Seconds for each exchange."""
LIFETIME = timedelta(minutes=2)
"""How long the credential would live if this process died before it took it away."""
MOST_BYTES = 64 * 1024
HIDDEN = "••••••"
LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
SCIM = "application/scim+json"
MOST_SHOWN = 300


@dataclass(frozen=True, slots=True)
class Place:
    """Where the site is: what clients call, and where this very server listens, if it is known."""

    site: str
    local: str | None = None
    local_headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer, without secrets; ``problem`` is empty where it passed."""

    title: str
    request: str
    answer: str
    milliseconds: int
    problem: str = ""
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a test; ``unreachable`` says why it went to the local address."""

    base_url: str
    exchanges: tuple[Exchange, ...]
    unreachable: str = ""

    @property
    def passed(self) -> bool:
        """Whether the identity provider would be content."""
        return bool(self.exchanges) and not any(one.problem for one in self.exchanges)


@dataclass(frozen=True, slots=True)
class _Ask:
    """A request to be sent."""

    title: str
    method: str
    url: str
    headers: dict[str, str]
    body: str = ""


class _Unreachable(Exception):
    """Nothing answered at an address: the text says why, for people."""


def run(connection: Connection, guide: Guide, place: Place) -> Outcome:
    """Test a connection as the guide's identity provider does."""
    base = connections.base_url(place.site)
    with _unseen(connection), _credential(connection, guide.kind) as secret:
        tested = _Test(connection, guide, secret)
        try:
            return Outcome(base, tuple(tested.exchanges(base, {})))
        except _Unreachable as problem:
            reason = str(problem)
        if place.local is None:
            return Outcome(base, (), reason)
        local = place.local + urlsplit(base).path
        try:
            return Outcome(local, tuple(tested.exchanges(local, place.local_headers)), reason)
        except _Unreachable as problem:
            return Outcome(base, (), f"{reason} {problem}")


@contextmanager
def _credential(connection: Connection, kind: Kind) -> Iterator[str]:
    """Give a secret that reads, for the time of a test."""
    facts: dict[str, Any] = {
        "scopes": "scim.read",
        "expires": timezone.now() + LIFETIME,
        "description": "Connection test",
    }
    row: Any
    if kind is Kind.CLIENT:
        row, secret = client_secrets.create(connection, **facts)
    else:
        row, secret = personal_tokens.create(connection.acting_user, **facts)
    try:
        yield secret
    finally:
        row.delete()


@contextmanager
def _unseen(connection: Connection) -> Iterator[None]:
    """Leave when the identity provider was seen as it was: this is not it."""
    began = timezone.now()
    before = Connection.objects.values("first_seen", "last_seen").get(pk=connection.pk)
    try:
        yield
    finally:
        Connection.objects.filter(pk=connection.pk, last_seen__gte=began).update(**before)


@dataclass(frozen=True, slots=True)
class _Test:
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
            found, _body = _exchange(ask, _list_problem)
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
        ask = _Ask(_("It fetches a token"), "POST", url, sent, urlencode(form))
        found, body = _exchange(ask, _token_problem)
        return found, str(body.get("access_token", ""))

    def _asks(self, base: str, headers: dict[str, str]) -> Iterator[_Ask]:
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
        yield _Ask(_("It looks for a user who cannot exist"), "GET", base + user, sent)
        yield _Ask(_("It looks for a group that cannot exist"), "GET", base + group, sent)


def _pair(name: str, secret: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()


Problem = tuple[str, str]
"""What is wrong, and what helps; both empty where nothing is."""


@dataclass(frozen=True, slots=True)
class _Answer:
    """What came back, read as far as the limit."""

    status: int
    headers: Mapping[str, str]
    text: str

    def json(self) -> dict[str, Any]:
        """Return the JSON object; an empty one where there is none."""
        try:
            found = json.loads(self.text)
        except (ValueError, RecursionError):
            found = None
        return found if isinstance(found, dict) else {}


def _exchange(ask: _Ask, judge: Callable[[_Answer], Problem]) -> tuple[Exchange, dict[str, Any]]:
    """Send a request; return what happened, and the JSON of the answer."""
    started = time.monotonic()
    try:
        answer = _send(ask)
    except TimeoutError:
        told, problem, body = "", _busy(), {}
    else:
        told, problem, body = _shown_answer(answer), judge(answer), answer.json()
    spent = round((time.monotonic() - started) * 1000)
    return Exchange(ask.title, _shown_request(ask), told, spent, *problem), body


def _send(ask: _Ask) -> _Answer:
    """Return the answer; raise _Unreachable, or TimeoutError where it does not come in time."""
    try:
        with urllib3.PoolManager() as pool:
            reply = pool.request(
                ask.method,
                ask.url,
                headers={**ask.headers, "Connection": "close"},
                body=ask.body or None,
                timeout=urllib3.Timeout(total=TIMEOUT),
                retries=False,
                redirect=False,
                preload_content=False,
            )
            text = reply.read(MOST_BYTES).decode(errors="replace")
            return _Answer(reply.status, reply.headers, text)
    except ReadTimeoutError:
        raise TimeoutError from None
    except (HTTPError, OSError, ValueError) as error:
        raise _Unreachable(_reason(error, ask.url)) from None


def _reason(error: Exception, url: str) -> str:
    host = urlsplit(url).netloc
    if isinstance(error, SSLError):
        return _("%(host)s has no certificate that this machine trusts.") % {"host": host}
    return _("%(host)s cannot be reached from here.") % {"host": host}


def _busy() -> Problem:
    return (
        _("No answer came within %(seconds)d seconds.") % {"seconds": TIMEOUT},
        _(
            "A site served by one worker that takes one request at a time cannot answer itself"
            " while it shows this page: serve it by two (for gunicorn --workers 2 or --threads 2),"
            " and test again."
        ),
    )


STATUSES: dict[int, Any] = {
    400: gettext_lazy("The events and the log tell what it did not understand."),
    401: gettext_lazy("Is the connection's own account disabled? Is HTTP Basic turned off?"),
    403: gettext_lazy("Does the acting user still belong to this connection?"),
    404: gettext_lazy("The address leads to another page: look at the proxy and at PUBLIC_URL."),
    429: gettext_lazy("Too many requests arrive: raise the limit, or try again later."),
    503: gettext_lazy("The database cannot be reached. It heals by itself."),
}


def _status_problem(answer: _Answer) -> Problem:
    if answer.status == 200:
        return "", ""
    fix = STATUSES.get(answer.status, _("The answer, or the log of the proxy, tells more."))
    return _("It answered %(status)s instead of 200.") % {"status": answer.status}, str(fix)


def _token_problem(answer: _Answer) -> Problem:
    if (found := _status_problem(answer)) != ("", "") or answer.json().get("access_token"):
        return found
    return _("The answer holds no token."), _("Does the address lead to the token endpoint?")


def _list_problem(answer: _Answer) -> Problem:
    """Return why this is not the empty list that identity providers take for a success."""
    if (found := _status_problem(answer)) != ("", ""):
        return found
    body = answer.json()
    if not answer.headers.get("Content-Type", "").startswith(SCIM):
        return _("The answer is not SCIM."), str(STATUSES[404])
    if LIST not in body.get("schemas", ()) or body.get("totalResults") != 0:
        return _("The answer is no empty list."), str(STATUSES[404])
    return "", ""


def _shown_request(ask: _Ask) -> str:
    """Return a request as it went out, without its secrets."""
    parts = urlsplit(ask.url)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    headers = {"Host": parts.netloc, **ask.headers}
    if "Authorization" in headers:
        scheme = headers["Authorization"].partition(" ")[0]
        headers["Authorization"] = f"{scheme} {HIDDEN}"
    lines = [f"{ask.method} {target} HTTP/1.1", *(f"{k}: {v}" for k, v in headers.items())]
    body = parse_qsl(ask.body)
    form = "&".join(f"{k}={HIDDEN if 'secret' in k else v}" for k, v in body)
    return "\n".join([*lines, *(["", form] if form else [])])


def _shown_answer(answer: _Answer) -> str:
    """Return an answer as it came, laid out, without a token."""
    shown = ("Content-Type", "X-Request-Id", "Location", "Retry-After")
    lines = [f"{answer.status}", *(f"{k}: {v}" for k in shown if (v := answer.headers.get(k)))]
    body = answer.json()
    if "access_token" in body:
        body["access_token"] = HIDDEN
    text = json.dumps(body, indent=2, ensure_ascii=False) if body else answer.text[:MOST_SHOWN]
    return "\n".join([*lines, "", text])
