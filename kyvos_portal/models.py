"""The portal's user, and what signing in keeps."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from .signin.models import Identity, SamlProvider, SignInEvent

__all__ = ["Identity", "SamlProvider", "SignInEvent", "User"]


class User(AbstractUser):
    """Django's user, with room for the user names that identity providers send."""

    username = models.CharField(
        _("username"),
        max_length=256,
        unique=True,
        help_text=_("At most 256 characters."),
        validators=[UnicodeUsernameValidator()],
        error_messages={"unique": _("A user with that username already exists.")},
    )
