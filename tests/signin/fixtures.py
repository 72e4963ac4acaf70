"""People who sign in, as the tests of this folder make them."""

from __future__ import annotations

from django.contrib.auth import get_user_model
from django.test import Client

from kyvos_portal.signin.models import Identity
from kyvos_portal.signin.rule import Origin, Way
from kyvos_portal.signin.sessions import SignIn
from scim_provisioning.models import ScimUser, SignInClass

PASSWORD = "correct horse battery"
ISSUER = "https://idp.example.com"


def provisioned(scim, name="ada@example.com", sign_in_class=SignInClass.BASIC, **attributes):
    """Return the account of a user that a connection created."""
    identifier = scim.user(name, **attributes)["id"]
    ScimUser.objects.filter(pk=identifier).update(sign_in_class=sign_in_class)
    return get_user_model().objects.select_related("scim").get(scim=identifier)


def local(name="local@example.com", **fields):
    """Return an account that somebody made in the portal."""
    return get_user_model().objects.create_user(name, password=PASSWORD, **fields)


def browser(user, way=Way.OIDC, origin=Origin.MATCH):
    """Return a client that somebody is signed in with, by an identity provider."""
    identity = Identity.objects.create(
        user=user, way=way, issuer=ISSUER, subject=f"sub-{user.pk}", origin=origin
    )
    user.sign_in = SignIn(way, "The provider", identity)
    client = Client()
    client.force_login(user, "kyvos_portal.signin.backends.PortalBackend")
    return client


def few(settings):
    """Let three attempts fail, in one window that no test outlives."""
    limits = {"THROTTLE_ADDRESS": (3, 10**9), "THROTTLE_USER": (3, 10**9)}
    settings.SCIM_PROVISIONING = {**settings.SCIM_PROVISIONING, **limits}


def is_signed_in(client):
    return client.get("/").status_code == 200
