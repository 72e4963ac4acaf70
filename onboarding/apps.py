"""The app's registration."""

from __future__ import annotations

from django.apps import AppConfig


class OnboardingConfig(AppConfig):
    """First Login Actions."""

    name = "onboarding"
    verbose_name = "Onboarding"
    default_auto_field = "django.db.models.BigAutoField"
