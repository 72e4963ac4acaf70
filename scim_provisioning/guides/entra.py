"""Microsoft Entra ID: by client credentials, and by a secret token."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from .parts import (
    BASIC_CLASS,
    OAUTH_CLASS,
    SECRET,
    TOKEN,
    Dialect,
    Fact,
    Guide,
    Mark,
    Scheme,
    Step,
    Steps,
    Text,
)

ACTIONS = ("Create", "Update", "Delete")


def _steps(first: Step, method: Text, *values: tuple[Text, Fact]) -> Steps:
    """Return the steps at Entra; only the credentials differ."""
    return (
        first,
        Step(
            _(
                "In the Entra admin center: **Entra ID** → **Enterprise apps** → **New"
                " application** → **Create your own application** → **Integrate any other"
                " application you don't find in the gallery (Non-gallery)** → **Create**."
            )
        ),
        Step(method, values=(("Tenant URL", Fact.BASE_URL), *values)),
        Step(_("**Test Connection**, then **Create** (or **Save**)."), mark=Mark.SEEN),
        Step(
            _(
                "**Attribute mapping** → **Provision Microsoft Entra ID Users**: the matching"
                " attribute is the one below. Under **Target Object Actions** tick:"
            ),
            values=((_("Matching attribute"), Fact.IDENTIFIER),),
            ticks=ACTIONS,
        ),
        Step(_("**Users and groups** → **Add user/group**: choose who is to be provisioned.")),
        Step(
            _("**Provision on demand** for one person, then **Start provisioning**."),
            mark=Mark.CREATED,
        ),
    )


GUIDES = (
    Guide(
        "entra-oauth",
        _("Microsoft Entra ID, OAuth 2 client credentials"),
        OAUTH_CLASS,
        Scheme.OAUTH,
        Dialect.ENTRA,
        _steps(
            SECRET,
            _(
                "**Provisioning** → **New configuration** (older pages: **Admin Credentials**)."
                " **Select authentication method** is **OAuth2 client credentials grant**:"
            ),
            ("Token Endpoint", Fact.TOKEN_ENDPOINT),
            ("Client Identifier", Fact.CLIENT_ID),
            ("Client Secret", Fact.SECRET),
            (_("Scope, where it is asked for"), Fact.SCOPE),
        ),
    ),
    Guide(
        "entra-bearer",
        _("Microsoft Entra ID, secret token"),
        BASIC_CLASS,
        Scheme.BEARER,
        Dialect.ENTRA,
        _steps(
            TOKEN,
            _(
                "**Provisioning** → **New configuration** (older pages: **Admin Credentials**)."
                " **Select authentication method** is **Bearer authentication**:"
            ),
            ("Secret token", Fact.SECRET),
        ),
    ),
)
