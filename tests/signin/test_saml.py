"""Signing in by SAML, with a real provider's signed responses."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives import hashes
from django.test import Client
from saml2.xmldsig import SIG_RSA_SHA1, SIG_RSA_SHA256

from kyvos_portal.signin import checks
from kyvos_portal.signin.models import Identity, SignInEvent
from kyvos_portal.signin.rule import Origin, Reason
from kyvos_portal.signin.saml.program import xmlsec1
from scim_provisioning.models import Finding, SignInClass
from tests.peers.forgery import NAMES, sent_along
from tests.signin.fixtures import few, is_signed_in, local, provisioned

pytestmark = [pytest.mark.django_db, pytest.mark.once]
ACS = "/saml2/acs/"


def ask(client, slug="peer", **query):
    """Return where the portal sends a person."""
    answer = client.get(f"/saml2/login/{slug}/", query)
    assert answer.status_code == 302
    return answer["Location"]


def sign_in(client, peer, name, **query):
    """Go the whole way; return the portal's last answer."""
    message = peer.respond(ask(client, **query), name)
    return client.post(ACS, {"SAMLResponse": message, "RelayState": "https://evil.example.com/"})


def reason():
    return SignInEvent.objects.values_list("reason", flat=True).first()


def test_a_provisioned_person_signs_in_and_is_bound(scim, provider, saml_peer, client):
    user = provisioned(scim, "ada")
    answer = sign_in(client, saml_peer, "ada", next="/accounts/security/")
    assert (answer.status_code, answer["Location"]) == (302, "/accounts/security/")
    assert is_signed_in(client)
    identity = Identity.objects.get()
    assert (identity.user, identity.issuer) == (user, saml_peer.entity_id)
    assert (identity.subject, identity.origin) == ("ada", Origin.MATCH)
    event = SignInEvent.objects.get()
    assert (event.provider, event.subject, event.reason) == ("Peer", "ada", "")


def test_later_only_the_identity_counts(scim, provider, saml_peer):
    user = provisioned(scim, "ada")
    sign_in(Client(), saml_peer, "ada")
    scim.patch(f"/Users/{user.scim.pk}", {"op": "replace", "path": "userName", "value": "ada.l"})
    scim.user("ada")
    client = Client()
    sign_in(client, saml_peer, "ada")
    assert client.get("/").context["user"].pk == user.pk


def test_refused_and_unknown_people_see_the_same_page(scim, provider, saml_peer):
    provisioned(scim, "ada", SignInClass.OAUTH)
    pages = [sign_in(Client(), saml_peer, name) for name in ("ada", "ghost")]
    ids = [page.headers["X-Request-Id"] for page in pages]
    texts = {page.content.decode().replace(i, "") for page, i in zip(pages, ids, strict=True)}
    assert len(texts) == 1
    assert {page.status_code for page in pages} == {403}
    events = SignInEvent.objects.order_by("id")
    assert [e.reason for e in events] == [Reason.CLASS, Reason.UNKNOWN]
    assert [str(e.request_id) for e in events] == ids
    assert [e.subject for e in events] == ["ada", "ghost"]


def test_a_provider_signs_in_nobody_of_other_connections(other, provider, saml_peer, client):
    provisioned(other, "ada")
    assert sign_in(client, saml_peer, "ada").status_code == 403
    assert reason() == Reason.FOREIGN
    assert not Identity.objects.exists()


@pytest.mark.parametrize("fields", [{}, {"is_staff": True}], ids=str)
def test_local_accounts_and_staff_need_a_link(provider, saml_peer, client, fields):
    user = local("ada", **fields)
    assert sign_in(client, saml_peer, "ada").status_code == 403
    assert reason() == Reason.UNLINKED
    Identity.objects.create(user=user, way="saml", issuer=saml_peer.entity_id)
    sign_in(client, saml_peer, "ada")
    assert is_signed_in(client)
    assert Identity.objects.get().subject == "ada"


def test_an_account_has_one_identity_of_a_provider(scim, provider, saml_peer, client):
    user = provisioned(scim, "ada")
    Identity.objects.create(
        user=user, way="saml", issuer=saml_peer.entity_id, subject="someone", origin="match"
    )
    assert sign_in(client, saml_peer, "ada").status_code == 403
    assert reason() == Reason.CONFLICT
    finding = Finding.objects.get()
    assert (finding.kind, finding.user.user) == ("identity", user)


def test_matching_by_an_attribute_and_the_external_id(scim, provider, saml_peer, client):
    provider.match_claim, provider.match_attribute = "urn:example:number", "externalId"
    provider.save()
    user = provisioned(scim, "somebody", externalId="n-ada")
    sign_in(client, saml_peer, "ada")
    assert client.get("/").context["user"].pk == user.pk


def test_external_ids_of_other_connections_match_nobody(other, provider, saml_peer, client):
    provider.match_claim, provider.match_attribute = "urn:example:number", "externalId"
    provider.save()
    provisioned(other, "somebody", externalId="n-ada")
    assert sign_in(client, saml_peer, "ada").status_code == 403
    assert reason() == Reason.UNKNOWN


def test_an_attribute_that_is_not_sent_matches_nobody(scim, provider, saml_peer, client):
    provisioned(scim, "ada")
    provider.match_claim = "nosuch"
    provider.save()
    assert sign_in(client, saml_peer, "ada").status_code == 403
    assert reason() == Reason.CLAIM


def test_unknown_people_are_created_where_the_provider_may(provider, saml_peer, client):
    provider.create_unknown_users = True
    provider.save()
    sign_in(client, saml_peer, "ghost")
    user = client.get("/").context["user"]
    assert (user.username, user.has_usable_password()) == ("ghost", False)
    assert Identity.objects.get().origin == Origin.CREATED
    again = Client()
    sign_in(again, saml_peer, "ghost")
    assert is_signed_in(again)


def test_a_provider_that_is_switched_off_ends_its_sessions(scim, provider, saml_peer, client):
    provisioned(scim, "ada")
    sign_in(client, saml_peer, "ada")
    provider.enabled = False
    provider.save()
    assert not is_signed_in(client)
    assert client.get("/saml2/login/peer/").status_code == 404
    provider.enabled = True
    provider.save()
    assert not is_signed_in(client)


@pytest.mark.parametrize("way", ["remove", "clear", "delete"])
def test_a_provider_that_may_no_more_ends_its_sessions(scim, provider, saml_peer, client, way):
    provisioned(scim, "ada")
    sign_in(client, saml_peer, "ada")
    match way:
        case "remove":
            provider.sign_in_connections.remove(scim.connection)
        case "clear":
            provider.sign_in_connections.clear()
        case "delete":
            provider.delete()
    assert not is_signed_in(client)


def test_signing_out_signs_out_at_the_provider(scim, provider, saml_peer, client):
    provisioned(scim, "ada")
    sign_in(client, saml_peer, "ada")
    answer = client.post("/accounts/logout/")
    assert answer["Location"].startswith(f"{saml_peer.url}/simplesaml/saml2/idp/SingleLogout")
    assert "Signature=" in answer["Location"]
    assert not is_signed_in(client)
    assert client.get("/saml2/ls/", {"SAMLResponse": "x"})["Location"] == "/accounts/login/"


def test_an_unsigned_sign_out_signs_nobody_out(scim, provider, saml_peer, client):
    provisioned(scim, "ada")
    sign_in(client, saml_peer, "ada")
    for query in ({"SAMLRequest": "x"}, {"SAMLRequest": "fZA="}):
        assert client.get("/saml2/ls/", query).status_code == 403
    assert is_signed_in(client)
    assert Client().get("/saml2/ls/", {"SAMLRequest": "x"}).status_code == 403


def sign_out_request(peer):
    moment = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return (
        f'<p:LogoutRequest xmlns:p="{NAMES["samlp"]}" xmlns:s="{NAMES["saml"]}" ID="_out"'
        f' Version="2.0" IssueInstant="{moment}" Destination="http://testserver/saml2/ls/">'
        f"<s:Issuer>{peer.entity_id}</s:Issuer><s:NameID>ada</s:NameID></p:LogoutRequest>"
    )


@pytest.mark.parametrize(
    ("algorithm", "digest", "ends"),
    [(SIG_RSA_SHA256, hashes.SHA256(), True), (SIG_RSA_SHA1, hashes.SHA1(), False)],
    ids=["SHA-256", "SHA-1"],
)
def test_a_provider_signs_a_person_out(scim, provider, saml_peer, client, algorithm, digest, ends):
    provisioned(scim, "ada")
    sign_in(client, saml_peer, "ada")
    request = sign_out_request(saml_peer)
    client.get("/saml2/ls/", sent_along(request, saml_peer.home / "cert", algorithm, digest))
    assert is_signed_in(client) is not ends


@pytest.mark.skipif(xmlsec1() is None, reason="xmlsec1 is missing")
def test_bad_sign_outs_are_throttled_and_not_written_down(client, settings):
    few(settings)
    answers = [client.get("/saml2/ls/", {"SAMLRequest": "x"}).status_code for _ in range(5)]
    assert answers == [403, 403, 403, 429, 429]
    assert SignInEvent.objects.count() == 3


def test_our_metadata_names_our_addresses(saml_peer, client):
    text = client.get("/saml2/metadata/").content.decode()
    for part in ("http://testserver/saml2/acs/", "http://testserver/saml2/ls/", "X509Certificate"):
        assert part in text
    assert 'WantAssertionsSigned="true"' in text


def test_signing_in_costs_the_same_for_everybody(
    scim, provider, saml_peer, django_assert_max_num_queries
):
    for number in range(5):
        scim.user(f"user{number}@example.com")
    provisioned(scim, "ada")
    client = Client()
    message = saml_peer.respond(ask(client), "ada")
    with django_assert_max_num_queries(40):
        client.post(ACS, {"SAMLResponse": message})
    assert is_signed_in(client)


@pytest.mark.skipif(xmlsec1() is None, reason="xmlsec1 is missing")
def test_i002_without_xmlsec1_saml_is_off(monkeypatch, client, db):
    assert checks.check_xmlsec1() == []
    monkeypatch.setenv("PATH", "")
    assert [message.id for message in checks.check_xmlsec1()] == ["kyvos_portal.I002"]
    assert client.get("/saml2/metadata/").status_code == 404
