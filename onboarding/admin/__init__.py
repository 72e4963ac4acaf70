"""The administrator's pages, on the stock Django admin of any site; one module per kind."""

from __future__ import annotations

from . import profiles, roles

__all__ = ["profiles", "roles"]
