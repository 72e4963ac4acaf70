"""Workload identity federation: an assertion in place of a secret (RFC 7523 section 2.2)."""

from __future__ import annotations

import json
import time

import pytest
from django.core.management import CommandError, call_command

from scim_provisioning import auth, credential_list, credentials
from scim_provisioning.connections import ConnectionProblem
from scim_provisioning.models import ProvisioningEvent, ScimUser, WorkloadTrust
from tests.threads import at_once
from tests.tokens import ABSENT, AUDIENCE, KEYS, rsa_key

pytestmark = [pytest.mark.django_db, pytest.mark.any_user]


def test_an_assertion_gets_a_token_that_opens_the_api(workload):
    answer = workload.ask()
    assert answer.status_code == 200
    assert (answer.json()["scope"], answer["Cache-Control"]) == ("scim", "no-store")
    made = workload.scim(answer).user()
    assert ScimUser.objects.get(pk=made["id"]).sign_in_class == "oauth"
    trust = WorkloadTrust.objects.get()
    assert ProvisioningEvent.objects.get().credential_key == f"workload:{trust.pk}"
    assert trust.last_used is not None


def test_an_assertion_without_a_jti_is_taken_as_entra_sends_it(workload):
    assertion = workload.assertion(jti=ABSENT)
    for _ in range(2):
        assert workload.ask(assertion=assertion).status_code == 200


def test_a_token_costs_one_query(workload, django_assert_num_queries):
    client = workload.scim(workload.ask())
    with django_assert_num_queries(1):
        auth.authenticate(client.bearer, None)


def test_a_replayed_assertion_is_refused(workload):
    assertion = workload.assertion()
    assert workload.ask(assertion=assertion).status_code == 200
    assert refused(workload.ask(assertion=assertion)) == (401, "invalid_client")


def refused(answer):
    assert answer["Cache-Control"] == "no-store"
    return answer.status_code, answer.json()["error"]


REFUSED = {
    "another subject": {"sub": "other"},
    "another audience": {"aud": "api://other"},
    "another issuer": {"iss": "https://other.example.com"},
    "expired": {"exp": int(time.time()) - 600},
    "no expiry": {"exp": ABSENT},
    "another key": {"key": "other"},
    "a list for the subject": {"sub": ["6c1e0b9e-sync-fabric"]},
    "an id token": {"nonce": "x"},
}


@pytest.mark.parametrize("changes", REFUSED.values(), ids=REFUSED.keys())
def test_what_is_not_asserted_well_is_refused_the_same_way(workload, changes):
    changes = {**changes, "key": rsa_key("other")} if "key" in changes else changes
    answer = workload.ask(assertion=workload.assertion(**changes))
    assert refused(answer) == (401, "invalid_client")
    assert answer.content == workload.ask(client_id="nobody").content


@pytest.mark.parametrize("text", ["x", "a.b.c", "e30.e30.e30", "x" * 9000, "é.é.é", "..", "a.b"])
def test_what_is_no_assertion_is_refused(workload, text):
    assert refused(workload.ask(assertion=text)) == (401, "invalid_client")


@pytest.mark.parametrize(
    "kind", [None, "", "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"]
)
def test_the_type_of_the_assertion_has_to_be_named(workload, kind):
    assert refused(workload.ask(client_assertion_type=kind)) == (400, "invalid_request")


def test_the_client_has_to_be_named(workload):
    assert refused(workload.ask(client_id=None)) == (401, "invalid_client")


def test_an_assertion_counts_for_its_own_connection_only(workload, other):
    made = credentials.make(other.connection, credentials.Kind.CLIENT)
    assert refused(workload.ask(client_id=made.client_id)) == (401, "invalid_client")


def test_missing_keys_are_503_and_no_verdict(workload):
    del workload.issuer.server.routes[KEYS]
    answer = workload.ask()
    assert refused(answer) == (503, "temporarily_unavailable")
    assert int(answer["Retry-After"]) > 0


def test_wrong_assertions_are_throttled(workload):
    for _ in range(5):
        workload.ask(assertion="x")
    assert workload.ask(assertion="x").status_code == 429
    assert workload.ask().status_code == 200


def disable(scim):
    WorkloadTrust.objects.update(enabled=False)


def delete(scim):
    WorkloadTrust.objects.all().delete()


def revoke(scim):
    [row] = [row for row in credential_list.listed(scim.connection) if row.kind == "workload"]
    credentials.revoke(scim.connection, row.key)


def disable_user(scim):
    scim.connection.acting_user.is_active = False
    scim.connection.acting_user.save()


@pytest.mark.parametrize("end", [disable, delete, revoke, disable_user], ids=lambda e: e.__name__)
def test_an_ending_stops_the_next_request_and_the_next_token(workload, scim, end):
    client = workload.scim(workload.ask())
    assert client.get("/Users").status == 200
    end(scim)
    assert client.get("/Users").status == 401
    assert refused(workload.ask()) == (401, "invalid_client")


def test_the_list_shows_the_workload_and_its_share(workload, scim):
    workload.scim(workload.ask()).user()
    rows = {row.kind: row for row in credential_list.listed(scim.connection)}
    assert (rows["workload"].share, rows["workload"].state) == (1.0, "live")


def test_the_command_trusts_a_workload_once(scim, local, capsys):
    options = ["--issuer", "https://127.0.0.1/t/v2.0", "--jwks-uri", "https://127.0.0.1/keys"]
    options += ["--subject", "s", "--json"]
    first, second = (
        json.loads(run(capsys, *options, "--audience", audience))
        for audience in ("api://a/.default", "api://b")
    )
    assert first == second
    assert first["token_endpoint"].endswith("/oauth/token")
    assert WorkloadTrust.objects.get().audience == "api://b"


def run(capsys, *options):
    call_command("connection", "trust", "idp", *options)
    return capsys.readouterr().out


BAD = {
    "shared tenant": {"issuer": "https://login.microsoftonline.com/common/v2.0"},
    "no tenant": {"issuer": "https://login.microsoftonline.com/{tenantid}/v2.0"},
    "a private address": {"jwks_uri": "https://127.0.0.1/keys"},
    "no URL": {"jwks_uri": "keys"},
    "no subject": {"subject": ""},
}


@pytest.mark.parametrize("changes", BAD.values(), ids=BAD.keys())
def test_what_is_not_safe_is_not_trusted(scim, changes):
    given = {"issuer": "https://1.1.1.1/v2.0", "jwks_uri": "https://1.1.1.1/keys"}
    given |= {"subject": "s", "audience": AUDIENCE, **changes}
    with pytest.raises(ConnectionProblem):
        credentials.trust(scim.connection, **given)
    pairs = [f"--{name.replace('_', '-')}={value}" for name, value in given.items()]
    with pytest.raises(CommandError):
        call_command("connection", "trust", "idp", *pairs)
    assert not WorkloadTrust.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_an_assertion_sent_by_several_at_once_counts_once(workload):
    assertion = workload.assertion()
    workload.ask()
    answers = at_once(lambda _: workload.ask(assertion=assertion), range(4))
    assert sorted(answer.status_code for answer in answers) == [200, 401, 401, 401]
