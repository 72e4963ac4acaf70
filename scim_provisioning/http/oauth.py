"""The token endpoint and revocation (RFC 6749 sections 4.4 and 5, RFC 7009).

Parameters are read strictly here and handed on in one form, wherever they stood; what a
client may have is decided in ``auth.grants``.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl, unquote_plus, urlencode

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, InterfaceError, connections, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import translation
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.generic import View
from oauthlib.oauth2 import InvalidClientError, InvalidRequestError, OAuth2Error

from scim_provisioning.auth import grants
from scim_provisioning.protocol.errors import Retryable, ScimError

from . import database
from .base import LANGUAGE
from .limits import client_address
from .negotiation import read_body

FORM = "application/x-www-form-urlencoded"
MOST_BYTES = 16 * 1024
MOST_HEADER = 2048
MOST_PARAMETERS = 50
SECRETS = ("client_secret", "client_assertion")
KNOWN = frozenset(
    {"grant_type", "scope", "client_id", "token", "token_type_hint", "client_assertion_type"}
).union(SECRETS)
CHALLENGE = 'Basic realm="oauth", charset="UTF-8"'

Parameters = dict[str, str]


class OAuthView(View):
    """An endpoint for clients: forms in, JSON out, errors as RFC 6749 section 5.2 has them."""

    http_method_names = ["post"]

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        """Return the view function: open to clients without a session or a CSRF token."""
        view = super().as_view(**initkwargs)
        for alias in connections:
            view = transaction.non_atomic_requests(alias)(view)
        return csrf_exempt(login_not_required(view))

    @method_decorator(sensitive_post_parameters())
    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """Answer; whatever is wrong with a request is told in the OAuth form."""
        try:
            with translation.override(LANGUAGE):
                return super().dispatch(request, *args, **kwargs)
        except OAuth2Error as error:
            return refused(error.error, error.description, error.status_code)
        except ScimError as error:
            return _refused_by_us(error)
        except (DatabaseError, InterfaceError) as error:
            database.heal()
            if (found := database.translate(error)) is None:
                raise
            return _refused_by_us(found)

    def http_method_not_allowed(
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Say that only POST is taken (RFC 6749 section 3.2)."""
        response = refused("invalid_request", "Send a POST.", 405)
        response["Allow"] = "POST"
        return response

    @sensitive_variables()
    def post(self, request: HttpRequest) -> HttpResponse:
        """Read the parameters, and answer with what the server says to them."""
        body = urlencode(read_parameters(request))
        content, status = self.ask(grants.server(client_address(request)), body)
        document = json.loads(content) if content else {}
        if "error" in document:
            return refused(document["error"], document.get("error_description"), status)
        return answer(document, status)

    def ask(self, server: Any, body: str) -> tuple[str, int]:
        """Return oauthlib's answer to a body: JSON and status."""
        raise NotImplementedError


class Token(OAuthView):
    """``/oauth/token``: an access token for client credentials (RFC 6749 section 4.4)."""

    def ask(self, server: Any, body: str) -> tuple[str, int]:
        """Issue a token."""
        _, content, status = server.create_token_response("/", "POST", body, {})
        return content, status


class Revoke(OAuthView):
    """``/oauth/revoke``: a client gives a token back (RFC 7009)."""

    def ask(self, server: Any, body: str) -> tuple[str, int]:
        """Revoke a token of this client; one that is none of its is no error."""
        _, content, status = server.create_revocation_response("/", "POST", body, {})
        return content, status


def answer(document: dict[str, Any], status: int = 200) -> HttpResponse:
    """Return JSON that nobody keeps (RFC 6749 section 5.1)."""
    headers = {"Cache-Control": "no-store", "Pragma": "no-cache", "Content-Language": LANGUAGE}
    return JsonResponse(document, status=status, headers=headers)


def refused(error: str, description: str | None, status: int) -> HttpResponse:
    """Return an error (RFC 6749 section 5.2); a client that is not known is challenged."""
    document = {"error": error}
    if error == "invalid_client":
        description = "The client is not known, or did not prove that it is the one."
    if description:
        document["error_description"] = description
    response = answer(document, status)
    if status == 401:
        response["WWW-Authenticate"] = CHALLENGE
    return response


def _refused_by_us(error: ScimError) -> HttpResponse:
    retryable = isinstance(error, Retryable)
    name = "temporarily_unavailable" if retryable else "invalid_request"
    response = refused(name, error.detail, error.status)
    if isinstance(error, Retryable):
        response["Retry-After"] = str(error.retry_after)
    return response


@sensitive_variables()
def read_parameters(request: HttpRequest) -> Parameters:
    """Return what a client sent, wherever it may stand; raise InvalidRequestError.

    The client proves itself in one way: in the header, or in the body. Only ``scope`` may
    stand in the URL, where Okta puts it; an unknown parameter of the body is ignored.
    """
    found = _form(request)
    for name, value in _query(request).items():
        if found.setdefault(name, value) != value:
            raise InvalidRequestError(f"The {name} of the URL is not that of the body.")
    ways = [name for name in SECRETS if name in found]
    header = request.META.get("HTTP_AUTHORIZATION", "").strip()
    if len(ways) + bool(header) > 1:
        raise InvalidRequestError("Send the client's credentials once: in the header or the body.")
    if header:
        client_id, secret = _basic(header)
        if found.setdefault("client_id", client_id) != client_id:
            raise InvalidRequestError("The client_id of the body is not that of the header.")
        found["client_secret"] = secret
    return {name: value for name, value in found.items() if name in KNOWN}


def _form(request: HttpRequest) -> Parameters:
    if request.content_type != FORM:
        raise InvalidRequestError(f"Send the parameters as {FORM}, not as JSON or anything else.")
    charset = (request.content_params or {}).get("charset", "utf-8")
    if charset.lower() not in ("utf-8", "utf8"):
        raise InvalidRequestError("Send UTF-8.")
    return _parsed(read_body(request, MOST_BYTES), "body")


def _query(request: HttpRequest) -> Parameters:
    found = _parsed(request.META.get("QUERY_STRING", "").encode("latin-1", "replace"), "URL")
    if found.keys() - {"scope"}:
        raise InvalidRequestError("Of all parameters only scope may stand in the URL.")
    return found


def _parsed(content: bytes, where: str) -> Parameters:
    """Return the parameters; one without a value counts as left out (RFC 6749 section 3.2)."""
    try:
        pairs = parse_qsl(
            content.decode(),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=MOST_PARAMETERS,
        )
    except ValueError:
        raise InvalidRequestError(f"The {where} is not a form in UTF-8.") from None
    return _once([(name, value) for name, value in pairs if value], where)


def _once(pairs: Iterable[tuple[str, str]], where: str) -> Parameters:
    found: Parameters = {}
    for name, value in pairs:
        if name not in KNOWN:
            found.setdefault(name, value)
            continue
        if name in found:
            raise InvalidRequestError(f"The {where} repeats {name}.")
        if not value.isprintable():
            raise InvalidRequestError(f"The {name} in the {where} holds control characters.")
        found[name] = value
    return found


def _basic(header: str) -> tuple[str, str]:
    """Return client id and secret, each form-encoded (RFC 6749 section 2.3.1)."""
    scheme, _, encoded = header.partition(" ")
    if len(header) > MOST_HEADER:
        raise InvalidClientError
    try:
        pair = base64.b64decode(encoded.strip(), validate=True).decode()
        client_id, colon, secret = pair.partition(":")
        found = unquote_plus(client_id, errors="strict"), unquote_plus(secret, errors="strict")
    except (binascii.Error, ValueError):
        raise InvalidClientError from None
    readable = all(part and part.isprintable() for part in found)
    if scheme.lower() != "basic" or not colon or not readable:
        raise InvalidClientError
    return found
