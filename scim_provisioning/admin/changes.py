"""What an event changed, to be read: before and after, attribute by attribute."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from scim_provisioning.models import ProvisioningEvent, ScimGroup, ScimUser
from scim_provisioning.protocol.attributes import Json
from scim_provisioning.protocol.identifiers import parse, shown

MOST_MEMBERS = 100
MOST_NAMES = 6


def summary(changes: dict[str, Any]) -> str:
    """Return in a line which attributes changed, and how many members came and went."""
    names = [name for name, change in changes.items() if isinstance(change, list)]
    parts = [", ".join(names[:MOST_NAMES])] if names else []
    if len(names) > MOST_NAMES:
        parts.append(_("%(count)d more") % {"count": len(names) - MOST_NAMES})
    moved = changes.get("members")
    if isinstance(moved, dict):
        for kind, text in (("added", _("%(count)d added")), ("removed", _("%(count)d removed"))):
            if ids := moved.get(kind):
                parts.append(text % {"count": _number(ids)})
    return ", ".join(parts)


def _number(ids: list[str]) -> int:
    """Return how many members a list stands for: a long one ends in *and 500 more*."""
    more = ids[-1].split()
    cut = len(more) == 3 and more[0] == "and" and more[1].isdigit()
    return len(ids) - 1 + int(more[1]) if cut else len(ids)


def as_table(event: ProvisioningEvent) -> SafeString:
    """Return before and after as tables."""
    changes = event.changes or {}
    rows = [
        (name, lines(change[0]), lines(change[1]))
        for name, change in changes.items()
        if isinstance(change, list) and len(change) == 2
    ]
    members = changes.get("members")
    context = {"rows": rows, "moved": _moved(members) if isinstance(members, dict) else []}
    return render_to_string("scim_provisioning/changes.html", context)


def lines(value: Json) -> list[str]:
    """Return a value as lines: one per entry, sub-attributes by name."""
    if value is None or value in ([], {}):
        return []
    if isinstance(value, list):
        return [line for entry in value for line in lines(entry)]
    if isinstance(value, dict):
        return [", ".join(f"{name}: {_plain(part)}" for name, part in value.items())]
    return [_plain(value)]


def _plain(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _moved(members: dict[str, list[str]]) -> list[tuple[str, list[tuple[str, str]], int]]:
    """Return who was added and removed, by name where they are still there, and how many more."""
    listed = {kind: (members.get(kind) or [])[:MOST_MEMBERS] for kind in ("added", "removed")}
    names = _names(identifier for ids in listed.values() for identifier in ids)
    captions = {
        "added": lambda n: ngettext("%(count)d member added", "%(count)d members added", n),
        "removed": lambda n: ngettext("%(count)d member removed", "%(count)d members removed", n),
    }
    found = []
    for kind, ids in listed.items():
        if ids:
            count = _number(members[kind])
            entries = [(identifier, names.get(identifier, "")) for identifier in ids]
            found.append((captions[kind](count) % {"count": count}, entries, count - len(ids)))
    return found


def _names(ids: Iterable[str]) -> dict[str, str]:
    keys = [key for identifier in ids if (key := parse(identifier))]
    users = ScimUser.objects.filter(pk__in=keys).values_list("pk", "user_name")
    groups = ScimGroup.objects.filter(pk__in=keys).values_list("pk", "display_name")
    return {shown(key): name for rows in (users, groups) for key, name in rows}
