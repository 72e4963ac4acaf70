"""What the portal adds to the overview: first-login actions, mails, and the worker."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.db.models import Count, Min
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django_tasks_db.models import DBTaskResult

from onboarding.models import MailState, OutboxMail
from onboarding.services.plans import plans
from scim_provisioning.health import Problem, Severity

PATIENCE = timedelta(minutes=10)
"""How long a task waits at most where a worker runs."""
LATELY = timedelta(days=30)
UNDELIVERED = (MailState.FAILED, MailState.UNCERTAIN)


def of_onboarding() -> Iterator[Problem]:
    """Yield roles that are not there any more, and mails that did not go out."""
    for plan in plans():
        for warning in plan.warnings:
            title = _("User onboarding configuration: %(warning)s") % {"warning": warning}
            yield Problem(
                Severity.WARNING,
                title,
                _("Name another role in the First Login Actions, or make that role again."),
                plan.revision.created,
                "onboarding_onboardingconfiguration_changelist",
            )
    yield from _mails()


def _mails() -> Iterator[Problem]:
    lost = OutboxMail.objects.filter(state__in=UNDELIVERED, created__gte=timezone.now() - LATELY)
    found = lost.aggregate(number=Count("pk"), since=Min("created"))
    if number := found["number"]:
        text = ngettext(
            "%(number)d welcome mail was not delivered.",
            "%(number)d welcome mails were not delivered.",
            number,
        )
        fix = _("Look at the reason, mend it, and try again from the list.")
        page = "onboarding_outboxmail_changelist"
        title = text % {"number": number}
        yield Problem(Severity.WARNING, title, fix, found["since"], page, (), "state__exact=failed")


def of_the_worker() -> Iterator[Problem]:
    """Yield that tasks wait for a worker that does not take them."""
    ready = DBTaskResult.objects.ready().filter(enqueued_at__lt=timezone.now() - PATIENCE)
    oldest = ready.order_by("enqueued_at").values_list("enqueued_at", flat=True).first()
    if oldest is not None:
        title = _("Background tasks wait: no worker takes them.")
        fix = _("Start one: python3 manage.py worker, as a service of its own.")
        yield Problem(Severity.CRITICAL, title, fix, oldest)
