"""OIDC applications in the admin: entered by the rules, tested, and tokens explained."""

from __future__ import annotations

import logging

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse

from scim_provisioning.auth.discovery import ENDPOINTS, PATH
from scim_provisioning.models import OIDCApplication, WorkloadTrust
from tests.admin.people import staff
from tests.local_server import send
from tests.tokens import AUDIENCE, CLIENT, KEYS

pytestmark = pytest.mark.django_db

SECRET = "s3cr3t/of+the~client"


def url(page, *args):
    return reverse(f"admin:scim_provisioning_oidcapplication_{page}", args=args)


def test_only_who_may_test_an_application_is_led_to_the_test(issuer):
    key = issuer.application.pk
    client = staff("view_oidcapplication")
    assert url("test", key) not in client.get(url("change", key)).text
    assert client.get(url("test", key)).status_code == 403


@pytest.fixture
def discovery(issuer):
    """The issuer tells of itself; its application is not there yet."""
    issuer.application.delete()
    issuer.server.routes[PATH] = {
        "issuer": issuer.url,
        "jwks_uri": issuer.url + KEYS,
        "token_endpoint": issuer.url + "/token",
    }
    return issuer


def form(issuer, /, **changes):
    data = {
        "name": "Entra",
        "enabled": "on",
        "preset": "generic",
        "kind": "confidential",
        "issuer": issuer.url,
        "token_identifier": CLIENT,
        "audiences": f"{AUDIENCE}\r\n\r\napi://second ",
        "rights": "scim",
        "client_id": "client",
        "client_secret": SECRET,
        "sign_in_scopes": "openid",
        "match_claim": "sub",
        "match_attribute": "userName",
        "algorithms": ["RS256", "ES256"],
        "leeway": 60,
        "max_token_age": 86400,
        **changes,
    }
    return {name: value for name, value in data.items() if value is not None}


def mapped(scim, issuer, /, **changes):
    return form(issuer, **{"mapped_user": scim.connection.acting_user_id, **changes})


def test_an_application_is_made_from_what_the_issuer_tells(scim, discovery, admin_client):
    page = admin_client.post(url("add"), mapped(scim, discovery))
    assert page.status_code == 302, page.context_data["adminform"].form.errors
    row = OIDCApplication.objects.get()
    assert (row.jwks_uri, row.token_endpoint) == (discovery.url + KEYS, discovery.url + "/token")
    assert row.audiences == [AUDIENCE, "api://second"]
    assert (row.token_claim, row.slug, row.client_secret) == ("client_id", "entra", SECRET)
    assert scim.get("/Users", authorization=discovery.bearer()).status == 200


def test_the_secret_is_never_shown_and_stays_until_it_is_replaced(scim, discovery, admin_client):
    admin_client.post(url("add"), mapped(scim, discovery))
    row = OIDCApplication.objects.get()
    page = admin_client.get(url("change", row.pk)).content.decode()
    assert "There is one." in page
    assert SECRET not in page
    assert row.encrypted_client_secret not in page
    for given, kept in (("", SECRET), ("another", "another")):
        admin_client.post(url("change", row.pk), mapped(scim, discovery, client_secret=given))
        assert OIDCApplication.objects.get().client_secret == kept
    gone = mapped(scim, discovery, client_secret="", remove_secret="on")
    admin_client.post(url("change", row.pk), gone)
    assert OIDCApplication.objects.get().client_secret == ""
    assert not [entry for entry in LogEntry.objects.all() if SECRET in entry.change_message]


WRONG = {
    "issuer": {"issuer": "https://login.microsoftonline.com/common/v2.0"},
    "unreachable issuer": {"issuer": "http://127.0.0.1:1"},
    "HS256": {"algorithms": ["HS256"]},
    "no algorithm": {"algorithms": None},
    "no audience": {"audiences": ""},
    "no user": {"mapped_user": ""},
    "a person": {"mapped_user": "person"},
    "public with a secret": {"kind": "public"},
    "leeway": {"leeway": 301},
    "keys inside": {"jwks_uri": "file:///etc/passwd"},
}


@pytest.mark.parametrize("changes", WRONG.values(), ids=WRONG.keys())
def test_rules_are_told_on_the_form(scim, discovery, admin_client, changes):
    if changes.get("mapped_user") == "person":
        model = get_user_model()
        person = model._default_manager.create(**{model.USERNAME_FIELD: "person@example.com"})
        changes = {"mapped_user": person.pk}
    page = admin_client.post(url("add"), mapped(scim, discovery, **changes))
    assert page.status_code == 200
    assert "errorlist" in page.content.decode()
    assert SECRET not in page.content.decode()
    assert not OIDCApplication.objects.exists()


def test_a_missing_encryption_key_is_told_on_the_form(scim, discovery, admin_client, settings):
    settings.SCIM_PROVISIONING = {**settings.SCIM_PROVISIONING, "ENCRYPTION_KEYS": ()}
    page = admin_client.post(url("add"), mapped(scim, discovery))
    assert "ENCRYPTION_KEYS" in page.content.decode()


def test_another_issuer_has_other_endpoints(scim, discovery, admin_client):
    admin_client.post(url("add"), mapped(scim, discovery))
    row = OIDCApplication.objects.get()
    second = discovery.url + "/second"
    discovery.server.routes["/second" + PATH] = {"issuer": second, "jwks_uri": second + KEYS}
    OIDCApplication.objects.update(requires_iss=True)
    kept = {name: getattr(row, name) for name in ENDPOINTS} | {"requires_iss": "on"}
    admin_client.post(url("change", row.pk), mapped(scim, discovery, issuer=second, **kept))
    row.refresh_from_db()
    assert (row.jwks_uri, row.token_endpoint, row.requires_iss) == (second + KEYS, "", False)


@pytest.mark.parametrize("name", ["token_endpoint", "introspection_endpoint"])
def test_a_secret_goes_to_no_other_host_than_it_was_entered_for(
    scim, discovery, admin_client, name
):
    admin_client.post(url("add"), mapped(scim, discovery))
    row = OIDCApplication.objects.get()
    kept = {endpoint: getattr(row, endpoint) for endpoint in ENDPOINTS} | {"client_secret": ""}
    there = mapped(scim, discovery, **{**kept, name: "http://127.0.0.1:9/token"})
    page = admin_client.post(url("change", row.pk), there)
    assert "enter it again" in page.content.decode()
    assert getattr(OIDCApplication.objects.get(), name) == getattr(row, name)
    here = mapped(scim, discovery, **{**kept, name: f"{discovery.url}/another"})
    for data in (here, {**there, "client_secret": "its own"}, {**there, "remove_secret": "on"}):
        assert admin_client.post(url("change", row.pk), data).status_code == 302


def test_an_application_is_disabled_by_an_action(scim, issuer, admin_client):
    data = {"action": "disable", "_selected_action": [issuer.application.pk], "yes": "1"}
    page = admin_client.post(url("changelist"), data, follow=True)
    assert "1 application disabled." in page.content.decode()
    assert scim.get("/Users", authorization=issuer.bearer()).status == 401


def test_a_token_is_explained_and_not_kept(scim, issuer, admin_client, caplog):
    caplog.set_level(logging.DEBUG)
    assert "Explain a token" in admin_client.get(url("changelist")).content.decode()
    token = issuer.token(aud="api://<other>", exp=1)
    page = admin_client.post(url("explain"), {"token": f"  {token}\r\n"})
    content = page.content.decode()
    assert "api://&lt;other&gt;" in content
    assert "It has expired." in content
    assert content.count("failed") == 2
    assert token.split(".")[1] not in content
    assert "no-store" in page["Cache-Control"]
    assert token.split(".")[1] not in caplog.text
    assert not LogEntry.objects.exists()


@pytest.mark.parametrize("token", ["", "junk", "\U0001f600", "x" * 20_000, "a.b.c"])
def test_anything_can_be_pasted(issuer, admin_client, token):
    assert admin_client.post(url("explain"), {"token": token}).status_code == 200


def test_a_surrogate_in_a_token_breaks_no_page(issuer, admin_client):
    token = issuer.token(aud="\ud800", tid=["\ud800"], client_id="\ud800")
    assert admin_client.post(url("explain"), {"token": token}).status_code == 200
    token = issuer.token(aud=["\ud800"], tid="\ud800")
    assert "ud800" in admin_client.post(url("explain"), {"token": token}).content.decode()


def results(page):
    return {str(step.title): step.passed for step in page.context_data["steps"]}


@pytest.fixture
def whole(issuer):
    """An issuer that answers everything."""
    issuer.server.routes[PATH] = {"issuer": issuer.url, "jwks_uri": issuer.url + KEYS}
    row = issuer.application
    row.token_endpoint, row.client_id, row.client_secret = issuer.url + "/token", "c", SECRET
    row.save()
    return issuer


def test_a_connection_is_tested(whole, admin_client):
    address = url("test", whole.application.pk)
    assert address in admin_client.get(url("change", whole.application.pk)).content.decode()
    assert admin_client.get(address).status_code == 200
    assert whole.server.requests == []
    page = admin_client.post(address, {})
    assert results(page) == {"Discovery": True, "Keys": True, "Mapped user": True}


def test_a_token_is_fetched_and_explained(whole, admin_client):
    whole.server.routes["/token"] = lambda handler, request: send(
        handler, {"access_token": whole.token(), "token_type": "Bearer"}
    )
    data = {"fetch": "on", "scope": "scim", "resource": "urn:x"}
    page = admin_client.post(url("test", whole.application.pk), data)
    assert set(results(page).values()) == {True}
    assert "Audience" in results(page)
    sent = next(request for request in whole.server.requests if request.path == "/token")
    assert sent.form == {"grant_type": "client_credentials", "scope": "scim", "resource": "urn:x"}
    assert SECRET not in page.content.decode()


TROUBLE = {
    "refused": lambda h, r: send(h, {"error": "invalid_client", "error_description": "<no>"}, 401),
    "no token": {"token_type": "Bearer"},
    "no text": {"access_token": 5},
    "no JSON": b"<html>",
    "not there": None,
}


@pytest.mark.parametrize("answer", TROUBLE.values(), ids=TROUBLE.keys())
def test_a_token_endpoint_in_trouble_is_told(whole, admin_client, answer):
    whole.server.routes["/token"] = answer
    page = admin_client.post(url("test", whole.application.pk), {"fetch": "on"})
    assert results(page)["Token"] is False
    assert not any(part in page.content.decode() for part in (SECRET, "<no>"))


def outcome(client, issuer):
    return results(client.post(url("test", issuer.application.pk), {}))


@pytest.mark.parametrize(
    "changes",
    [
        {"jwks_uri": None, "authorization_response_iss_parameter_supported": True},
        {"jwks_uri": "https://example.com/moved"},
    ],
    ids=["iss", "keys moved"],
)
def test_a_discovery_that_says_otherwise_is_told(whole, admin_client, changes):
    told = {**whole.server.routes[PATH], **changes}
    whole.server.routes[PATH] = {k: v for k, v in told.items() if v is not None}
    assert outcome(admin_client, whole)["Discovery"] is False


BAD_KEYS = {
    "none": lambda keys: {"keys": []},
    "of another algorithm": lambda keys: {"keys": [{**keys[0], "alg": "PS512"}]},
    "no list": lambda keys: {},
    "not there": lambda keys: None,
}


@pytest.mark.parametrize("bad", BAD_KEYS.values(), ids=BAD_KEYS)
def test_keys_that_are_of_no_use_are_told(whole, admin_client, bad):
    whole.server.routes |= {PATH: None, KEYS: bad(whole.keys)}
    told = outcome(admin_client, whole)
    assert (told["Discovery"], told["Keys"]) == (False, False)


def test_an_application_without_keys_or_connection_is_told(scim, whole, admin_client):
    OIDCApplication.objects.update(jwks_uri="")
    scim.connection.delete()
    told = outcome(admin_client, whole)
    assert (told["Keys"], told["Mapped user"]) == (False, False)


def test_a_mapped_user_who_is_disabled_is_told(whole, admin_client):
    user = whole.application.mapped_user
    user.is_active = False
    user.save()
    assert outcome(admin_client, whole)["Mapped user"] is False


def test_a_client_without_a_secret_cannot_fetch(issuer, admin_client):
    page = admin_client.post(url("test", issuer.application.pk), {"fetch": "on"})
    assert results(page)["Token"] is False


@pytest.mark.parametrize(
    ("preset", "scope"), [("entra-v2", f"{AUDIENCE}/.default"), ("okta", "scim"), ("generic", "scim")]
)  # fmt: skip
def test_the_scope_is_suggested(issuer, admin_client, preset, scope):
    OIDCApplication.objects.update(preset=preset, required_scopes="scim")
    page = admin_client.get(url("test", issuer.application.pk))
    assert page.context_data["form"].initial["scope"] == scope


@pytest.mark.parametrize(
    ("rights", "explains", "tests"),
    [
        ([], 403, 403),
        (["view_oidcapplication"], 200, 403),
        (["view_oidcapplication", "change_oidcapplication"], 200, 403),
        (["view_oidcapplication", "change_oidcapplication", "change_connection"], 200, 200),
    ],
)
def test_the_tools_are_for_those_with_the_right(issuer, rights, explains, tests):
    client = staff(*rights)
    assert client.get(url("explain")).status_code == explains
    assert client.get(url("test", issuer.application.pk)).status_code == tests
    assert Client().get(url("explain")).status_code == 302


def test_who_may_not_configure_connections_lets_no_client_in(scim, discovery):
    client = staff(*(f"{verb}_oidcapplication" for verb in ("view", "add", "change", "delete")))
    assert client.post(url("add"), mapped(scim, discovery)).status_code == 403
    row = OIDCApplication.objects.create(name="Other", issuer=discovery.url)
    for page in ("change", "delete"):
        assert client.post(url(page, row.pk), mapped(scim, discovery)).status_code == 403
    client.post(url("changelist"), {"action": "disable", "_selected_action": [row.pk], "yes": "1"})
    assert OIDCApplication.objects.get().enabled


def test_an_application_that_is_not_there_is_404(issuer, admin_client):
    assert admin_client.get(url("test", 0)).status_code == 404


def test_trusted_workloads_are_entered(scim, admin_client, local):
    data = {
        "connection": scim.connection.pk,
        "enabled": "on",
        "issuer": "http://127.0.0.1:9",
        "jwks_uri": "http://127.0.0.1:9/keys",
        "subject": "sub",
        "audience": "api://x/.default",
    }
    admin_client.post(reverse("admin:scim_provisioning_workloadtrust_add"), data)
    assert WorkloadTrust.objects.get().audience == "api://x"
