"""Which ways to authenticate are told of: those that are on, and no other."""

from __future__ import annotations

import pytest

from tests.scim_client import ScimClient

pytestmark = pytest.mark.django_db


def told(scim: ScimClient):
    return [
        (scheme["type"], scheme["primary"])
        for scheme in scim.get("/ServiceProviderConfig").body["authenticationSchemes"]
    ]


def challenge(scim: ScimClient, header=None):
    return scim.get("/Users", authorization=header).headers["WWW-Authenticate"]


def test_every_way_is_told_of_and_one_is_primary(scim):
    assert told(scim) == [("httpbasic", True), ("oauthbearertoken", False), ("oauth2", False)]


def test_basic_can_be_turned_off(scim, settings):
    settings.SCIM_PROVISIONING = {**settings.SCIM_PROVISIONING, "BASIC": False}
    assert told(scim) == [("oauthbearertoken", True), ("oauth2", False)]
    assert scim.get("/Users", authorization=scim.basic).status == 401
    assert challenge(scim) == 'Bearer realm="scim"'
    assert challenge(scim, "Bearer x") == 'Bearer realm="scim", error="invalid_token"'


def test_client_credentials_are_told_of_where_the_endpoint_is_served(scim, settings):
    settings.ROOT_URLCONF = "tests.bare_urls"
    assert told(scim) == [("httpbasic", True), ("oauthbearertoken", False)]
