"""The administrator's pages of signing in."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from kyvos_portal.signin.models import Identity, SamlProvider, SignInEvent
from scim_provisioning.auth import personal_tokens
from scim_provisioning.models import OIDCApplication
from tests.local_server import LocalServer
from tests.signin.fixtures import browser, is_signed_in, local, provisioned

pytestmark = pytest.mark.django_db
ADD = "/admin/kyvos_portal/samlprovider/add/"


def form(**changes):
    data = {"name": "Okta", "slug": "okta", "enabled": "on", "metadata_url": "", "metadata": ""}
    return data | {"match_claim": "NameID", "match_attribute": "userName"} | changes


@pytest.fixture
def metadata(saml_peer):
    return saml_peer.metadata()


@pytest.mark.parametrize("source", ["paste", "file", "url"])
def test_metadata_comes_by_url_file_or_paste(admin_client, saml_peer, metadata, source):
    url = f"{saml_peer.url}/simplesaml/saml2/idp/metadata.php"
    file = SimpleUploadedFile("idp.xml", metadata.encode())
    changes = {"paste": {"metadata": metadata}, "file": {"metadata_file": file}}
    page = admin_client.post(ADD, form(**changes.get(source, {"metadata_url": url})))
    assert page.status_code == 302, page.content.decode()
    row = SamlProvider.objects.get()
    assert row.entity_id == saml_peer.entity_id
    assert row.certificate_expires > timezone.now()


WRONG = {
    "nothing": "",
    "no XML": "hello",
    "a DTD": "<!DOCTYPE a><a/>",
    "another document": "<a/>",
    "no provider": '<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="x"/>',
}


@pytest.mark.parametrize("text", WRONG.values(), ids=WRONG)
def test_other_texts_are_refused(admin_client, text):
    page = admin_client.post(ADD, form(metadata=text))
    assert "errorlist" in page.content.decode()
    assert not SamlProvider.objects.exists()


CHANGES = {
    "no address": ("HTTP-Redirect", "HTTP-Other"),
    "no certificate": ('use="signing"', 'use="encryption"'),
    "a broken certificate": ("<ds:X509Certificate>MII", "<ds:X509Certificate>AAA"),
    "another scheme": ('Location="http://', 'Location="javascript://'),
}


@pytest.mark.parametrize(("old", "new"), CHANGES.values(), ids=CHANGES)
def test_metadata_that_cannot_be_used_is_refused(admin_client, metadata, old, new):
    assert old in metadata
    page = admin_client.post(ADD, form(metadata=metadata.replace(old, new)))
    assert "errorlist" in page.content.decode()


def test_an_entity_is_entered_once(admin_client, provider, metadata):
    page = admin_client.post(ADD, form(metadata=metadata))
    assert "Another provider has this entity id" in page.content.decode()


@pytest.mark.parametrize(
    "url", ["https://127.0.0.1/x", "https://nosuch.invalid/x", "http://a.example/"]
)
def test_metadata_is_fetched_from_public_addresses_only(admin_client, settings, url):
    settings.SCIM_PROVISIONING = {**settings.SCIM_PROVISIONING, "ALLOW_LOCAL_ISSUERS": False}
    assert "was not fetched" in admin_client.post(ADD, form(metadata_url=url)).content.decode()


def test_the_page_shows_what_to_paste_and_when_the_certificate_ends(admin_client, provider):
    path = f"/admin/kyvos_portal/samlprovider/{provider.pk}/change/"
    text = admin_client.get(path).content.decode()
    for value in ("http://testserver/saml2/acs/", "http://testserver/saml2/metadata/"):
        assert value in text
    assert provider.entity_id in text
    assert ": soon" in admin_client.get("/admin/kyvos_portal/samlprovider/").content.decode()
    SamlProvider.objects.update(certificate_expires=timezone.now() - timedelta(days=1))
    assert "it has expired" in admin_client.get(path).content.decode()


@pytest.mark.parametrize("entity", ["same", "other", "gone"])
def test_metadata_is_fetched_again(admin_client, provider, entity):
    server = LocalServer()
    stop = server.start()
    fresh = provider.metadata.replace("<md:", "<!-- fresh --><md:", 1)
    if entity == "other":
        fresh = fresh.replace(provider.entity_id, "https://other.example.com")
    server.routes["/metadata"] = None if entity == "gone" else fresh.encode()
    SamlProvider.objects.update(metadata_url=f"{server.url}/metadata")
    action = {"action": "refresh", "_selected_action": [provider.pk]}
    admin_client.post("/admin/kyvos_portal/samlprovider/", action)
    stop()
    provider.refresh_from_db()
    assert ("fresh" in provider.metadata) == (entity == "same")


def user_form(account, **identity):
    rows = {"identities-TOTAL_FORMS": len(identity) and 1, "identities-INITIAL_FORMS": 0}
    rows |= {f"identities-0-{name}": value for name, value in identity.items()}
    joined = timezone.localtime(account.date_joined)
    rows |= {"date_joined_0": f"{joined:%Y-%m-%d}", "date_joined_1": f"{joined:%H:%M:%S}"}
    flags = {
        name: "on" for name in ("is_active", "is_staff", "is_superuser") if getattr(account, name)
    }
    return {"username": account.username, **flags, **rows}


def change(client, account, **identity):
    path = f"/admin/kyvos_portal/user/{account.pk}/change/"
    return client.post(path, user_form(account, **identity))


@pytest.mark.parametrize(("subject", "kept"), [(" x-1 ", "x-1"), ("", None)])
def test_an_administrator_links_an_account(admin_client, subject, kept):
    OIDCApplication.objects.create(
        name="A", slug="a", issuer="https://idp.example.com", client_id="c", sign_in=True
    )
    user = local("ada")
    page = change(
        admin_client, user, provider="oidc https://idp.example.com", subject=subject, user=user.pk
    )
    assert page.status_code == 302, page.context["errors"]
    link = Identity.objects.get()
    assert (link.user, link.way, link.issuer) == (user, "oidc", "https://idp.example.com")
    assert (link.subject, link.origin) == (kept, "link")


def test_a_link_to_staff_is_a_superusers_to_make(admin_user):
    helper = local("helper", is_staff=True)
    names = ("view_user", "change_user", "view_identity", "add_identity", "delete_identity")
    helper.user_permissions.set(Permission.objects.filter(codename__in=names))
    client = Client()
    client.force_login(helper)
    path = "/admin/kyvos_portal/user/{}/change/"
    for staff in (admin_user, helper):
        assert "identities-0-provider" not in client.get(path.format(staff.pk)).content.decode()
    assert "identities-0-provider" in client.get(path.format(local().pk)).content.decode()


def test_an_identity_is_removed_on_the_users_page(scim, admin_client):
    user = provisioned(scim)
    client = browser(user)
    row = Identity.objects.get()
    data = user_form(user) | {"identities-TOTAL_FORMS": 1, "identities-INITIAL_FORMS": 1}
    data |= {"identities-0-id": row.pk, "identities-0-user": user.pk, "identities-0-DELETE": "on"}
    page = admin_client.post(f"/admin/kyvos_portal/user/{user.pk}/change/", data)
    assert page.status_code == 302
    assert not Identity.objects.exists()
    assert not is_signed_in(client)


def test_the_users_page_tells_what_was_ended(scim, admin_client):
    user = provisioned(scim)
    path = f"/admin/kyvos_portal/user/{user.pk}/change/"
    assert "Never" in admin_client.get(path).content.decode()
    browser(user)
    personal_tokens.create(user)
    scim.patch(f"/Users/{user.scim.pk}", {"op": "replace", "path": "active", "value": False})
    text = admin_client.get(path).content.decode()
    assert "1 tokens, and the sessions of 1 sign-ins" in text
    assert "The provider" in text


def test_sign_ins_are_found_by_the_number_that_was_seen(client, admin_client):
    answer = client.post("/accounts/login/", {"username": "nobody", "password": "x"})
    SignInEvent.objects.exclude(reason="credentials").delete()
    path = "/admin/kyvos_portal/signinevent/"
    for query in (answer.headers["X-Request-Id"], "nobody"):
        assert admin_client.get(path, {"q": query}).status_code == 200
    page = admin_client.get(path, {"q": answer.headers["X-Request-Id"]}).content.decode()
    assert "Wrong user name or password" in page
    row = SignInEvent.objects.get()
    assert admin_client.get(f"{path}{row.pk}/change/").status_code == 200
    assert admin_client.post(f"{path}{row.pk}/delete/", {"post": "yes"}).status_code == 403
