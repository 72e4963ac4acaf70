"""What SCIM and onboarding know of each other: the role in effect, preferences, sources."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import OuterRef, Subquery

from onboarding.services.roles import in_effect
from scim_provisioning.models import Connection, ScimUser
from scim_provisioning.protocol.attributes import (
    Attribute,
    Json,
    Mutability,
    Returned,
    Schema,
    Target,
    Type,
)
from scim_provisioning.resources.bindings import Binding
from scim_provisioning.resources.expressions import TEXT, Operand
from scim_provisioning.resources.site import extended
from scim_provisioning.resources.user import USER as STOCK

PORTAL_USER = "urn:kyvos:params:scim:schemas:extension:portal:2.0:User"
WELCOME_MAIL = "sendWelcomeMail"

SCHEMA = Schema(
    PORTAL_USER,
    "PortalUser",
    "What the portal says of a user",
    (
        Attribute(
            "role",
            case_exact=True,
            mutability=Mutability.READ_ONLY,
            returned=Returned.REQUEST,
            description="The role in effect: the highest of the person's own and its groups'.",
        ),
        Attribute(
            WELCOME_MAIL,
            Type.BOOLEAN,
            description="Whether a new person gets the welcome mail, whatever the First Login "
            "Actions say; without it they decide.",
        ),
    ),
)


class EffectiveRole(Binding):
    """The name of the role in effect; what an identity provider calls ``roles`` grants nothing."""

    made_elsewhere = True

    @property
    def columns(self) -> Sequence[Any]:
        """The name, found by the user's key."""
        return (self._name(),)

    def read(self, values: Sequence[Any], base_url: str) -> Json:
        """Return the name."""
        return values[0]

    def operand(self, target: Target) -> Operand:
        """Return the name."""
        return Operand(self._name())

    @staticmethod
    def _name() -> Subquery:
        names = in_effect(OuterRef("user")).values("name")
        return Subquery(names[:1], output_field=TEXT)


USER = extended(STOCK, SCHEMA, {"role": EffectiveRole()})


def welcome_mail(document: Json) -> bool | None:
    """Return what a new user's identity provider says of its welcome mail, None for nothing."""
    told: bool | None = document.get(PORTAL_USER, {}).get(WELCOME_MAIL)
    return told


def source(connection_id: int) -> str:
    """Return what onboarding calls a connection."""
    return f"connection:{connection_id}"


def sources() -> list[tuple[str, str]]:
    """Return the connections, as sources of new users."""
    return [(source(pk), name) for pk, name in Connection.objects.values_list("pk", "name")]


def preferences(user: Any) -> dict[str, str | None]:
    """Return what a user's identity provider told of preferences."""
    names = ("locale", "timezone", "preferred_language")
    known = ScimUser.objects.filter(user=user.pk).values_list(*names).first()
    return dict(zip(names, known, strict=True)) if known else {}
