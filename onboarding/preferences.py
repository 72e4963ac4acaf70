"""What a site knows of a user's preferences, whoever told it."""

from __future__ import annotations

from typing import Any

from django.utils.module_loading import import_string

from . import conf
from .models import UserProfile

LENGTHS: dict[str, int | None] = {
    name: UserProfile._meta.get_field(name).max_length  # type: ignore[union-attr]
    for name in ("locale", "timezone", "preferred_language")
}


def preferences(user: Any) -> dict[str, str]:
    """Return what is known of a user, each value as far as it fits its column."""
    path = conf.current().preferences
    known = import_string(path)(user) if path else {}
    return {name: value[:length] for name, length in LENGTHS.items() if (value := known.get(name))}
