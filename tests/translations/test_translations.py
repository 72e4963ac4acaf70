"""Everything that people read is translated, and the portal speaks the language that is asked for."""

from __future__ import annotations

import re

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils import translation

from onboarding.models import Role
from tests.translations import catalogues

KEPT = [(app, language) for app in catalogues.SOURCES for language in catalogues.LANGUAGES]
FILLED_IN = re.compile(r"%\(\w+\)\d*[a-zA-Z]|%[ds]|</?\w+>")
"""What is put into a text, and the tags that stand in it."""
once = pytest.mark.once
every_catalogue = pytest.mark.parametrize(("app", "language"), KEPT, ids=map("-".join, KEPT))


@once
@every_catalogue
def test_a_catalogue_has_what_the_sources_have_and_nothing_else(app, language):
    """Where it has not: python -m tests.translations.catalogues."""
    wanted, kept = catalogues.found(app), catalogues.read(app, language)
    assert {m.id for m in wanted} == {m.id for m in kept}


@once
@pytest.mark.parametrize("app", catalogues.SOURCES)
def test_texts_are_marked_by_names_that_tools_for_translations_know(app):
    """Under another name the texts would be in no catalogue, and nothing would miss them."""
    assert set(catalogues.names_of_functions(app)) <= catalogues.KEYWORDS.keys()


@once
def test_another_name_of_a_function_is_noticed(tmp_path, monkeypatch):
    (tmp_path / "module.py").write_text("from django.utils.translation import gettext as tr")
    monkeypatch.setattr(catalogues, "ROOT", tmp_path)
    monkeypatch.setattr(catalogues, "SOURCES", {"app": ["."]})
    assert list(catalogues.names_of_functions("app")) == ["tr"]


@once
@pytest.mark.parametrize("app", catalogues.SOURCES)
def test_texts_are_translated_for_whoever_reads_them(app):
    """What is made while a module is imported has to be lazy."""
    assert list(catalogues.translated_at_import(app)) == []


@once
def test_a_text_that_is_translated_too_early_is_noticed(tmp_path, monkeypatch):
    lines = [
        "from django.utils.translation import gettext as _, gettext_lazy",
        "class Page:",
        "    titles = (_('early'), gettext_lazy('late'))",
        "    @display(_('early'))",
        "    def page(self, default=_('early')):",
        "        return _('late')",
        "late = lambda: _('late')",
    ]
    (tmp_path / "module.py").write_text("\n".join(lines))
    monkeypatch.setattr(catalogues, "ROOT", tmp_path)
    monkeypatch.setattr(catalogues, "SOURCES", {"app": ["."]})
    found = list(catalogues.translated_at_import("app"))
    assert found == ["module.py:3", "module.py:4", "module.py:5"]


@once
@every_catalogue
def test_everything_is_translated(app, language):
    assert catalogues.untranslated(catalogues.read(app, language)) == []


@once
@every_catalogue
def test_translations_fill_in_what_the_sources_fill_in(app, language):
    wrong = [m.id for m in catalogues.read(app, language) if m.id and not _alike(m)]
    assert wrong == []


def _alike(message):
    sources = message.id if isinstance(message.id, tuple) else (message.id,)
    texts = message.string if isinstance(message.string, tuple) else (message.string,)
    return {_filled(text) for text in texts} <= {_filled(text) for text in sources}


def _filled(text):
    return tuple(sorted(FILLED_IN.findall(text)))


@once
@every_catalogue
def test_what_is_compiled_is_what_is_kept(app, language):
    kept = {m.id: m.string for m in catalogues.read(app, language) if m.id}
    assert catalogues.kept_mo(app, language) == kept


@once
def test_the_portal_offers_the_languages_that_it_has():
    assert [code for code, _ in settings.LANGUAGES] == ["en", *catalogues.LANGUAGES]


@pytest.fixture
def in_german():
    yield {"Accept-Language": "de-AT,de;q=0.9,en;q=0.8"}
    translation.activate("en")


@once
@pytest.mark.django_db
def test_pages_speak_the_browsers_language(client, in_german):
    page = client.get(reverse("login"), headers=in_german)
    assert page["Content-Language"] == "de"
    assert '<html lang="de">' in page.text
    assert "Anmelden" in page.text
    assert "Sign in" in client.get(reverse("login")).text


@once
def test_the_admin_speaks_it_too(admin_client, in_german):
    page = admin_client.get(reverse("admin:index"), headers=in_german).text
    assert "Verbindungen" in page
    assert "Connections" not in page


@once
def test_errors_of_first_login_actions_are_in_it(admin_client, in_german):
    url = reverse("admin:onboarding_onboardingconfiguration_add")
    typed = {"text": '{"roleName": "Bussiness User"}', "_save": "1"}
    page = admin_client.post(url, typed, headers=in_german)
    assert "es gibt keine Rolle" in page.text


def test_scim_stays_english(scim, in_german):
    headers = {"Accept_Language": in_german["Accept-Language"]}
    answer = scim.get("/Users/nobody", **headers)
    assert answer.body["detail"] == "Not found."
    assert "Content-Language" not in answer.headers


@once
@pytest.mark.django_db
def test_roles_keep_their_names():
    """Texts of configurations name them, and are one text for all languages."""
    with translation.override("de"):
        assert str(Role.objects.get(slug="end-user")) == "End User"
