"""Background work, by Django's tasks API: short, and harmless when it runs twice.

Whatever a worker leaves behind, or a backend loses, ``onboarding.mail.outbox.sweep`` takes up.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.contrib.auth import get_user_model

from .mail import outbox

# Django 5.2 has the API as a package of its own; without it the sweep alone sends.
MODULES = ("django.tasks", "django_tasks")
task: Any = next((import_module(name).task for name in MODULES if find_spec(name)), None)


def welcome(user_id: str) -> str:
    """Send a user's welcome mail, unless that is done; return how far it came."""
    user = get_user_model()._default_manager.filter(pk=user_id).first()
    if user is None:
        return "gone"
    mail = outbox.queue_welcome(user)
    return str(outbox.deliver(mail.pk) or "not due")


if task is not None:
    welcome = task()(welcome)


def send_welcome(user_id: Any) -> None:
    """Let a worker send a user's welcome mail."""
    if task is not None:
        welcome.enqueue(str(user_id))  # type: ignore[attr-defined]
