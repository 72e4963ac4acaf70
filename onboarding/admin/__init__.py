"""The administrator's pages, on the stock Django admin of any site; one module per kind."""

from __future__ import annotations

from . import configurations, mails, profiles, roles

__all__ = ["configurations", "mails", "profiles", "roles"]
