"""A row gets its id of before, and everything that points to it goes along: on every database."""

from __future__ import annotations

import pytest
from django.db import transaction

pytest.importorskip("django_scim", reason="django-scim2 wants a Django below 6.1.")

from scim_provisioning.compat.moving import Move
from scim_provisioning.compat.report import Report
from scim_provisioning.models import ScimGroup, ScimUser
from scim_provisioning.protocol.identifiers import parse
from tests.scim_client import GROUP

pytestmark = pytest.mark.django_db(transaction=True)


def rekey(owner, model, made):
    report = Report()
    with transaction.atomic():
        Move(None)._rekey(owner, model.objects.get(pk=made["id"]), parse("42"), report)
    return report.ids


def test_a_user_is_the_same_but_for_its_id(scim):
    made = scim.user(externalId="x", emails=[{"value": "a@example.com"}], title="Dr")
    scim.group("Ops", [made["id"]])
    assert rekey("user", ScimUser, made) == 1
    found = scim.get("/Users/42").body
    for key in ("userName", "externalId", "emails", "title", "active"):
        assert found[key] == made[key]
    assert [g["display"] for g in found["groups"]] == ["Ops"]
    assert scim.get(f"/Users/{made['id']}").status == 404


def test_a_group_is_the_same_but_for_its_id(scim):
    ada = scim.user()
    body = {"schemas": [GROUP], "displayName": "Ops", "members": [{"value": ada["id"]}]}
    made = scim.post("/Groups", {**body, "externalId": "g"}).body
    assert rekey("group", ScimGroup, made) == 1
    found = scim.get("/Groups/42").body
    for key in ("displayName", "externalId", "members"):
        assert found[key] == made[key]
