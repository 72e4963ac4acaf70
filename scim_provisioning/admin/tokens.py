"""Personal access tokens: made, shown once, and revoked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from scim_provisioning import conf
from scim_provisioning.auth import opaque, personal_tokens
from scim_provisioning.auth.principals import parse_scopes
from scim_provisioning.models import PersonalAccessToken

from .base import ConfiguringPage
from .secrets import ask_first, show_once

FOREVER = datetime(9000, 1, 1, tzinfo=UTC)
"""A moment that every time zone still has a name for: the calendar's last one has not."""


def default_expiry() -> Any:
    """Return when a token ends unless told otherwise."""
    return timezone.now() + timedelta(days=conf.current().token_lifetime_days)


class TokenForm(forms.ModelForm):  # type: ignore[type-arg]
    """What a person says of a token; the token itself is made by the server."""

    class Meta:
        model = PersonalAccessToken
        fields = ("owner", "description", "scopes", "expires")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "expires" in self.fields:
            self.fields["expires"].initial = default_expiry
            # The admin's widget names its two boxes beside them, which no reader is told.
            boxes: Any = getattr(self.fields["expires"].widget, "widgets", ())
            for box, label in zip(boxes, (_("Expiry date"), _("Expiry time")), strict=False):
                box.attrs["aria-label"] = label

    def clean_scopes(self) -> str:
        """Refuse a token that could do nothing."""
        scopes: str = self.cleaned_data["scopes"]
        if not parse_scopes(scopes):
            raise forms.ValidationError(_("Name scim, scim.read or scim.write."))
        return scopes

    def clean_expires(self) -> Any:
        """Refuse a token that has ended already, and the end of the calendar."""
        expires = self.cleaned_data["expires"]
        if not timezone.now() < expires < FOREVER:
            raise forms.ValidationError(_("Choose a moment in the future, before the year 9000."))
        return expires


@admin.register(PersonalAccessToken)
class PersonalAccessTokenAdmin(ConfiguringPage):
    """Tokens of anybody."""

    form = TokenForm
    list_display = (
        "hint",
        "owner",
        "description",
        "scopes",
        "expires",
        "revoked",
        "last_used",
        "last_address",
    )
    list_select_related = ("owner",)
    search_fields = ("hint", "description")
    raw_id_fields = ("owner",)
    readonly_fields = ("hint", "created", "revoked", "last_used", "last_address")
    actions = ("revoke",)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """The owner of a token never changes."""
        return (*self.readonly_fields, "owner") if obj else self.readonly_fields

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Make the token of a new row, and show it this once."""
        if change:
            super().save_model(request, obj, form, change)
            return
        token = personal_tokens.generate()
        obj.digest, obj.hint = opaque.digest(token), opaque.hint(token)
        super().save_model(request, obj, form, change)
        # Shown by the answer to this very request, and kept nowhere.
        obj.new_token = token

    def response_add(self, request: HttpRequest, obj: Any, *args: Any, **kwargs: Any) -> Any:
        """Show a new token, this once."""
        facts = [
            (gettext("User name"), obj.owner.get_username()),
            (gettext("Token"), obj.new_token),
        ]
        return show_once(self, request, str(obj), facts)

    @admin.action(
        description=_("Revoke: the next request with it is refused"), permissions=["change"]
    )
    def revoke(
        self, request: HttpRequest, queryset: QuerySet[PersonalAccessToken]
    ) -> HttpResponse | None:
        """Ask, and end tokens now."""
        live = list(queryset.filter(revoked=None))
        question = gettext("End these tokens now? Requests with them are refused, for good.")
        title, yes = gettext("Revoke"), gettext("Yes, end them")
        if (page := ask_first(self, request, "revoke", live, title, question, yes)) is not None:
            return page
        queryset.filter(revoked=None).update(revoked=timezone.now())
        for row in live:
            self.log_change(request, row, f"Revoked {row.hint}.")
        messages.success(request, _("%(count)d tokens revoked.") % {"count": len(live)})
        return None
