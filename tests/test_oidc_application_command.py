"""``manage.py oidc_application``: the rules of the admin, for scripts."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from scim_provisioning.auth.discovery import PATH
from scim_provisioning.models import OIDCApplication
from tests.tokens import AUDIENCE, CLIENT, KEYS

pytestmark = pytest.mark.django_db


def run(*arguments):
    out = StringIO()
    call_command("oidc_application", *arguments, stdout=out)
    return out.getvalue()


@pytest.fixture
def discovery(issuer):
    issuer.application.delete()
    issuer.server.routes[PATH] = {"issuer": issuer.url, "jwks_uri": issuer.url + KEYS}
    return issuer


@pytest.fixture
def create(scim, discovery):
    def make(*more):
        return json.loads(
            run(
                *("create", "Okta", "--json", "--issuer", discovery.url, "--audience", AUDIENCE),
                *("--claim", "client_id", "--identifier", CLIENT),
                *("--mapped-username", scim.username, *more),
            )
        )

    return make


def test_an_application_is_made_and_its_tokens_open_the_api(scim, discovery, create):
    made = create("--scope", "scim.read", "--scope", "scim.write", "--algorithm", "RS256")
    assert made["created"] is True
    assert (made["claim"], made["identifier"]) == ("client_id", CLIENT)
    assert made["jwks_uri"] == discovery.url + KEYS
    assert made["required_scopes"] == ["scim.read", "scim.write"]
    answer = scim.get("/Users", authorization=discovery.bearer(scope="scim.read"))
    assert answer.status == 200


def test_a_name_that_exists_is_updated_and_the_rest_stays(discovery, create):
    create("--scope", "scim", "--leeway", "120")
    again = json.loads(run("create", "Okta", "--json", "--audience", "api://new"))
    assert (again["created"], again["audiences"]) == (False, ["api://new"])
    row = OIDCApplication.objects.get()
    assert (row.required_scopes, row.leeway, row.token_identifier) == ("scim", 120, CLIENT)
    assert create()["created"] is False


def test_another_issuer_has_other_endpoints_and_another_preset_another_claim(discovery, create):
    create()
    second = discovery.url + "/second"
    discovery.server.routes["/second" + PATH] = {"issuer": second, "jwks_uri": second + KEYS}
    told = json.loads(run("create", "Okta", "--json", "--issuer", second, "--preset", "okta"))
    assert (told["jwks_uri"], told["claim"]) == (second + KEYS, "cid")


def test_the_secret_is_read_from_a_file_and_never_told(create, tmp_path, monkeypatch):
    path = tmp_path / "secret"
    path.write_text("s3cr3t\n")
    assert "s3cr3t" not in json.dumps(create("--client-secret-file", str(path)))
    assert OIDCApplication.objects.get().client_secret == "s3cr3t"
    monkeypatch.setattr("sys.stdin", StringIO("from stdin\n"))
    create("--client-secret-file", "-")
    assert OIDCApplication.objects.get().client_secret == "from stdin"
    with pytest.raises(CommandError, match="cannot be read"):
        create("--client-secret-file", str(tmp_path / "none"))


WRONG = {
    "unknown user": ["--mapped-username", "nobody@example.com"],
    "shared issuer": ["--issuer", "https://login.microsoftonline.com/common/v2.0"],
    "unreachable issuer": ["--issuer", "http://127.0.0.1:1"],
    "shared audience": ["--audience", "8adf8e6e-67b2-4cf2-a259-e3dc5476c621"],
    "symmetric algorithm": ["--algorithm", "HS256"],
    "unknown claim": ["--claim", "email"],
    "leeway": ["--leeway", "900"],
    "public": ["--kind", "public"],
}


@pytest.mark.parametrize("more", WRONG.values(), ids=WRONG.keys())
def test_rules_are_one_line(create, more):
    with pytest.raises(CommandError) as caught:
        create(*more)
    assert "\n" not in str(caught.value).strip()
    assert not OIDCApplication.objects.exists()


def test_applications_are_listed(create):
    assert "There are none" in run("list")
    assert json.loads(run("list", "--json")) == []
    create()
    assert f"client_id={CLIENT}" in run("list")
    [row] = json.loads(run("list", "--json"))
    assert (row["name"], row["last_used"]) == ("Okta", None)


def test_an_application_is_disabled_and_enabled(scim, discovery, create):
    create()
    token = discovery.bearer()
    for verb, status in (("disable", 401), ("enable", 200)):
        assert verb in run(verb, "Okta")
        assert scim.get("/Users", authorization=token).status == status
    assert json.loads(run("disable", "Okta", "--json"))["enabled"] is False
    with pytest.raises(CommandError, match="no application"):
        run("enable", "Nobody")


def test_what_breaks_a_rule_meanwhile_is_not_enabled(scim, discovery, create):
    create()
    run("disable", "Okta")
    user = scim.connection.acting_user
    user.is_active = False
    user.save()
    with pytest.raises(CommandError, match="mapped_user"):
        run("enable", "Okta")
