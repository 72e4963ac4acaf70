"""What a refusal leaves behind, written once the refused transaction is rolled back."""

from __future__ import annotations

from scim_provisioning.protocol.errors import ScimError

from . import brake, ownership


def settle(error: ScimError, connection_id: int) -> None:
    """Write the finding that a refusal carries, and stop the connection where it says so."""
    if isinstance(error, brake.Braked):
        brake.pull(error, connection_id)
    elif (found := getattr(error, "draft", None)) is not None:
        ownership.record(found, connection_id)
