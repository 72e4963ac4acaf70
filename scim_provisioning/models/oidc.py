"""The words of OIDC applications: algorithms, whose tokens they are, and what these say."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

ASYMMETRIC = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "EdDSA"),
)
"""Every signing algorithm that an application may name: none with a shared secret."""


class Kind(models.TextChoices):
    """Whether the application can keep a secret (RFC 6749 section 2.1)."""

    CONFIDENTIAL = "confidential", _("Confidential")
    PUBLIC = "public", _("Public")


class Preset(models.TextChoices):
    """Whose tokens these are, which tells where they name the client."""

    ENTRA_V2 = "entra-v2", _("Microsoft Entra ID, v2 tokens")
    ENTRA_V1 = "entra-v1", _("Microsoft Entra ID, v1 tokens")
    OKTA = "okta", _("Okta custom authorization server")
    GENERIC = "generic", _("Another issuer (RFC 9068)")

    @property
    def token_claim(self) -> str:
        """The claim that names the client in this issuer's tokens."""
        claims = {Preset.ENTRA_V2: "azp", Preset.ENTRA_V1: "appid", Preset.OKTA: "cid"}
        return claims.get(self, "client_id")


class TokenClaim(models.TextChoices):
    """The claim that is compared with the token identifier: exactly one per application."""

    AZP = "azp", "azp"
    APPID = "appid", "appid"
    CID = "cid", "cid"
    CLIENT_ID = "client_id", "client_id"
    SUB = "sub", "sub"
    OID = "oid", "oid"


class Rights(models.TextChoices):
    """What a token may do, at most."""

    BOTH = "scim", _("Read and write")
    READ = "scim.read", _("Read")


class MatchAttribute(models.TextChoices):
    """What a person's claim is compared with at the first sign-in."""

    USER_NAME = "userName", "userName"
    EXTERNAL_ID = "externalId", "externalId"
