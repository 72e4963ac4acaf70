"""``manage.py purge_sign_ins``: remove the records of sign-ins that need not be kept."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from kyvos_portal.signin.models import SignInEvent
from scim_provisioning.management.purging import PurgeCommand


class Command(PurgeCommand):
    """Remove sign-ins that are older than the retention of the ledger."""

    help = "Remove records of sign-ins older than the retention."
    told = "Removed {sign_ins} sign-ins."

    def old(self, age: timedelta) -> dict[str, QuerySet[Any]]:
        """Return the old ones."""
        return {"sign_ins": SignInEvent.objects.filter(time__lt=timezone.now() - age)}
