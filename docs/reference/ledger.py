"""The rows that tell what happened, from their models."""

from __future__ import annotations

from typing import Any

from django.db.models import Field, Model

from scim_provisioning.models import Finding, ProvisioningEvent, RequestCount
from scim_provisioning.models.finding import FindingKind

from .markdown import code, prose, table

HEAD = """# The ledger

What clients did, what they were refused, and what a person has to decide. Query it by Django's ORM,
or look at it in the admin; `purge_ledger` removes what is older than `LEDGER_RETENTION_DAYS`.
"""


def text() -> str:
    """Return the page."""
    parts = [_model(model) for model in (ProvisioningEvent, RequestCount, Finding)]
    kinds = table(("Kind", "Meaning"), [(code(kind), str(kind.label)) for kind in FindingKind])
    return HEAD + "".join(parts) + f"\nKinds of findings:\n\n{kinds}"


def _model(model: type[Model]) -> str:
    fields = [field for field in model._meta.get_fields() if isinstance(field, Field)]
    rows = [(code(field.name), _type(field), _meaning(field)) for field in fields]
    about = prose(model.__doc__)
    return f"\n## {model.__name__}\n\n{about}\n\n{table(('Field', 'Type', 'Meaning'), rows)}"


def _type(field: Field[Any, Any]) -> str:
    null = " or null" if field.null else ""
    return type(field).__name__.removesuffix("Field") + null


def _meaning(field: Field[Any, Any]) -> str:
    return ". ".join(part for part in (str(field.verbose_name), str(field.help_text)) if part)
