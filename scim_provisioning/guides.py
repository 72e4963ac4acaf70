"""How each identity provider is connected: numbered steps in its own words, and what to paste.

A text between ``**`` is a word of the identity provider's pages, in the language that
these are documented in.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext_lazy as _

from .credentials import Kind

Text = Any
"""A text that is translated when it is shown."""


class Fact(StrEnum):
    """A value that is pasted into the identity provider."""

    BASE_URL = "base_url"
    IDENTIFIER = "identifier"
    USERNAME = "username"
    SECRET = "secret"
    CLIENT_ID = "client_id"
    TOKEN_ENDPOINT = "token_endpoint"
    SCOPE = "scope"


class Mark(StrEnum):
    """What the site can tell of a step by itself."""

    ISSUED = "issued"
    SEEN = "seen"
    CREATED = "created"


class Scheme(StrEnum):
    """How requests prove who sends them."""

    BASIC = "basic"
    BEARER = "bearer"
    OAUTH = "oauth"


class Dialect(StrEnum):
    """Whose connection test is run."""

    OKTA = "okta"
    ENTRA = "entra"
    GENERIC = "generic"


@dataclass(frozen=True, slots=True)
class Step:
    """One step: what to do, what to paste, what to tick, and how the site sees it done."""

    text: Text
    values: tuple[tuple[Text, Fact], ...] = ()
    ticks: tuple[str, ...] = ()
    mark: Mark | None = None
    saml: bool = False


@dataclass(frozen=True, slots=True)
class Guide:
    """One way to connect one kind of identity provider."""

    slug: str
    title: Text
    about: Text
    scheme: Scheme
    dialect: Dialect
    steps: tuple[Step, ...]

    @property
    def kind(self) -> Kind:
        """What is made for it: a token, or a client secret."""
        return Kind.CLIENT if self.scheme is Scheme.OAUTH else Kind.TOKEN


TOKEN = Step(_("Here: make a token. It is shown once, on this page."), mark=Mark.ISSUED)
SECRET = Step(_("Here: make a client secret. It is shown once, on this page."), mark=Mark.ISSUED)
OKTA_ACTIONS = (
    *("Import New Users and Profile Updates", "Push New Users", "Push Profile Updates"),
    *("Push Groups", "Import Groups"),
)
OKTA_TO_APP = ("Create Users", "Update User Attributes", "Deactivate Users")
ENTRA_ACTIONS = ("Create", "Update", "Delete")
OKTA_APP = Step(
    _(
        "In Okta's Admin Console: **Applications** → **Applications** → **Create App"
        " Integration**, **SWA** (or **SAML 2.0**, or an app of these kinds that you have)."
        " An **OIDC** integration has no SCIM."
    )
)
OKTA_SAML_APP = (
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


def _okta(first: Step, app: tuple[Step, ...], mode: Text, *values: tuple[str, Fact]) -> Any:
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
            ticks=OKTA_ACTIONS,
        ),
        Step(mode, values=values),
        Step(_("**Test Connector Configuration**, then **Save**."), mark=Mark.SEEN),
        Step(_("**Provisioning** → **To App** → **Edit**. Tick, and **Save**:"), ticks=OKTA_TO_APP),
        Step(
            _(
                "**Assignments** → **Assign**: choose one person first, then groups."
                " **Push Groups** sends the groups themselves."
            ),
            mark=Mark.CREATED,
        ),
    )


def _entra(first: Step, method: Text, *values: tuple[Text, Fact]) -> Any:
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
            ticks=ENTRA_ACTIONS,
        ),
        Step(_("**Users and groups** → **Add user/group**: choose who is to be provisioned.")),
        Step(
            _("**Provision on demand** for one person, then **Start provisioning**."),
            mark=Mark.CREATED,
        ),
    )


CLIENT = (("Client ID", Fact.CLIENT_ID), ("Client Secret", Fact.SECRET))
BASIC_CLASS = _("Its users may sign in by SAML and OpenID Connect.")
OAUTH_CLASS = _("Its users sign in by OpenID Connect only.")

GUIDES = (
    Guide(
        "okta-basic",
        _("Okta, Basic Auth"),
        BASIC_CLASS,
        Scheme.BASIC,
        Dialect.OKTA,
        _okta(
            TOKEN,
            (OKTA_APP,),
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
        _okta(
            TOKEN,
            (OKTA_APP,),
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
        _okta(
            SECRET,
            (OKTA_APP,),
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
        _okta(
            TOKEN,
            OKTA_SAML_APP,
            _("**Authentication Mode** is **HTTP Header**; Okta itself puts **Bearer** before it:"),
            ("Authorization", Fact.SECRET),
        ),
    ),
    Guide(
        "entra-oauth",
        _("Microsoft Entra ID, OAuth 2 client credentials"),
        OAUTH_CLASS,
        Scheme.OAUTH,
        Dialect.ENTRA,
        _entra(
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
        _entra(
            TOKEN,
            _(
                "**Provisioning** → **New configuration** (older pages: **Admin Credentials**)."
                " **Select authentication method** is **Bearer authentication**:"
            ),
            ("Secret token", Fact.SECRET),
        ),
    ),
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


def choices() -> list[tuple[str, Text]]:
    """Return the guides as a form offers them."""
    return [(guide.slug, guide.title) for guide in GUIDES]
