"""The URLs of a site that does not include SCIM."""

from __future__ import annotations

urlpatterns: list[object] = []
