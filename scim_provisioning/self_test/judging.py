"""Why an answer would not content an identity provider, and what helps."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .exchange import Answer, Problem

LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
SCIM = "application/scim+json"
STATUSES: dict[int, Any] = {
    400: gettext_lazy("The events and the log tell what it did not understand."),
    401: gettext_lazy("Is the connection's own account disabled? Is HTTP Basic turned off?"),
    403: gettext_lazy("Does the acting user still belong to this connection?"),
    404: gettext_lazy("The address leads to another page: look at the proxy and at PUBLIC_URL."),
    429: gettext_lazy("Too many requests arrive: raise the limit, or try again later."),
    503: gettext_lazy("The database cannot be reached. It heals by itself."),
}


def _status_problem(answer: Answer) -> Problem:
    if answer.status == 200:
        return "", ""
    fix = STATUSES.get(answer.status, _("The answer, or the log of the proxy, tells more."))
    return _("It answered %(status)s instead of 200.") % {"status": answer.status}, str(fix)


def token_problem(answer: Answer) -> Problem:
    """Return why this is not the answer of a token endpoint."""
    if (found := _status_problem(answer)) != ("", "") or answer.json().get("access_token"):
        return found
    return _("The answer holds no token."), _("Does the address lead to the token endpoint?")


def list_problem(answer: Answer) -> Problem:
    """Return why this is not the empty list that identity providers take for a success."""
    if (found := _status_problem(answer)) != ("", ""):
        return found
    body = answer.json()
    if not answer.headers.get("Content-Type", "").startswith(SCIM):
        return _("The answer is not SCIM."), str(STATUSES[404])
    if LIST not in body.get("schemas", ()) or body.get("totalResults") != 0:
        return _("The answer is no empty list."), str(STATUSES[404])
    return "", ""
