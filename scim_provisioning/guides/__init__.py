"""How each identity provider is connected: numbered steps in its own words, and what to paste.

A text between ``**`` is a word of the identity provider's pages, in the language that
these are documented in.
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from . import entra, okta
from .parts import TOKEN, Dialect, Fact, Guide, Mark, Scheme, Step

__all__ = ["BY_SLUG", "GUIDES", "Dialect", "Fact", "Guide", "Mark", "Scheme", "Step"]

GUIDES = (
    *okta.GUIDES,
    *entra.GUIDES,
    Guide(
        "generic",
        _("Another identity provider"),
        _("OneLogin, JumpCloud, PingOne, SailPoint, authentik, Keycloak and others."),
        Scheme.BEARER,
        Dialect.GENERIC,
        (
            TOKEN,
            Step(
                _("Where it asks for the SCIM 2.0 service, enter:"),
                values=(
                    (_("Base URL, tenant URL"), Fact.BASE_URL),
                    (_("Unique identifier, matching attribute"), Fact.IDENTIFIER),
                    (_("Bearer token, API token; the password of HTTP Basic"), Fact.SECRET),
                    (_("User name of HTTP Basic"), Fact.USERNAME),
                ),
            ),
            Step(_("Let it test the connection."), mark=Mark.SEEN),
            Step(
                _(
                    "Let it create, update and deactivate users, and push groups. Begin with one"
                    " person."
                ),
                mark=Mark.CREATED,
            ),
        ),
    ),
)
BY_SLUG = {guide.slug: guide for guide in GUIDES}
