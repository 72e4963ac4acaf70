"""The app's tables."""

from __future__ import annotations

from .configuration import OnboardingConfiguration, OnboardingRevision
from .mail import MailState, OutboxMail
from .profile import DefaultEntity, Skipped, UserProfile
from .role import GroupRole, Origin, Role

__all__ = [
    "DefaultEntity",
    "GroupRole",
    "MailState",
    "OnboardingConfiguration",
    "OnboardingRevision",
    "Origin",
    "OutboxMail",
    "Role",
    "Skipped",
    "UserProfile",
]
