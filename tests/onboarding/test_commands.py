"""``manage.py onboarding``."""

from __future__ import annotations

import io
import json
import sys

import pytest
from django.core.management import CommandError, call_command

from onboarding import services
from onboarding.models import OnboardingRevision
from tests.onboarding.bad_documents import BAD
from tests.onboarding.conftest import DOCUMENTED, text

pytestmark = pytest.mark.django_db


def two_sources():
    return [("connection:1", "Okta"), ("connection:2", "Entra")]


@pytest.fixture
def run(capsys):
    def run(*arguments, **options):
        call_command("onboarding", *arguments, **options)
        return capsys.readouterr().out

    return run


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "actions.json"
    path.write_text(DOCUMENTED)
    return path


def test_a_file_is_put_in_force_as_it_is(run, file, author):
    out = run("set", str(file), "--author", author.get_username())
    revision = OnboardingRevision.objects.get()
    assert (revision.text, revision.author) == (DOCUMENTED, author)
    assert out == f"Revision {revision.pk} is in force.\n"
    assert run("show") == DOCUMENTED + "\n"


def test_standard_input_is_read(run, monkeypatch):
    monkeypatch.setattr(
        sys, "stdin", io.TextIOWrapper(io.BytesIO(b"\xef\xbb\xbf" + DOCUMENTED.encode()))
    )
    facts = json.loads(run("set", "-", "--json"))
    assert facts["document"]["roleName"] == "Business User"
    assert json.loads(run("show", "--json")) == facts


def test_nothing_is_configured(run):
    assert json.loads(run("show", "--json")) is None
    assert run("show").startswith("Nothing is configured")
    assert run("history") == "There are no revisions.\n"
    assert json.loads(run("history", "--json")) == []


def test_history_and_the_way_back(run, file, author):
    run("set", str(file))
    first = OnboardingRevision.objects.get()
    services.publish(text(roleName="Designer"), author)
    run("roll-back", str(first.pk))
    lines = run("history").splitlines()
    assert [line.split()[0] for line in lines] == [str(r.pk) for r in services.history()]
    assert f"the command line  Business User, the text of {first.pk} again" in lines[0]
    assert author.get_username() in lines[1]
    listed = json.loads(run("history", "--json"))
    assert listed[0]["rolled_back_from"] == first.pk


@pytest.mark.parametrize("source", ["connection:1", "Okta"])
def test_a_source_goes_by_key_or_name(run, file, settings, source):
    settings.ONBOARDING = {"SOURCES": f"{__name__}.two_sources"}
    run("set", str(file), "--source", source)
    assert services.current("connection:1").configuration.source == "connection:1"
    assert services.current() is None


def test_without_a_list_of_sources_any_key_is_one(run, file, settings):
    settings.ONBOARDING = {}
    run("set", str(file), "--source", "ldap")
    assert services.current("ldap") is not None


def test_administrators_need_their_own_word(run, tmp_path):
    path = tmp_path / "actions.json"
    path.write_text('{"roleName": "Administrator"}')
    with pytest.raises(CommandError, match=r"^Line 1, column 14: roleName: "):
        run("set", str(path))
    run("set", str(path), "--allow-administrators")
    assert services.current().administrator_allowed


def messages(tmp_path):
    large = tmp_path / "large"
    large.write_bytes(b" " * (1024 * 1024 + 1))
    latin = tmp_path / "latin"
    latin.write_bytes('{"roleName": "é"}'.encode("latin-1"))
    return {
        ("set", str(tmp_path / "nowhere")): "cannot be read: No such file",
        ("set", str(tmp_path)): "cannot be read: Is a directory",
        ("set", str(large)): "is larger than",
        ("set", str(latin)): "is not UTF-8: byte 14",
        ("set", str(latin), "--author", "nobody"): "is not UTF-8",
        ("roll-back", "99"): "There is no revision 99.",
        ("show", "--source", "Ping"): "There is no source 'Ping'; there are 'Okta', 'Entra'.",
    }


def test_wrong_arguments_are_told_in_one_line(run, tmp_path, settings):
    settings.ONBOARDING = {"SOURCES": f"{__name__}.two_sources"}
    for arguments, message in messages(tmp_path).items():
        with pytest.raises(CommandError) as refused:
            run(*arguments)
        assert message in str(refused.value)
        assert "\n" not in str(refused.value)


def test_an_author_has_to_be_there(run, file):
    with pytest.raises(CommandError, match="no user 'nobody'"):
        run("set", str(file), "--author", "nobody")


@pytest.mark.parametrize("case", BAD)
def test_bad_texts_are_told_as_everywhere(run, tmp_path, case, capsys):
    content, expected = BAD[case]
    path = tmp_path / "actions.json"
    path.write_bytes(content.encode("utf-8", "surrogatepass"))
    try:
        content.encode()
    except UnicodeEncodeError:
        return
    with pytest.raises(CommandError) as refused:
        run("set", str(path))
    assert str(refused.value).splitlines() == expected
    with pytest.raises(SystemExit):
        run("set", str(path), "--json")
    problems = json.loads(capsys.readouterr().out)["problems"]
    assert len(problems) == len(expected)
    assert not OnboardingRevision.objects.exists()
