"""Signing in by OpenID Connect, with a real provider."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from kyvos_portal.signin.models import Identity, SignInEvent
from kyvos_portal.signin.rule import Origin, Reason
from onboarding.models import UserProfile
from onboarding.models.configuration import ALL_SOURCES
from scim_provisioning.models import OIDCApplication, SignInClass
from tests.signin.fixtures import is_signed_in, local, provisioned

pytestmark = pytest.mark.django_db


def ask(client, slug="peer", **query):
    """Return where the portal sends a person."""
    answer = client.get(f"/oidc/{slug}/login/", query)
    assert answer.status_code == 302
    return answer["Location"]


def come_back(client, address):
    """Follow the provider's answer to the portal."""
    parts = urlsplit(address)
    return client.get(f"{parts.path}?{parts.query}")


def sign_in(client, peer, name, **query):
    """Go the whole way; return the portal's last answer."""
    return come_back(client, peer.authorize(ask(client, **query), name))


def reason():
    return SignInEvent.objects.values_list("reason", flat=True).first()


@pytest.mark.parametrize("sign_in_class", list(SignInClass))
def test_a_provisioned_person_signs_in_and_is_bound(
    scim, application, oidc_peer, client, sign_in_class
):
    user = provisioned(scim, "ada", sign_in_class)
    answer = sign_in(client, oidc_peer, "ada", next="/accounts/security/")
    assert (answer.status_code, answer["Location"]) == (302, "/accounts/security/")
    assert is_signed_in(client)
    identity = Identity.objects.get()
    assert (identity.user, identity.issuer) == (user, oidc_peer.url)
    assert (identity.subject, identity.origin) == ("ada", Origin.MATCH)


def test_the_request_has_a_challenge_a_state_and_a_nonce(application, client):
    query = parse_qs(urlsplit(ask(client)).query)
    assert query["code_challenge_method"] == ["S256"]
    assert {"state", "nonce", "code_challenge"} <= set(query)
    assert query["redirect_uri"] == ["http://testserver/oidc/callback/"]
    assert query["scope"] == ["openid profile email"]


def test_what_the_issuers_address_asks_is_kept(application, client):
    OIDCApplication.objects.update(authorization_endpoint="https://idp.example.com/a?p=b2c")
    assert parse_qs(urlsplit(ask(client)).query)["p"] == ["b2c"]


def test_refused_and_unknown_people_see_the_same_page(scim, other, application, oidc_peer):
    provisioned(other, "ada")
    local("bob")
    names = ("ada", "bob", "ghost")
    pages = [sign_in(Client(), oidc_peer, name) for name in names]
    ids = [page.headers["X-Request-Id"] for page in pages]
    texts = {page.content.decode().replace(i, "") for page, i in zip(pages, ids, strict=True)}
    assert len(texts) == 1
    assert {page.status_code for page in pages} == {403}
    events = SignInEvent.objects.order_by("id")
    assert [e.reason for e in events] == [Reason.FOREIGN, Reason.UNLINKED, Reason.UNKNOWN]
    assert [e.subject for e in events] == list(names)


def test_staff_need_a_link_that_the_next_sign_in_completes(application, oidc_peer, client):
    user = local("ada", is_staff=True)
    Identity.objects.create(user=user, way="oidc", issuer=oidc_peer.url)
    sign_in(client, oidc_peer, "ada")
    assert is_signed_in(client)
    assert Identity.objects.get().subject == "ada"


@pytest.mark.parametrize(("name", "expected"), [("ada", ""), ("unverified", Reason.UNVERIFIED)])
def test_an_address_counts_only_where_the_issuer_verified_it(
    scim, application, oidc_peer, client, name, expected
):
    OIDCApplication.objects.update(match_claim="email")
    provisioned(scim, f"{name}@example.com")
    sign_in(client, oidc_peer, name)
    assert reason() == expected
    assert is_signed_in(client) == (not expected)


def test_an_address_of_the_account_alone_matches_nobody(scim, application, oidc_peer, client):
    OIDCApplication.objects.update(match_claim="email")
    provisioned(scim, "somebody", emails=[{"value": "ada@example.com", "primary": True}])
    sign_in(client, oidc_peer, "ada")
    assert reason() == Reason.UNKNOWN


def test_unknown_people_are_created_where_the_application_may(application, oidc_peer, client):
    OIDCApplication.objects.update(create_unknown_users=True)
    sign_in(client, oidc_peer, "ghost")
    user = client.get("/").context["user"]
    assert (user.username, user.email, user.last_name) == ("ghost", "ghost@example.com", "Example")
    assert not user.has_usable_password()
    assert UserProfile.objects.get(user=user).source == ALL_SOURCES


def test_two_applications_at_once_each_keep_to_themselves(scim, application, oidc_peer, client):
    first = ask(client)
    other = OIDCApplication.objects.get()
    other.pk, other.name, other.slug, other.sign_in = None, "Second", "second", True
    other.save()
    ask(client, "second")
    provisioned(scim, "ada")
    come_back(client, oidc_peer.authorize(first, "ada"))
    assert SignInEvent.objects.get().provider == "Peer"
    assert is_signed_in(client)


def test_an_application_that_is_switched_off_ends_its_sessions(
    scim, application, oidc_peer, client
):
    provisioned(scim, "ada")
    sign_in(client, oidc_peer, "ada")
    application.sign_in = False
    application.save()
    assert not is_signed_in(client)
    assert client.get("/oidc/peer/login/").status_code == 404


def test_whom_another_application_of_the_issuer_signs_in_stays(
    scim, application, oidc_peer, client
):
    provisioned(scim, "ada")
    sign_in(client, oidc_peer, "ada")
    second = OIDCApplication.objects.create(
        name="Tokens", slug="tokens", issuer=oidc_peer.url, client_id="x"
    )
    second.save()
    second.delete()
    assert is_signed_in(client)
    application.sign_in_connections.clear()
    assert not is_signed_in(client)


def test_signing_out_signs_out_at_the_issuer(scim, application, oidc_peer, client):
    provisioned(scim, "ada")
    sign_in(client, oidc_peer, "ada")
    place = client.post("/accounts/logout/")["Location"]
    query = parse_qs(urlsplit(place).query)
    assert place.startswith(f"{oidc_peer.url}/session/end?")
    assert query["post_logout_redirect_uri"] == ["http://testserver/accounts/login/"]
    assert query["id_token_hint"][0].count(".") == 2
    assert not is_signed_in(client)


def test_signing_out_stays_here_where_the_issuer_offers_nothing(
    scim, application, oidc_peer, client
):
    OIDCApplication.objects.update(end_session_endpoint="")
    provisioned(scim, "ada")
    sign_in(client, oidc_peer, "ada")
    assert client.post("/accounts/logout/")["Location"] == "/accounts/login/"


def test_the_sign_in_page_has_a_button_for_each_way(application, client):
    page = client.get("/accounts/login/?next=/accounts/security/").content.decode()
    assert "Sign in with Peer" in page
    assert "/oidc/peer/login/?next=%2Faccounts%2Fsecurity%2F" in page


def test_signing_in_costs_the_same_for_everybody(
    scim, application, oidc_peer, django_assert_max_num_queries
):
    for number in range(5):
        scim.user(f"user{number}@example.com")
    provisioned(scim, "ada")
    client = Client()
    address = oidc_peer.authorize(ask(client), "ada")
    with django_assert_max_num_queries(40):
        come_back(client, address)
    assert is_signed_in(client)
