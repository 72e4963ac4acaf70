"""One operation of a PATCH, its path understood."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .attributes import Json, Target
from .tree import Filter


@dataclass(frozen=True, slots=True)
class Operation:
    """``op`` on a target; ``filter`` selects among the values of a multi-valued attribute.

    ``value`` is as sent; ``path`` is the text of the path, for messages.
    """

    op: Literal["add", "remove", "replace"]
    target: Target
    filter: Filter | None
    value: Json
    path: str
