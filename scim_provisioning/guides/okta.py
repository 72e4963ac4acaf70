"""Okta: by user name, bearer token, client credentials, and beside a SAML app."""

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

ACTIONS = (
    *("Import New Users and Profile Updates", "Push New Users", "Push Profile Updates"),
    *("Push Groups", "Import Groups"),
)
TO_APP = ("Create Users", "Update User Attributes", "Deactivate Users")
APP = Step(
    _(
        "In Okta's Admin Console: **Applications** → **Applications** → **Create App"
        " Integration**, **SWA** (or **SAML 2.0**, or an app of these kinds that you have)."
        " An **OIDC** integration has no SCIM."
    )
)
SAML_APP = (
    Step(
        _(
            "In Okta's Admin Console: **Applications** → **Applications** → **Create App"
            " Integration** → **SAML 2.0**. Under **Configure SAML**:"
        ),
        saml=True,
    ),
    Step(
        _(
            "**Sign On** → **SAML 2.0**: copy the **Metadata URL**, and enter it here under"
            " *SAML providers*: people sign in by this app too."
        )
    ),
)


def _steps(first: Step, app: Steps, mode: Text, *values: tuple[str, Fact]) -> Steps:
    """Return the steps at Okta; only the application and the credentials differ."""
    base = (
        ("SCIM connector base URL", Fact.BASE_URL),
        ("Unique identifier field for users", Fact.IDENTIFIER),
    )
    return (
        first,
        *app,
        Step(
            _("**General** → **App Settings** → **Edit**: **Provisioning** is **SCIM**; **Save**.")
        ),
        Step(
            _("**Provisioning** → **Integration** → **Edit**. Enter and tick:"),
            values=base,
            ticks=ACTIONS,
        ),
        Step(mode, values=values),
        Step(_("**Test Connector Configuration**, then **Save**."), mark=Mark.SEEN),
        Step(_("**Provisioning** → **To App** → **Edit**. Tick, and **Save**:"), ticks=TO_APP),
        Step(
            _(
                "**Assignments** → **Assign**: choose one person first, then groups."
                " **Push Groups** sends the groups themselves."
            ),
            mark=Mark.CREATED,
        ),
    )


CLIENT = (("Client ID", Fact.CLIENT_ID), ("Client Secret", Fact.SECRET))
GUIDES = (
    Guide(
        "okta-basic",
        _("Okta, Basic Auth"),
        BASIC_CLASS,
        Scheme.BASIC,
        Dialect.OKTA,
        _steps(
            TOKEN,
            (APP,),
            _("**Authentication Mode** is **Basic Auth**:"),
            ("Username", Fact.USERNAME),
            ("Password", Fact.SECRET),
        ),
    ),
    Guide(
        "okta-bearer",
        _("Okta, HTTP Header (bearer token)"),
        BASIC_CLASS,
        Scheme.BEARER,
        Dialect.OKTA,
        _steps(
            TOKEN,
            (APP,),
            _("**Authentication Mode** is **HTTP Header**; Okta itself puts **Bearer** before it:"),
            ("Authorization", Fact.SECRET),
        ),
    ),
    Guide(
        "okta-oauth",
        _("Okta, OAuth 2 client credentials"),
        OAUTH_CLASS,
        Scheme.OAUTH,
        Dialect.OKTA,
        _steps(
            SECRET,
            (APP,),
            _(
                "**Authentication Mode** is **OAuth 2**, **Grant Type** is **Client Credentials**"
                " (where your Okta offers it; else take another way):"
            ),
            ("Token endpoint", Fact.TOKEN_ENDPOINT),
            *CLIENT,
            ("Scopes", Fact.SCOPE),
        ),
    ),
    Guide(
        "okta-saml",
        _("Okta, SAML app with SCIM"),
        _("One app signs people in by SAML, and provisions them."),
        Scheme.BEARER,
        Dialect.OKTA,
        _steps(
            TOKEN,
            SAML_APP,
            _("**Authentication Mode** is **HTTP Header**; Okta itself puts **Bearer** before it:"),
            ("Authorization", Fact.SECRET),
        ),
    ),
)
