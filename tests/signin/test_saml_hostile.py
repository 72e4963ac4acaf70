"""A real provider's signed responses, tampered with: all refused, none a crash.

Those signed anew have right signatures: what they say is what is wrong with them.
"""

from __future__ import annotations

import base64
import logging
from http.cookiejar import CookieJar
from urllib.request import HTTPCookieProcessor, build_opener

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.test import Client

from kyvos_portal.signin.models import Identity, SamlProvider, SignInEvent
from kyvos_portal.signin.rule import Reason
from tests.peers import forgery
from tests.peers.forgery import attribute, changed, opened, sealed, signed, text, without
from tests.signin.fixtures import few, is_signed_in, provisioned
from tests.signin.test_saml import ACS, ask

pytestmark = [pytest.mark.django_db, pytest.mark.once]
CONFIRMATION = "saml:Assertion/saml:Subject/saml:SubjectConfirmation/saml:SubjectConfirmationData"
CONDITIONS = "saml:Assertion/saml:Conditions"
NAME_ID = "saml:Assertion/saml:Subject/saml:NameID"
SIGNED, DS = "saml:Assertion/ds:Signature/ds:SignedInfo", "http://www.w3.org/2000/09/xmldsig#"
PAST, FUTURE = "2020-01-01T00:00:00Z", "2200-01-01T00:00:00Z"


@pytest.fixture
def asker(scim, provider):
    """A browser that asked, and whose person is known."""
    provisioned(scim, "ada")
    provisioned(scim, "bob")
    return Client(raise_request_exception=True)


@pytest.fixture(scope="module")
def known():
    """A browser that the provider comes to know: it asks who she is only once."""
    return build_opener(HTTPCookieProcessor(CookieJar()))


@pytest.fixture
def message(asker, saml_peer, known):
    """What the provider answered it."""
    return saml_peer.respond(ask(asker), "ada", known)


def post(asker, message):
    return asker.post(ACS, {"SAMLResponse": message})


def assert_refused(asker, answer, caplog, reason=Reason.INVALID):
    assert answer.status_code in (403, 429)
    assert "You were not signed in" in answer.content.decode()
    assert not is_signed_in(asker)
    assert not Identity.objects.exists()
    assert SignInEvent.objects.get().reason == reason
    assert "Traceback" not in caplog.text
    assert "ada@example.com" not in caplog.text
    assert not [r for r in caplog.records if r.name.startswith(("saml2", "djangosaml2"))]


TAMPERED = {
    "another name": text(NAME_ID, "bob"),
    "another attribute": text(
        "saml:Assertion/saml:AttributeStatement/saml:Attribute/saml:AttributeValue", "bob"
    ),
    "unsigned": without("ds:Signature", "saml:Assertion/ds:Signature"),
    "wrapped beside": forgery.wrapped_beside,
    "wrapped around": forgery.wrapped_around,
    "wrapped in advice": forgery.wrapped_in_advice,
    "encrypted in name": forgery.encrypted,
    "stylesheet": forgery.with_stylesheet,
    "two references": forgery.twice_referenced,
    "no assertion": without("saml:Assertion"),
    "destination": attribute(".", "Destination", "https://other.example.com/saml2/acs/"),
    "request": attribute(".", "InResponseTo", "_other"),
    "end": attribute(CONDITIONS, "NotOnOrAfter", FUTURE),
}
SIGNED_ANEW = {
    "only the response signed": without("saml:Assertion/ds:Signature"),
    "destination": attribute(".", "Destination", "https://other.example.com/saml2/acs/"),
    "recipient": attribute(CONFIRMATION, "Recipient", "https://other.example.com/saml2/acs/"),
    "audience": text(
        f"{CONDITIONS}/saml:AudienceRestriction/saml:Audience", "https://other.example.com"
    ),
    "no audience": without(f"{CONDITIONS}/saml:AudienceRestriction"),
    "no conditions": without(CONDITIONS),
    "no end": attribute(CONDITIONS, "NotOnOrAfter", None),
    "over": attribute(CONDITIONS, "NotOnOrAfter", PAST),
    "not yet": attribute(CONDITIONS, "NotBefore", FUTURE),
    "confirmation over": attribute(CONFIRMATION, "NotOnOrAfter", PAST),
    "confirmation without end": attribute(CONFIRMATION, "NotOnOrAfter", None),
    "confirmation without place": attribute(CONFIRMATION, "Recipient", None),
    "confirmed by others": attribute(
        CONFIRMATION.rpartition("/")[0], "Method", "urn:oasis:names:tc:SAML:2.0:cm:sender-vouches"
    ),
    "confirmation of another request": attribute(CONFIRMATION, "InResponseTo", "_other"),
    "another request": attribute(".", "InResponseTo", "_other"),
    "no request": attribute(".", "InResponseTo", None),
    "old": attribute(".", "IssueInstant", PAST),
    "version": attribute(".", "Version", "1.1"),
    "version in words": attribute(".", "Version", "two"),
    "another issuer": text("saml:Issuer", "https://other.example.com"),
    "another issuer inside": text("saml:Assertion/saml:Issuer", "https://other.example.com"),
    "no issuer": without("saml:Issuer"),
    "status": attribute(
        "samlp:Status/samlp:StatusCode", "Value", "urn:oasis:names:tc:SAML:2.0:status:Responder"
    ),
    "no name": without(NAME_ID),
    "empty name": text(NAME_ID, " "),
    "long name": text(NAME_ID, "a" * 600),
    "no subject": without("saml:Assertion/saml:Subject"),
    "time in words": attribute(CONDITIONS, "NotOnOrAfter", "tomorrow"),
    "signed with SHA-1": attribute(f"{SIGNED}/ds:SignatureMethod", "Algorithm", f"{DS}rsa-sha1"),
    "digest by SHA-1": attribute(f"{SIGNED}/ds:Reference/ds:DigestMethod", "Algorithm", f"{DS}sha1"),
}  # fmt: skip


@pytest.mark.parametrize("change", TAMPERED.values(), ids=TAMPERED)
def test_what_was_changed_on_the_way_is_refused(asker, message, caplog, change):
    assert_refused(asker, post(asker, changed(message, change)), caplog)


@pytest.mark.parametrize("change", SIGNED_ANEW.values(), ids=SIGNED_ANEW)
def test_what_is_wrong_though_signed_is_refused(asker, message, caplog, saml_peer, change):
    wrong = signed(changed(message, change), saml_peer.home / "cert")
    assert_refused(asker, post(asker, wrong), caplog)


def test_signing_anew_alone_is_no_reason(asker, message, saml_peer):
    again = signed(changed(message, lambda root: None), saml_peer.home / "cert")
    post(asker, again)
    assert is_signed_in(asker)


def test_a_signed_assertion_in_an_unsigned_response_is_enough(asker, message, saml_peer):
    post(asker, changed(message, without("ds:Signature")))
    assert is_signed_in(asker)


def test_a_foreign_key_signs_nobody_in(asker, message, caplog, saml_peer):
    folder = saml_peer.home / "cert"
    forgery.foreign_key(folder)
    wrong = signed(changed(message, text(NAME_ID, "bob")), folder, "foreign")
    assert_refused(asker, post(asker, wrong), caplog)


def test_a_transient_name_is_bound_to_nobody(asker, message, caplog, saml_peer):
    transient = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
    wrong = signed(
        changed(message, attribute(NAME_ID, "Format", transient)), saml_peer.home / "cert"
    )
    assert_refused(asker, post(asker, wrong), caplog, Reason.TRANSIENT)
    assert "ada@example.com" not in str(dict(asker.session))


DOCTYPE = "<!DOCTYPE samlp:Response SYSTEM 'http://127.0.0.1:9/x.dtd'>"
BOMB = "<!DOCTYPE a [<!ENTITY a 'x'><!ENTITY b '&a;&a;&a;&a;'>]><a>&b;</a>"
JUNK = {
    "nothing": "",
    "no base64": "%%%",
    "no xml": sealed("hello"),
    "another document": sealed("<a/>"),
    "half": sealed("<samlp:Response xmlns:samlp='urn:oasis:names:tc:SAML:2.0:protocol'>"),
    "json": sealed('{"SAMLResponse": 1}'),
    "bytes": sealed(b"\xff\xfe\x00<"),
    "NUL": sealed("<a>\x00</a>"),
    "entities": sealed(BOMB),
    "deep": sealed("<a>" * 20_000 + "</a>" * 20_000),
    "unknown encoding": sealed("<?xml version='1.0' encoding='nosuch'?><a/>"),
    "large": base64.b64encode(b"<" * 300 * 1024).decode(),
}


@pytest.mark.parametrize("junk", JUNK.values(), ids=JUNK)
def test_junk_is_refused(asker, caplog, junk):
    assert_refused(asker, post(asker, junk), caplog)


@pytest.mark.parametrize(
    "prolog", [DOCTYPE, "<!DOCTYPE samlp:Response [<!ATTLIST a b ID #IMPLIED>]>"]
)
def test_a_document_type_is_refused(asker, message, caplog, prolog):
    xml = opened(message)
    start = xml.index("<samlp:Response")
    wrong = sealed(f"{xml[:start]}{prolog}{xml[start:]}")
    assert_refused(asker, post(asker, wrong), caplog)


def test_nothing_at_all_is_refused(asker, caplog):
    assert_refused(asker, asker.post(ACS), caplog)
    assert asker.get(ACS).status_code == 405


def test_a_comment_cuts_no_name_short(asker, saml_peer):
    # Comments are not signed: whoever is called "adabob" could else become "ada".
    xml = opened(saml_peer.respond(ask(asker), "bob"))
    post(asker, sealed(xml.replace(">bob</saml:NameID>", ">bo<!-- -->b</saml:NameID>")))
    assert Identity.objects.get().subject == "bob"


def test_a_response_is_used_once(asker, message):
    assert post(asker, message).status_code == 302
    asker.post("/accounts/logout/")
    assert post(asker, message).status_code == 403
    assert not is_signed_in(asker)


def test_an_assertion_is_used_once_even_where_the_request_is_open_again(asker, message):
    key = asker.cookies["saml"].value
    before = dict(SessionStore(key).items())
    assert post(asker, message).status_code == 302
    session = SessionStore(key)
    session.update(before)
    session.save()
    other = Client()
    other.cookies["saml"] = key
    assert post(other, message).status_code == 403
    assert SignInEvent.objects.first().detail == "The assertion was used before."


def test_a_response_belongs_to_the_browser_that_asked(asker, message):
    other = Client()
    assert post(other, message).status_code == 403
    ask(other)
    assert post(other, message).status_code == 403
    assert not is_signed_in(other)


def test_the_provider_that_was_asked_has_to_answer(asker, saml_peer, provider, caplog):
    """Another provider, whose own signature is right, answers in the place of the asked one."""
    folder = saml_peer.home / "cert"
    forgery.foreign_key(folder)
    foreign = "".join((folder / "foreign.crt").read_text().splitlines()[1:-1])
    metadata = saml_peer.metadata()
    own = "".join((folder / "idp.crt").read_text().splitlines()[1:-1])
    SamlProvider.objects.create(
        name="Other", slug="other", entity_id="https://other.example.com",
        metadata=metadata.replace(saml_peer.entity_id, "https://other.example.com").replace(own, foreign),
    )  # fmt: skip
    asked = ask(asker)
    answer = saml_peer.respond(asked, "ada")

    def of_another(root):
        text("saml:Issuer", "https://other.example.com")(root)
        text("saml:Assertion/saml:Issuer", "https://other.example.com")(root)

    wrong = signed(changed(answer, of_another), folder, "foreign")
    assert_refused(asker, post(asker, wrong), caplog)


def test_a_provider_switched_off_meanwhile_signs_nobody_in(asker, message, provider, caplog):
    SamlProvider.objects.update(enabled=False)
    assert_refused(asker, post(asker, message), caplog)


def test_bad_responses_are_throttled_and_not_written_down(asker, message, settings):
    few(settings)
    for _ in range(3):
        assert post(asker, "junk").status_code == 403
    assert post(asker, message).status_code == 429
    assert SignInEvent.objects.count() == 3


def test_the_record_keeps_no_control_characters(caplog, asker):
    caplog.set_level(logging.INFO)
    post(asker, sealed("<a>\n</a>"))
    assert "\n" not in SignInEvent.objects.get().detail


@pytest.mark.parametrize(
    "wanted", ["https://evil.example.com/", "//evil.example.com", "javascript:x", "\\\\evil", "x"]
)
def test_only_own_pages_follow_a_sign_in(asker, saml_peer, wanted):
    answer = post(asker, saml_peer.respond(ask(asker, next=wanted), "ada"))
    assert answer["Location"] == "/"
