"""What is kept of sign-ins ends."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from kyvos_portal.signin.models import SignInEvent

pytestmark = pytest.mark.django_db


def test_old_sign_ins_are_removed_and_others_stay(capsys):
    for days in (1, 500):
        SignInEvent.objects.create(way="password", time=timezone.now() - timedelta(days=days))
    call_command("purge_sign_ins", "--json")
    assert json.loads(capsys.readouterr().out) == {"sign_ins": 1}
    call_command("purge_sign_ins")
    assert SignInEvent.objects.count() == 1


@pytest.mark.parametrize("days", [0, -1, 99_999])
def test_ages_that_make_no_sense_are_refused(days):
    with pytest.raises(CommandError):
        call_command("purge_sign_ins", days=days)
