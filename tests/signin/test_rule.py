"""The table of ways, and who needs a link."""

from __future__ import annotations

import pytest

from kyvos_portal.signin.rule import Origin, Reason, Way, judge
from scim_provisioning.models import ScimUser, SignInClass
from tests.signin.fixtures import local, provisioned

pytestmark = pytest.mark.django_db

TABLE = [
    (SignInClass.BASIC, Way.SAML, None),
    (SignInClass.BASIC, Way.OIDC, None),
    (SignInClass.BASIC, Way.PASSWORD, Reason.CLASS),
    (SignInClass.OAUTH, Way.SAML, Reason.CLASS),
    (SignInClass.OAUTH, Way.OIDC, None),
    (SignInClass.OAUTH, Way.PASSWORD, Reason.CLASS),
]


@pytest.mark.parametrize(("sign_in_class", "way", "expected"), TABLE)
def test_how_an_account_was_provisioned_decides_its_ways(scim, sign_in_class, way, expected):
    user = provisioned(scim, sign_in_class=sign_in_class)
    assert judge(user, way, origin=Origin.MATCH, is_named=True) == expected


@pytest.mark.parametrize("origin", list(Origin))
def test_a_link_never_opens_a_way_that_the_table_closes(scim, origin):
    user = provisioned(scim, sign_in_class=SignInClass.OAUTH)
    assert judge(user, Way.SAML, origin=origin, is_named=True) is Reason.CLASS


@pytest.mark.parametrize("way", [Way.OIDC, Way.SAML])
def test_a_provider_signs_in_the_accounts_of_named_connections_only(scim, way):
    user = provisioned(scim)
    assert judge(user, way, origin=Origin.MATCH, is_named=False) is Reason.FOREIGN
    assert judge(user, way, origin=Origin.LINK, is_named=False) is None


LOCAL = [(Origin.MATCH, Reason.UNLINKED), (Origin.LINK, None), (Origin.CREATED, None)]


@pytest.mark.parametrize(("origin", "expected"), LOCAL)
def test_local_accounts_need_a_link(origin, expected):
    assert judge(local(), Way.SAML, origin=origin, is_named=True) == expected
    assert judge(local("other"), Way.PASSWORD) is None


@pytest.mark.parametrize("right", ["is_staff", "is_superuser"])
@pytest.mark.parametrize("origin", [Origin.MATCH, Origin.CREATED])
def test_staff_need_a_link_however_they_came(scim, right, origin):
    user = provisioned(scim)
    setattr(user, right, True)
    assert judge(user, Way.OIDC, origin=origin, is_named=True) is Reason.UNLINKED
    assert judge(user, Way.OIDC, origin=Origin.LINK) is None


def test_disabled_deleted_and_service_accounts_have_no_way(scim):
    user = provisioned(scim)
    user.is_active = False
    assert judge(user, Way.OIDC, origin=Origin.LINK) is Reason.INACTIVE
    assert judge(scim.connection.acting_user, Way.PASSWORD) is Reason.SERVICE
    gone = provisioned(scim, "bob@example.com")
    scim.delete(f"/Users/{gone.scim.pk}")
    gone.scim.refresh_from_db()
    assert judge(gone, Way.OIDC, origin=Origin.LINK) is Reason.INACTIVE


def test_an_account_without_a_row_is_local():
    user = local()
    ScimUser.objects.all().delete()
    user = type(user).objects.get(pk=user.pk)
    assert judge(user, Way.PASSWORD) is None
    assert judge(user, Way.OIDC, origin=Origin.MATCH, is_named=True) is Reason.UNLINKED


def test_passwords_can_be_off_for_all_but_the_named_administrator(settings):
    settings.PASSWORD_SIGN_IN, settings.EMERGENCY_ADMINISTRATOR = False, "boss"
    assert judge(local(), Way.PASSWORD) is Reason.PASSWORDS_OFF
    assert judge(local("boss"), Way.PASSWORD) is None
