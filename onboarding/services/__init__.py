"""What the app does for pages, commands and other apps."""

from __future__ import annotations

from .application import first_sign_in, offboard, onboard
from .configurations import current, history, publish, rollback, validate
from .description import Description, Finding, describe, findings
from .plans import Plan, Preview, plan, preview
from .roles import (
    Effective,
    copy,
    effective_role,
    free_slug,
    give,
    give_group,
    lowest,
    permissions,
)

__all__ = [
    "Description",
    "Effective",
    "Finding",
    "Plan",
    "Preview",
    "copy",
    "current",
    "describe",
    "effective_role",
    "findings",
    "first_sign_in",
    "free_slug",
    "give",
    "give_group",
    "history",
    "lowest",
    "offboard",
    "onboard",
    "permissions",
    "plan",
    "preview",
    "publish",
    "rollback",
    "validate",
]
