"""The portal's settings for a worker that is killed: what died or failed is tried again soon."""

from __future__ import annotations

from kyvos_portal.settings import *  # noqa: F403
from kyvos_portal.settings import ONBOARDING

ONBOARDING = {**ONBOARDING, "MAIL_LEASE": 3, "MAIL_PAUSES": (1,) * 60}
