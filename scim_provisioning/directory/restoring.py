"""Taking back what the brake stopped: those who were disabled are enabled again, by the ledger.

Their groups were kept, so that they have what they had. Who was deleted is gone; the identity
provider makes them anew. Credentials that ended stay ended.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from scim_provisioning.context import Context, Principal
from scim_provisioning.models import Connection, ProvisioningEvent, ScimUser
from scim_provisioning.protocol import urns
from scim_provisioning.protocol.errors import ScimError
from scim_provisioning.resources import registry

from . import service

SECONDS = 20
"""How long one run goes on: pages have to answer."""
ENABLE = {
    "schemas": [urns.PATCH_OP],
    "Operations": [{"op": "replace", "path": "active", "value": True}],
}


@dataclass(frozen=True, slots=True)
class Restored:
    """What a run came to: people enabled again, refused with a reason, and left for the next."""

    done: int
    refused: tuple[str, ...]
    left: int


def lost(stopped: Connection) -> QuerySet[ProvisioningEvent]:
    """Return the events that stopped a connection: each took a person's access away."""
    if stopped.braked is None or stopped.braked_since is None:
        return ProvisioningEvent.objects.none()
    return ProvisioningEvent.objects.filter(
        connection=stopped.pk,
        ends_access=True,
        time__gt=stopped.braked_since,
        time__lte=stopped.braked,
    )


def disabled(stopped: Connection) -> QuerySet[ScimUser]:
    """Return the people who lost access by these, and are disabled still."""
    return ScimUser.objects.filter(
        pk__in=lost(stopped).order_by().values("resource_id"),
        connection=stopped.pk,
        active=False,
        deleted=None,
    )


def restore(stopped: Connection, by: Any) -> Restored:
    """Enable them, one transaction and one event each, in the name of who asked for it."""
    keys = list(disabled(stopped).order_by("pk").values_list("pk", flat=True))
    until, refused, done = time.monotonic() + SECONDS, [], 0
    for key in keys:
        if time.monotonic() > until:
            break
        try:
            _enable(key, _principal(stopped, by))
        except ScimError as error:
            refused.append(f"{key}: {error.detail}")
        else:
            done += 1
    return Restored(done, tuple(refused), len(keys) - done - len(refused))


def _enable(key: UUID, principal: Principal) -> None:
    context = Context(
        principal=principal,
        base_url="",
        method="PATCH",
        path=f"/Users/{key}",
        started=time.perf_counter(),
        notes=["taken back by an administrator after the brake stopped the connection"],
    )
    service.patch(registry.mapping("User"), str(key), ENABLE, context, None, answer=False)


def _principal(stopped: Connection, by: Any) -> Principal:
    """Return an administrator as if a client of the connection: who writes to what it owns."""
    return Principal(
        user_id=by.pk,
        username=by.get_username(),
        credential="administrator",
        credential_key="",
        sign_in_class="",
        scopes=frozenset(),
        connection_id=stopped.pk,
        connection_name=stopped.name,
        profile="auto",
        state=stopped.state,
        delete_policy=stopped.delete_policy,
        shows_protected=False,
    )
