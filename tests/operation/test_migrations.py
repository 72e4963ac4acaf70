"""Servers are restarted one after the other: the code of a release bears the next one's tables."""

from __future__ import annotations

import pytest
from django.db import models
from django.db.migrations import operations
from django.db.migrations.loader import MigrationLoader

pytestmark = pytest.mark.once

OURS = {"scim_provisioning", "onboarding", "kyvos_portal"}
BEFORE_THE_FIRST_RELEASE = {
    "0002_client_secrets",
    "0006_connection_requires_if_match",
    "0011_custom_attributes",
    "0013_event_indexes",
    "0016_answers_name_the_issuer",
}
"""What no released code ever met; the list does not grow."""

TAKES_AWAY = (
    operations.RemoveField,
    operations.DeleteModel,
    operations.RenameField,
    operations.RenameModel,
    operations.AlterModelTable,
)


def breaks(operation: operations.base.Operation) -> bool:
    """Whether code that knows nothing of it cannot read or write any more."""
    if isinstance(operation, operations.AddField):
        field = operation.field
        filled = field.null or field.many_to_many or field.db_default is not models.NOT_PROVIDED
        # The database forgets a default of Python's: old code leaves the column out.
        return not filled
    if isinstance(operation, operations.RunPython):
        return operation.reverse_code is None
    return isinstance(operation, TAKES_AWAY)


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        (operations.AddField("user", "hue", models.TextField(null=True)), False),
        (operations.AddField("user", "hue", models.TextField(db_default="")), False),
        (operations.AddField("user", "hue", models.TextField(default="")), True),
        (operations.RemoveField("user", "hue"), True),
        (operations.RenameField("user", "hue", "tint"), True),
        (operations.DeleteModel("user"), True),
        (operations.RunPython(operations.RunPython.noop), True),
    ],
)
def test_what_old_code_bears(operation, expected):
    assert breaks(operation) is expected


def test_old_code_bears_each_migration():
    found = MigrationLoader(None).disk_migrations.items()
    ours = [(name, m) for (app, name), m in found if app in OURS and not name.startswith("0001")]
    wrong = {name for name, m in ours if any(map(breaks, m.operations))}
    assert wrong == BEFORE_THE_FIRST_RELEASE
