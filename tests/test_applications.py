"""The rules of an OIDC application: what could not be safe, or could never work, is refused."""

from __future__ import annotations

import socket

import pytest
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db.models import ProtectedError

from scim_provisioning.models import OIDCApplication

pytestmark = pytest.mark.django_db

ISSUER = "https://login.microsoftonline.com/8f7c/v2.0"


@pytest.fixture(autouse=True)
def dns(monkeypatch):
    """Every name leads to a public address, but for those that begin with ``inside``."""

    def getaddrinfo(host, port, *args, **kwargs):
        address = "10.0.0.1" if host.startswith("inside") else "93.184.215.14"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


@pytest.fixture
def service():
    model = get_user_model()
    return model._default_manager.create(**{model.USERNAME_FIELD: "service@example.com"})


@pytest.fixture
def fields(service):
    return {
        "name": "Entra of Contoso",
        "preset": "entra-v2",
        "issuer": ISSUER,
        "jwks_uri": f"{ISSUER}/keys",
        "audiences": ["api://portal"],
        "token_identifier": "11111111-2222",
        "mapped_user": service,
    }


def make(fields, **changes):
    row = OIDCApplication(**{**fields, **changes})
    row.full_clean()
    row.save()
    return row


@pytest.mark.parametrize(
    ("preset", "claim"),
    [("entra-v2", "azp"), ("entra-v1", "appid"), ("okta", "cid"), ("generic", "client_id")],
)
def test_the_preset_names_the_claim(fields, preset, claim):
    row = make(fields, preset=preset)
    assert (row.token_claim, row.slug) == (claim, "entra-of-contoso")


def test_a_claim_of_ones_own_stays(fields):
    assert make(fields, token_claim="oid").token_claim == "oid"


REFUSED = {
    "placeholder": ("issuer", {"issuer": "https://login.microsoftonline.com/{tenantid}/v2.0"}),
    "common": ("issuer", {"issuer": "https://login.microsoftonline.com/Common/v2.0"}),
    "organizations": ("issuer", {"issuer": "https://login.microsoftonline.com/organizations"}),
    "consumers": ("issuer", {"issuer": "https://login.microsoftonline.com/consumers/v2.0"}),
    "query": ("issuer", {"issuer": "https://idp.example.com/?tenant=1"}),
    "http": ("issuer", {"issuer": "http://idp.example.com"}),
    "inside": ("issuer", {"issuer": "https://inside.example.com"}),
    "keys inside": ("jwks_uri", {"jwks_uri": "https://inside.example.com/keys"}),
    "token endpoint inside": ("token_endpoint", {"token_endpoint": "https://inside.example.com"}),
    "no keys": ("jwks_uri", {"jwks_uri": ""}),
    "none": ("algorithms", {"algorithms": ["none"]}),
    "HS256": ("algorithms", {"algorithms": ["RS256", "HS256"]}),
    "no algorithm": ("algorithms", {"algorithms": []}),
    "algorithms of another type": ("algorithms", {"algorithms": {"RS256": 1}}),
    "nested algorithms": ("algorithms", {"algorithms": [["RS256"]]}),
    "no audience": ("audiences", {"audiences": []}),
    "blank audience": ("audiences", {"audiences": [" "]}),
    "audience of another type": ("audiences", {"audiences": "api://portal"}),
    "Entra's shared audience": (
        "audiences",
        {"audiences": ["8adf8e6e-67b2-4cf2-a259-e3dc5476c621"]},
    ),
    "identifier alone": ("mapped_user", {"mapped_user": None}),
    "user alone": ("token_identifier", {"token_identifier": ""}),
    "identifier with a space": ("token_identifier", {"token_identifier": "abc "}),
    "identifier with NUL": ("token_identifier", {"token_identifier": "a\x00c"}),
    "public": ("kind", {"kind": "public"}),
    "leeway": ("leeway", {"leeway": 301}),
    "age": ("max_token_age", {"max_token_age": 0}),
    "sign-in without client": ("client_id", {"sign_in": True}),
    "introspection without client": ("client_id", {"introspection": True}),
    "introspection without secret": (
        "introspection",
        {"introspection": True, "client_id": "x", "introspection_endpoint": ISSUER},
    ),
    "introspection without endpoint": (
        "introspection_endpoint",
        {"introspection": True, "client_id": "x"},
    ),
}


@pytest.mark.parametrize(("field", "changes"), REFUSED.values(), ids=REFUSED.keys())
def test_rules(fields, field, changes):
    with pytest.raises(ValidationError) as caught:
        make(fields, **changes)
    assert field in caught.value.message_dict


@pytest.mark.parametrize("flag", ["is_active", "is_superuser"])
def test_the_mapped_user_is_active_and_no_superuser(fields, service, flag):
    setattr(service, flag, flag == "is_superuser")
    service.save()
    with pytest.raises(ValidationError) as caught:
        make(fields)
    assert "mapped_user" in caught.value.message_dict


def test_what_is_off_can_be_kept_off_whatever_its_urls(fields):
    make(fields, enabled=False, jwks_uri="https://inside.example.com/keys")


def test_a_client_is_named_once(fields):
    make(fields)
    with pytest.raises(ValidationError, match="Another application"):
        make(fields, name="Again", slug="again")
    make(fields, name="Other claim", token_claim="oid", slug="other")


def test_applications_for_sign_in_alone_share_an_issuer(fields):
    alone = {"token_identifier": "", "mapped_user": None, "sign_in": True, "client_id": "web"}
    for name in ("One", "Two"):
        make(fields, name=name, **alone)
    assert OIDCApplication.objects.count() == 2


def test_a_mapped_user_cannot_be_deleted(fields, service):
    make(fields)
    with pytest.raises(ProtectedError):
        service.delete()
