"""What the app does for pages, commands and other apps."""

from __future__ import annotations

from .roles import Effective, copy, effective_role, give, give_group, lowest, permissions

__all__ = [
    "Effective",
    "copy",
    "effective_role",
    "give",
    "give_group",
    "lowest",
    "permissions",
]
