"""Assertions of trusted workloads: which of them stand in for a secret, and only once."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.utils import timezone

from scim_provisioning.auth import assertions
from scim_provisioning.auth.compact import Refused
from scim_provisioning.models import UsedAssertion, WorkloadTrust
from scim_provisioning.protocol.errors import Unavailable
from tests.auth.test_hostile_tokens import CASES
from tests.tokens import ABSENT, AUDIENCE, KEYS, Issuer

pytestmark = [pytest.mark.django_db, pytest.mark.any_user]

SUBJECT = "6c1e0b9e-sync-fabric"


class Workload(Issuer):
    """An issuer whose tokens are a workload's assertions."""

    def claims(self, **changes):
        return super().claims(**{"sub": SUBJECT, "client_id": ABSENT, **changes})

    def check(self, **changes):
        return assertions.check(self.token(**changes), self.connection.pk)


@pytest.fixture
def workload(scim, server, local):
    found = Workload(server)
    found.connection = scim.connection
    found.trust = WorkloadTrust.objects.create(
        connection=scim.connection,
        issuer=found.url,
        jwks_uri=found.url + KEYS,
        subject=SUBJECT,
        audience=AUDIENCE,
    )
    return found


def test_an_assertion_tells_the_workload(workload):
    assert workload.check() == workload.trust


def test_entras_assertion_is_understood(workload):
    tenant = f"{workload.url}/8f7c/v2.0"
    WorkloadTrust.objects.update(issuer=tenant)
    claims = {"appid": "b5ba", "appidacr": "2", "oid": "d2f8", "tid": "8f7c", "ver": "2.0"}
    for _ in range(2):
        assert workload.check(header={"typ": "JWT"}, iss=tenant, jti=ABSENT, **claims)
    assert not UsedAssertion.objects.exists()


@pytest.mark.scim("A026")
def test_an_assertion_counts_once(workload):
    assertion = workload.token()
    assert assertions.check(assertion, workload.connection.pk)
    with pytest.raises(Refused, match="used before"):
        assertions.check(assertion, workload.connection.pk)
    with pytest.raises(Refused, match="used before"):
        workload.check(exp=workload.claims()["exp"] + 5)
    assert workload.check(jti="AT.2")


def test_the_same_jti_of_another_issuer_is_another_assertion(workload):
    workload.check()
    WorkloadTrust.objects.update(issuer=workload.url + "/b")
    assert workload.check(iss=workload.url + "/b")


def test_what_was_refused_is_not_used_up(workload):
    with pytest.raises(Refused):
        workload.check(aud="api://other")
    assert workload.check()


def test_used_assertions_go_when_they_have_expired(workload):
    past = timezone.now() - timedelta(seconds=1)
    UsedAssertion.objects.create(digest="old", expires=past)
    workload.check()
    [row] = UsedAssertion.objects.all()
    assert row.expires.timestamp() >= workload.claims()["exp"]
    assert "AT.1" not in row.digest


@pytest.mark.parametrize("jti", [None, "", 5, ["AT.1"], {}], ids=str)
def test_a_jti_that_is_no_text_is_refused(workload, jti):
    with pytest.raises(Refused):
        workload.check(jti=jti)


def test_a_jti_may_hold_any_letters(workload):
    assert workload.check(jti="\ud800\x00" + "x" * 3000)


@pytest.mark.parametrize("sub", [ABSENT, None, "", "another", [SUBJECT], SUBJECT + " ", "\ud800"])
def test_another_subject_is_refused(workload, sub):
    with pytest.raises(Refused):
        workload.check(sub=sub)


def test_another_connections_workload_is_refused(workload, other):
    with pytest.raises(Refused):
        assertions.check(workload.token(), other.connection.pk)


def test_a_disabled_workload_is_refused(workload):
    WorkloadTrust.objects.update(enabled=False)
    with pytest.raises(Refused):
        workload.check()


def test_missing_keys_are_no_refusal(workload):
    workload.server.routes[KEYS] = None
    with pytest.raises(Unavailable):
        workload.check()


ELSEWHERE = ("client: client", "client: another", "RS512, not listed", "PS256, not listed")
"""Cases about an application's own client claim and algorithms."""


@pytest.mark.parametrize("make", [c for c in CASES if not any(w in c.id for w in ELSEWHERE)])
@pytest.mark.scim("A026")
def test_hostile_assertions_are_refused(workload, make):
    with pytest.raises(Refused):
        assertions.check(make(workload), workload.connection.pk)
    assert not UsedAssertion.objects.exists()


def test_entras_scope_is_read_as_its_audience(workload):
    row = WorkloadTrust.objects.get()
    row.audience = "api://b5ba/.default"
    row.full_clean()
    assert row.audience == "api://b5ba"


def test_urls_of_a_workload_are_checked(workload, settings):
    settings.SCIM_PROVISIONING = {**settings.SCIM_PROVISIONING, "ALLOW_LOCAL_ISSUERS": False}
    with pytest.raises(ValidationError) as caught:
        workload.trust.full_clean()
    assert set(caught.value.message_dict) == {"issuer", "jwks_uri"}
    workload.trust.enabled = False
    workload.trust.full_clean()


def test_a_subject_is_trusted_once_per_connection(workload):
    row = WorkloadTrust.objects.get()
    row.pk = None
    with pytest.raises(IntegrityError):
        row.save()


def test_time_is_told_by_the_clock(workload, monkeypatch):
    now = time.time()
    assertion = workload.token()
    monkeypatch.setattr(time, "time", lambda: now + 3600 + 61)
    with pytest.raises(Refused, match="expired"):
        assertions.check(assertion, workload.connection.pk)
