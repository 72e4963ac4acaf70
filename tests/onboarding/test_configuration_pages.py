"""The administrator's pages of First Login Actions: written, compared, rolled back, previewed."""

from __future__ import annotations

import html
import re

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from onboarding.models import OnboardingConfiguration, OnboardingRevision, Role
from onboarding.services import copy, give, publish
from tests.onboarding.admin_site import cost, staff, url
from tests.onboarding.bad_documents import GOOD, bad_documents
from tests.scim_fixtures import make_client

__all__ = ["staff"]
pytestmark = pytest.mark.django_db
MODEL = "onboardingconfiguration"
OTHER = GOOD.replace("Business User", "Designer")
ADMINISTRATORS = GOOD.replace("Business User", "Administrator")


def saved(text=GOOD, source=""):
    author = get_user_model().objects.first()
    return publish(text, author, source).configuration


def page_of(configuration):
    return url(MODEL, "change", configuration.pk)


def post(client, address, text=GOOD, button="_save", **changes):
    """Send the form as the page shows it, with another text."""
    base = re.search(r'name="base" value="(\d*)"', client.get(address).content.decode())
    data = {"text": text, "enabled": "on", "base": base[1] if base else "", button: "x"}
    return client.post(address, {**data, **changes})


def told(response):
    """Return the problems that a page tells, as one line each."""
    page = response.content.decode()
    items = re.findall(r'<li id="problem-\d+">(.*?)<code>', page, re.S)
    plain = (re.sub(r"<[^>]+>", "", item) for item in items)
    return [html.unescape(re.sub(r"\s+", " ", item)).strip() for item in plain]


def typed(response):
    """Return what stands in the text box."""
    found = re.search(r"<textarea[^>]*>\n?(.*?)</textarea>", response.content.decode(), re.S)
    return html.unescape(found[1]).replace("\r\n", "\n")


def squeezed(text):
    return re.sub(r"\s+", " ", text).strip()


@bad_documents
def test_a_bad_document_is_kept_as_typed_with_all_that_is_wrong(admin_client, text, messages):
    page = admin_client.post(url(MODEL, "add"), {"text": text})
    assert told(page) == [squeezed(message) for message in messages]
    assert typed(page) == text.replace("\r\n", "\n")
    assert not OnboardingRevision.objects.exists()


def test_the_documented_text_is_saved_as_it_was_pasted(admin_client, admin_user):
    done = post(admin_client, url(MODEL, "add"), GOOD)
    revision = OnboardingRevision.objects.get()
    assert (revision.text, revision.author) == (GOOD, admin_user)
    assert done["Location"] == page_of(revision.configuration)
    assert typed(admin_client.get(done["Location"])) == GOOD


def test_the_menu_leads_to_the_text_for_all_sources(admin_client):
    assert admin_client.get(url(MODEL, "open"))["Location"] == url(MODEL, "add")
    configuration = saved()
    assert admin_client.get(url(MODEL, "open"))["Location"] == page_of(configuration)
    assert url(MODEL, "open") in admin_client.get("/admin/").content.decode()


def test_the_first_page_offers_the_documented_text(admin_client):
    assert '"roleName": "Business User"' in typed(admin_client.get(url(MODEL, "add")))


def test_each_save_is_a_revision_and_nothing_new_is_none(admin_client):
    configuration = saved()
    post(admin_client, page_of(configuration), OTHER)
    post(admin_client, page_of(configuration), OTHER)
    assert OnboardingRevision.objects.count() == 2


def test_a_configuration_is_switched_off(admin_client):
    configuration = saved()
    post(admin_client, page_of(configuration), enabled="")
    configuration.refresh_from_db()
    assert not configuration.enabled
    assert OnboardingRevision.objects.count() == 1


def test_a_text_that_is_not_right_any_more_can_be_switched_off(admin_client):
    role = copy(Role.objects.get(slug="designer"), "Modeller")
    configuration = saved(GOOD.replace("Business User", "Modeller"))
    role.delete()
    text = configuration.revisions.get().text
    assert post(admin_client, page_of(configuration), text, enabled="").status_code == 302
    configuration.refresh_from_db()
    assert not configuration.enabled


def test_line_ends_are_no_change(admin_client):
    configuration = saved(GOOD.replace(", ", ",\r\n"))
    text = typed(admin_client.get(page_of(configuration)))
    post(admin_client, page_of(configuration), text.replace("\n", "\r\n"))
    assert configuration.revisions.count() == 1


def test_a_connection_has_a_text_of_its_own(admin_client, scim):
    saved()
    source = f"connection:{scim.connection.pk}"
    page = admin_client.get(url(MODEL, "add") + f"?source={source}")
    assert typed(page) == GOOD
    assert f'value="{source}" selected' in page.content.decode()
    post(admin_client, url(MODEL, "add"), OTHER, source=source)
    assert OnboardingConfiguration.objects.get(source=source).revisions.get().text == OTHER


def test_a_second_configuration_for_one_source_is_refused(admin_client):
    saved()
    page = post(admin_client, url(MODEL, "add"), OTHER, source="")
    assert "There is a configuration for it already" in page.content.decode()
    assert typed(page) == OTHER


def test_adding_offers_only_what_has_no_configuration(admin_client, scim):
    configuration = saved()
    source = f"connection:{scim.connection.pk}"
    page = admin_client.get(url(MODEL, "add")).content.decode()
    assert re.findall(r'<option value="(.*?)"', page) == [source]
    there = admin_client.get(url(MODEL, "add") + "?source=")
    assert there["Location"] == page_of(configuration)
    saved(OTHER, source)
    page = admin_client.get(url(MODEL, "add"), follow=True).content.decode()
    assert "Every source has its configuration already." in page


def test_an_unknown_source_is_refused(admin_client):
    page = post(admin_client, url(MODEL, "add"), source="connection:4711")
    assert "errorlist" in page.content.decode()


def test_what_somebody_else_saved_meanwhile_is_not_overwritten_unseen(admin_client):
    configuration = saved()
    page = post(admin_client, page_of(configuration), OTHER + "x", base="0")
    assert len(told(page)) == 1
    page = post(admin_client, page_of(configuration), OTHER, base="0")
    assert "Somebody saved another text meanwhile" in page.content.decode()
    newest = str(configuration.revisions.get().pk)
    assert f'name="base" value="{newest}"' in page.content.decode()
    assert typed(page) == OTHER


def test_format_lays_the_text_out_and_saves_nothing(admin_client):
    page = post(admin_client, url(MODEL, "add"), '{"roleName":"Nobody"}', "_format")
    assert typed(page) == '{\n  "roleName": "Nobody"\n}\n'
    assert not OnboardingRevision.objects.exists()


def test_format_tells_what_keeps_it_from_it(admin_client):
    page = post(admin_client, url(MODEL, "add"), '{"roleName"', "_format")
    assert told(page) == ["Line 1, column 12: roleName: a colon is missing after the key"]


def test_preview_tells_what_the_text_would_do_and_saves_nothing(admin_client):
    text = '{"roleName": "Designer", "sendWelcomeMailToUser": true, "defaultEntities": {"folder": "Sales"}}'
    page = post(admin_client, url(MODEL, "add"), text, "_preview").content.decode()
    assert "The role is Designer." in page
    assert "A welcome mail is sent." in page
    assert "folder: Sales" in page
    assert not OnboardingRevision.objects.exists()


def test_administrators_have_to_be_allowed_by_their_own_mark(admin_client):
    page = post(admin_client, url(MODEL, "add"), ADMINISTRATORS)
    assert "makes administrators" in told(page)[0]
    post(admin_client, url(MODEL, "add"), ADMINISTRATORS, administrator_allowed="on")
    assert OnboardingRevision.objects.get().administrator_allowed


def test_the_mark_counts_only_from_those_who_may_set_it(staff):
    client = staff("view_onboardingconfiguration", "add_onboardingconfiguration")
    page = post(client, url(MODEL, "add"), ADMINISTRATORS, administrator_allowed="on")
    assert "makes administrators" in told(page)[0]
    assert "administrator_allowed" not in page.content.decode()


def test_who_may_only_read_changes_nothing(admin_user, staff):
    configuration = saved()
    client = staff("view_onboardingconfiguration")
    page = client.get(page_of(configuration)).content.decode()
    assert "readonly" in page
    assert "_save" not in page
    assert client.post(page_of(configuration), {"text": OTHER}).status_code == 403
    back = url(MODEL, "rollback", configuration.pk, configuration.revisions.get().pk)
    assert client.post(back).status_code == 403
    assert client.get(url(MODEL, "add")).status_code == 403
    assert "Roll back" not in client.get(url(MODEL, "history", configuration.pk)).content.decode()


def test_who_may_not_even_read_sees_nothing(admin_user, staff):
    configuration = saved()
    client = staff("view_role")
    for page in (page_of(configuration), url(MODEL, "history", configuration.pk)):
        assert client.get(page).status_code == 403
    assert client.get(url(MODEL, "preview")).status_code == 403
    assert url(MODEL, "open") not in client.get("/admin/").content.decode()


def test_configurations_are_not_deleted(admin_client):
    assert admin_client.post(url(MODEL, "delete", saved().pk), {"post": "yes"}).status_code == 403


@pytest.mark.parametrize("key", ["4711", "x", "1_5F"])
def test_what_is_not_there_is_not_found(admin_client, key):
    assert admin_client.get(url(MODEL, "change", key)).status_code == 404


def test_changes_need_the_form_s_token(admin_user):
    client = Client(enforce_csrf_checks=True)
    client.force_login(admin_user)
    assert client.post(url(MODEL, "add"), {"text": GOOD}).status_code == 403


def test_history_tells_who_changed_what(admin_client):
    configuration = saved()
    post(admin_client, page_of(configuration), OTHER)
    page = admin_client.get(url(MODEL, "history", configuration.pk)).content.decode()
    assert "<ins>+   &quot;roleName&quot;: &quot;Designer&quot;,</ins>" in page
    assert "<del>-   &quot;roleName&quot;: &quot;Business User&quot;,</del>" in page
    assert page.count("Roll back to") == 1


def test_history_shows_a_page_at_a_time(admin_client):
    configuration = saved()
    for i in range(30):
        publish(GOOD + " " * i, None, "")
    first = admin_client.get(url(MODEL, "history", configuration.pk)).content.decode()
    second = admin_client.get(url(MODEL, "history", configuration.pk) + "?p=2").content.decode()
    assert (
        first.count('<section class="revision"'),
        second.count('<section class="revision"'),
    ) == (20, 11)
    assert "Only the layout changed" in first
    for page in ("x", "0", "9" * 30):
        address = url(MODEL, "history", configuration.pk) + f"?p={page}"
        assert admin_client.get(address).status_code == 200


def test_rolling_back_asks_first(admin_client, admin_user):
    configuration = saved()
    first = configuration.revisions.get()
    publish(OTHER, None, "")
    address = url(MODEL, "rollback", configuration.pk, first.pk)
    assert "Business User" in admin_client.get(address).content.decode()
    assert configuration.revisions.count() == 2
    admin_client.post(address, {"base": configuration.revisions.latest("pk").pk})
    newest = configuration.revisions.latest("pk")
    assert (newest.text, newest.author, newest.rolled_back_from) == (GOOD, admin_user, first)


def test_rolling_back_overwrites_nothing_unseen(admin_client):
    configuration = saved()
    first = configuration.revisions.get()
    publish(OTHER, None, "")
    address = url(MODEL, "rollback", configuration.pk, first.pk)
    seen = admin_client.get(address).context["form"].initial
    publish(OTHER.replace("Designer", "End User"), None, "")
    refused = admin_client.post(address, seen)
    assert "Somebody saved another text meanwhile" in refused.text
    assert "End User" in refused.text
    assert configuration.revisions.count() == 3
    admin_client.post(address, {"base": refused.context["form"]["base"].value()})
    assert configuration.revisions.latest("pk").text == GOOD


def test_what_cannot_be_in_force_any_more_is_not_rolled_back_to(admin_client):
    role = copy(Role.objects.get(slug="designer"), "Modeller")
    configuration = saved(GOOD.replace("Business User", "Modeller"))
    first = configuration.revisions.get()
    publish(OTHER, None, "")
    role.delete()
    base = {"base": configuration.revisions.latest("pk").pk}
    page = admin_client.post(url(MODEL, "rollback", configuration.pk, first.pk), base).text
    assert "there is no role &#x27;Modeller&#x27;" in page
    assert configuration.revisions.count() == 2


def test_rolling_back_to_administrators_has_to_be_allowed_again(admin_client, staff):
    first = publish(ADMINISTRATORS, None, "", administrator_allowed=True)
    base = {"base": publish(OTHER, None, "").pk}
    address = url(MODEL, "rollback", first.configuration_id, first.pk)
    client = staff("view_onboardingconfiguration", "change_onboardingconfiguration")
    assert "makes administrators" in client.post(address, base).content.decode()
    assert "errorlist" in admin_client.post(address, base).content.decode()
    admin_client.post(address, {**base, "administrator_allowed": "on"})
    assert first.configuration.revisions.latest("pk").administrator_allowed


def test_a_preview_tells_what_happens_to_a_new_user(admin_client, scim):
    publish(OTHER, None, f"connection:{scim.connection.pk}")
    page = admin_client.get(url(MODEL, "preview")).content.decode()
    assert "No configuration applied" in page
    address = url(MODEL, "preview") + f"?source=connection:{scim.connection.pk}"
    assert "The role is Designer." in admin_client.get(address).content.decode()


def test_a_preview_tells_what_an_existing_user_keeps(admin_client):
    publish(GOOD, None, "")
    ada = get_user_model().objects.create_user("ada@example.com")
    give(ada, Role.objects.get(slug="designer"), None)
    page = admin_client.get(url(MODEL, "preview") + "?user_name=ada@example.com").content.decode()
    assert "Nothing is given or changed." in page
    assert "The role stays Designer, given by an administrator" in squeezed(page)
    page = admin_client.get(url(MODEL, "preview") + "?user_name=nobody").content.decode()
    assert "There is no user of that name." in page


def test_addresses_that_lead_nowhere_are_no_errors(admin_client):
    configuration = saved()
    behind = admin_client.get(url(MODEL, "history", configuration.pk) + "?p=99999")
    assert "There is no text yet." in behind.content.decode()
    assert admin_client.get(url(MODEL, "change", "9" * 5000)).status_code == 404
    assert admin_client.get(url(MODEL, "add") + "?source=%00", follow=True).status_code == 200


@pytest.mark.parametrize("count", [1, 50])
def test_pages_cost_the_same_for_1_row_and_50(admin_client, count):
    configuration = saved()
    for i in range(count):
        make_client(f"idp{i}")
        publish(GOOD, None, f"connection:{i}")
        publish(OTHER if i % 2 else GOOD, None, "")
        copy(Role.objects.get(slug="designer"), f"Role {i}")
    assert cost(admin_client, url(MODEL)) <= 6
    assert cost(admin_client, url(MODEL, "history", configuration.pk)) <= 5
    assert cost(admin_client, url(MODEL, "preview")) <= 4
    assert cost(admin_client, url(MODEL, "add") + "?source=x") <= 8
    assert cost(admin_client, page_of(configuration)) <= 5
