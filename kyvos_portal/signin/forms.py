"""The forms of signing in, and of one's own tokens."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from scim_provisioning import conf


class PasswordForm(AuthenticationForm):
    """User name and password; a wrong one and a refused account look the same."""

    error_messages = {
        "invalid_login": _(
            "That did not work. Check the user name and the password. If your organisation"
            " manages your account, sign in through it instead of with a password."
        ),
        "inactive": _("That did not work."),
    }


def latest_end() -> Any:
    """Return the last day that a token may live to."""
    return timezone.localdate() + timedelta(days=conf.current().token_lifetime_days)


class TokenForm(forms.Form):
    """A personal access token to be made."""

    description = forms.CharField(
        label=_("What is it for?"), max_length=200, help_text=_("So that you recognise it later.")
    )
    expires = forms.DateField(
        label=_("Last day"),
        initial=latest_end,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    scopes = forms.ChoiceField(
        label=_("Provisioning"),
        required=False,
        choices=[("", _("None")), ("scim.read", _("Read")), ("scim", _("Read and write"))],
        help_text=_("What it may do in a connection that acts as you."),
    )

    def __init__(self, *args: Any, may_provision: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not may_provision:
            del self.fields["scopes"]

    def clean_expires(self) -> datetime:
        """Return the end of that day; refuse one that is past or too far."""
        day = self.cleaned_data["expires"]
        if not timezone.localdate() <= day <= latest_end():
            raise ValidationError(
                _("Choose a day from today to %(last)s.") % {"last": latest_end()}
            )
        return timezone.make_aware(datetime.combine(day, time.max))
