"""The administrator's pages, on the stock Django admin of any site; one module per kind."""

from __future__ import annotations

from . import configurations, group_roles, mails, profiles, roles

__all__ = ["configurations", "group_roles", "mails", "profiles", "roles"]
