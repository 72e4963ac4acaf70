"""The outbox: which mail went out when, which waits, and why one was given up."""

from __future__ import annotations

from django.contrib import admin, messages
from django.contrib.auth import get_user_model
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from onboarding.models import MailState, OutboxMail

from .base import ReadOnlyPage


@admin.register(OutboxMail)
class OutboxMailAdmin(ReadOnlyPage):
    """Mails, newest first."""

    list_display = ("address", "state", "attempts", "next_try", "sent")
    list_filter = ("state",)
    exclude = ("claim", "claimed_until")
    actions = ("try_again",)

    def get_search_fields(self, request: HttpRequest) -> tuple[str, ...]:
        """Search the beginning of a user name."""
        return (f"user__{get_user_model().USERNAME_FIELD}__startswith",)

    def has_try_again_permission(self, request: HttpRequest) -> bool:
        """Whether a person may have given-up mails sent."""
        return bool(request.user.has_perm("onboarding.change_outboxmail"))

    @admin.action(description=_("Try again what was given up"), permissions=["try_again"])
    def try_again(self, request: HttpRequest, queryset: QuerySet[OutboxMail]) -> None:
        """Let the worker send given-up mails, from their first attempt; no mail goes out twice."""
        given_up = OutboxMail.objects.filter(pk__in=queryset.values("pk"), state=MailState.FAILED)
        count = given_up.update(state=MailState.QUEUED, next_try=timezone.now(), attempts=0)
        messages.success(request, _("%(n)s mails will be tried again.") % {"n": count})
