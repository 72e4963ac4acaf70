"""What a guide is made of: steps, what is pasted, and what the site sees of them by itself."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext_lazy as _

from scim_provisioning.credentials import Kind

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


Steps = tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Guide:
    """One way to connect one kind of identity provider."""

    slug: str
    title: Text
    about: Text
    scheme: Scheme
    dialect: Dialect
    steps: Steps

    @property
    def kind(self) -> Kind:
        """What is made for it: a token, or a client secret."""
        return Kind.CLIENT if self.scheme is Scheme.OAUTH else Kind.TOKEN


TOKEN = Step(_("Here: make a token. It is shown once, on this page."), mark=Mark.ISSUED)
SECRET = Step(_("Here: make a client secret. It is shown once, on this page."), mark=Mark.ISSUED)
BASIC_CLASS = _("Its users may sign in by SAML and OpenID Connect.")
OAUTH_CLASS = _("Its users sign in by OpenID Connect only.")
