"""How findings end: by an administrator, or because there is nothing left to find."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone

from scim_provisioning.models import Finding, FindingKind

LINKABLE = (FindingKind.PROTECTED, FindingKind.UNAPPROVED, FindingKind.FOREIGN)


def is_linkable(finding: Finding) -> bool:
    """Whether *allow this link* makes sense of it."""
    resource = finding.user or finding.group
    return finding.kind in LINKABLE and resource is not None and finding.connection is not None


def resolve(finding: Finding) -> bool:
    """Put a finding away; return whether it was open."""
    open_ = Finding.objects.filter(pk=finding.pk, resolved=None)
    return bool(open_.update(resolved=timezone.now()))


@transaction.atomic
def allow(finding: Finding) -> bool:
    """Let the finding's connection manage its resource; return whether that made sense."""
    if not is_linkable(finding):
        return False
    resource: Any = finding.user or finding.group
    resource.link_allowed = True
    resource.listed = getattr(resource, "deleted", None) is None
    resource.connection = finding.connection
    resource.save(update_fields=["link_allowed", "listed", "connection"])
    finding.allowed, finding.resolved = True, timezone.now()
    finding.save(update_fields=["allowed", "resolved"])
    return True


def settle_collision(owner: str, identifier: Any) -> None:
    """Resolve the open collision of a user or a group that has a key of its own again."""
    found = Finding.objects.filter(kind=FindingKind.COLLISION, **{owner: identifier})
    found.filter(resolved=None).update(resolved=timezone.now())
