"""The administrator's pages of signing in, in a real browser."""

from __future__ import annotations

import pytest

from kyvos_portal.signin.models import Identity, SamlProvider, SignInEvent
from tests.browser.axe import assert_accessible

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def rows(scim, admin_user):
    provider = SamlProvider.objects.create(name="Okta", slug="okta", entity_id="https://idp")
    Identity.objects.create(user=admin_user, way="saml", issuer="https://idp", subject="x")
    SignInEvent.objects.create(user=admin_user, way="saml", provider="Okta", reason="class")
    return {"provider": provider.pk, "user": admin_user.pk}


@pytest.mark.parametrize(
    "path",
    ["samlprovider/add/", "samlprovider/{provider}/change/", "samlprovider/", "signinevent/"],
)
def test_pages_are_accessible(page, sign_in, admin_user, rows, path):
    sign_in(admin_user)
    page.goto(f"/admin/kyvos_portal/{path.format(**rows)}")
    page.get_by_role("heading", level=1).first.wait_for()
    assert_accessible(page)
