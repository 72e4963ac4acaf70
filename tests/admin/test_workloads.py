"""The administrator's pages of trusted workloads."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from scim_provisioning import credentials
from scim_provisioning.models import WorkloadTrust

pytestmark = pytest.mark.django_db


def url(page, *arguments):
    return reverse(f"admin:scim_provisioning_workloadtrust_{page}", args=arguments)


def form(scim, **changes):
    given = {"connection": scim.connection.pk, "enabled": "on", "subject": "s"}
    given |= {"issuer": "https://1.1.1.1/t/v2.0", "jwks_uri": "https://1.1.1.1/t/keys"}
    return {**given, "audience": "api://portal/.default", **changes}


def test_a_workload_is_trusted_and_what_to_paste_is_told(scim, admin_client):
    page = admin_client.post(url("add"), form(scim), follow=True).content.decode()
    assert WorkloadTrust.objects.get().audience == "api://portal"
    for shown in (credentials.client_id(scim.connection), "/oauth/token", "/rest/scim/v2"):
        assert shown in page


def test_it_is_listed_changed_and_removed(scim, workload, admin_client):
    row = WorkloadTrust.objects.get()
    assert row.subject in admin_client.get(url("changelist")).content.decode()
    changes = {"issuer": row.issuer, "jwks_uri": row.jwks_uri, "audience": row.audience}
    admin_client.post(url("change", row.pk), form(scim, enabled="", **changes))
    row.refresh_from_db()
    assert not row.enabled
    assert "Are you sure" in admin_client.get(url("delete", row.pk)).content.decode()
    admin_client.post(url("delete", row.pk), {"post": "yes"})
    assert not WorkloadTrust.objects.exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"issuer": "https://login.microsoftonline.com/common/v2.0"},
        {"jwks_uri": "https://127.0.0.1/keys"},
        {"jwks_uri": "http://1.1.1.1/keys"},
        {"subject": ""},
    ],
)
def test_what_is_not_safe_is_refused_on_the_form(scim, admin_client, changes):
    page = admin_client.post(url("add"), form(scim, **changes)).content.decode()
    assert "errorlist" in page
    assert not WorkloadTrust.objects.exists()


def test_who_may_not_configure_connections_trusts_nobody(scim, workload):
    model = get_user_model()
    user = model.objects.create(**{model.USERNAME_FIELD: "helper", "is_staff": True})
    user.user_permissions.set(Permission.objects.filter(codename__contains="workloadtrust"))
    client = Client()
    client.force_login(user)
    row = WorkloadTrust.objects.get()
    for path in (url("add"), url("change", row.pk), url("delete", row.pk)):
        assert client.post(path, form(scim)).status_code == 403
    assert WorkloadTrust.objects.count() == 1


def test_without_the_toolkit_none_is_added(admin_client, settings):
    settings.INSTALLED_APPS = [a for a in settings.INSTALLED_APPS if a != "oauth2_provider"]
    assert admin_client.get(url("add")).status_code == 403
