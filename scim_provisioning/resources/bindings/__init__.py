"""Bindings: where one SCIM attribute lives, and all that follows from it.

A binding tells which columns hold an attribute (``columns``), how they become a value
(``read``) and come from one (``write``), and what a filter or a sort compares
(``operand``).
"""

from __future__ import annotations

from .base import EXTENSIONS, Binding, Ignored, InJsonColumn, is_folded
from .columns import AccountColumn, Column
from .external_ids import OwnersExternalId, PerConnection
from .served import (
    Identifier,
    Meta,
    Reference,
    SchemasInUse,
    etag,
    reference_operand,
    uuid_operand,
)

__all__ = [
    "EXTENSIONS", "AccountColumn", "Binding", "Column", "Identifier", "Ignored", "InJsonColumn",
    "Meta", "OwnersExternalId", "PerConnection", "Reference", "SchemasInUse", "etag", "is_folded",
    "reference_operand", "uuid_operand",
]  # fmt: skip
