"""Saves by own statements do what Django's do."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db.models.signals import post_save, pre_save

from scim_provisioning.directory import saving

pytestmark = pytest.mark.django_db


def account(name="ada@example.com"):
    model = get_user_model()
    made = model(**{model.USERNAME_FIELD: name})
    made.set_unusable_password()
    return made


@pytest.fixture
def heard():
    told = []

    def listen(signal, created=None, update_fields=None, **_):
        told.append((signal is post_save, created, update_fields))

    for signal in (pre_save, post_save):
        signal.connect(listen, sender=get_user_model())
    yield told
    for signal in (pre_save, post_save):
        signal.disconnect(listen, sender=get_user_model())


def test_an_insert_is_what_django_would_have_made(heard):
    made = saving.save(account())
    stored = get_user_model().objects.get(pk=made.pk)
    assert made.__dict__.keys() - {"_scim_in_charge"} >= stored.__dict__.keys()
    assert {f.attname: getattr(made, f.attname) for f in made._meta.fields} == {
        f.attname: getattr(stored, f.attname) for f in stored._meta.fields
    }
    assert heard == [(False, None, None), (True, True, None)]
    assert not made._state.adding


def test_an_update_writes_the_named_fields_only(heard):
    made = saving.save(account())
    heard.clear()
    made.is_active, made.password = False, "changed"
    saving.save(made, ["is_active"])
    stored = get_user_model().objects.get(pk=made.pk)
    assert (stored.is_active, stored.password[0]) == (False, "!")
    assert heard == [(False, None, {"is_active"}), (True, False, {"is_active"})]


def test_a_model_that_saves_in_its_own_way_is_let(monkeypatch):
    calls = []

    class Special(Group):
        class Meta:
            proxy = True
            app_label = "auth"

        def save(self, **how):
            calls.append(how)

    saving.save(Special(name="x"))
    saving.save(Special(name="x"), ["name"])
    assert calls == [
        {"force_insert": True, "update_fields": None},
        {"force_insert": False, "update_fields": ["name"]},
    ]
