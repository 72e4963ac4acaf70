"""The administrator's pages, on the stock Django admin of any site; one module per kind."""

from __future__ import annotations

from . import configurations, profiles, roles

__all__ = ["configurations", "profiles", "roles"]
