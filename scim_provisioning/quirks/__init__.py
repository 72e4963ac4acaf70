"""Identity providers' habits: bodies made standard before anything else sees them."""

from __future__ import annotations

from .pipeline import standardize

__all__ = ["standardize"]
