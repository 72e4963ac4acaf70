"""Who asks, and from where: the facts that travel with a request below HTTP."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from .protocol.identifiers import parse
from .protocol.policy import Policy, policy_for


@dataclass(frozen=True, slots=True)
class Principal:
    """The authenticated client: a portal user and through it exactly one connection.

    ``credential`` is ``password``, ``pat``, ``pat-bearer``, ``oauth`` or ``oidc``;
    ``credential_key`` tells which one it was, ``token:5``; ``sign_in_class`` is what users that
    it creates get (``basic`` or ``oauth``); ``scopes`` holds ``scim.read`` and ``scim.write``.
    """

    user_id: Any
    username: str
    credential: str
    credential_key: str
    sign_in_class: str
    scopes: frozenset[str]
    connection_id: int
    connection_name: str
    profile: str
    state: str
    delete_policy: str
    shows_protected: bool
    requires_if_match: bool = False
    rate_limit: int | None = None
    last_seen: datetime | None = None
    last_used: datetime | None = None
    schemas_changed: datetime | None = None
    brake_people: int | None = None
    brake_percent: int | None = None
    records_until: datetime | None = None
    has_decisions: bool = False

    @property
    def is_authenticated(self) -> bool:
        """A principal is one who was let in."""
        return True

    @property
    def pk(self) -> Any:
        """The portal user's primary key, as Django's throttles and loggers expect."""
        return self.user_id


@dataclass(frozen=True, slots=True)
class Context:
    """One SCIM request as the layers below HTTP see it.

    ``base_url`` has no trailing slash; ``path`` has no query; ``request`` is Django's own, for
    the site's code; ``notes`` collects what was
    tolerated (ignored attributes, quirks applied) for the ledger.
    """

    principal: Principal
    base_url: str
    method: str = ""
    path: str = ""
    address: str | None = None
    request_id: UUID | None = None
    started: float = 0.0
    if_match: str | None = None
    request: Any = None
    notes: list[str] = field(default_factory=list)

    @property
    def policy(self) -> Policy:
        """What is tolerated of this client."""
        return policy_for(self.principal.profile)

    def key(self, identifier: str) -> UUID | None:
        """Return the key of an id in a URL, None for what is none."""
        return parse(identifier, any_case=self.policy.ids_in_any_case)
