"""From Django's side to SCIM's: rows made, and kept true, when accounts change elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import uuid4

from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from scim_provisioning import hosting
from scim_provisioning.models import FindingKind, MultiValue, ScimGroup, ScimUser
from scim_provisioning.protocol.fold import fold
from scim_provisioning.resources import mirror, registry
from scim_provisioning.resources.bindings import Column
from scim_provisioning.resources.expressions import lookup_key

from .accounts import group_name
from .findings import settle_collision
from .ownership import draft, is_protected_group, is_protected_user, record

SCALARS = (mirror.FIRST_NAME, mirror.LAST_NAME, mirror.ACTIVE)


def facts(user: Any) -> dict[str, Any]:
    """Return what the user model says of an account, as columns of its SCIM row."""
    known = mirror.fields()
    columns: dict[str, Any] = {"user_name": str(user.get_username())}
    for role, (column, is_text) in _columns().items():
        if role in known:
            value = getattr(user, known[role].attname)
            columns[column] = (value or None) if is_text else value
    return columns


def _columns() -> dict[str, tuple[str, bool]]:
    """Map the roles that are one column of the SCIM row to it, and to whether it is folded."""
    mapping = registry.mapping("User")
    return {
        binding.mirror: (binding.name, key in mapping._folding)
        for key, binding, _ in mapping.stored
        if isinstance(binding, Column) and binding.mirror in SCALARS
    }


def email_of(user: Any) -> str | None:
    """Return the account's e-mail address, None where its model has none besides the user name."""
    field = mirror.fields().get(mirror.EMAIL)
    return (getattr(user, field.attname) or None) if field else None


def folded_of(columns: dict[str, Any]) -> dict[str, str]:
    """Return the folded values of the text columns among these, where they differ."""
    texts = {column: columns.get(column) for column, is_text in _columns().values() if is_text}
    return {c: fold(t) for c, t in texts.items() if isinstance(t, str) and fold(t) != t}


def new_rows(users: Sequence[Any], protected: Iterable[Any]) -> list[ScimUser]:
    """Return unsaved rows for accounts that have none; names that collide get no key."""
    out_of_reach = set(protected)
    keys = {user.pk: fold(str(user.get_username())) for user in users}
    taken = set(
        ScimUser.objects.filter(user_name_key__in=keys.values()).values_list(
            "user_name_key", flat=True
        )
    )
    rows = []
    for user in users:
        columns, key = facts(user), keys[user.pk]
        if columns.get("active") is False:
            # What was issued before revives with nobody who enables the account.
            columns["credentials_valid_after"] = timezone.now()
        rows.append(
            ScimUser(
                id=hosting.installed().identifier("user", user) or uuid4(),
                user_id=user.pk,
                user_name_key=None if key in taken else key,
                listed=user.pk not in out_of_reach,
                folded=folded_of(columns),
                created=getattr(user, "date_joined", None) or timezone.now(),
                **columns,
            )
        )
        taken.add(key)
    return rows


def add_users(users: Sequence[Any], protected: Iterable[Any]) -> list[ScimUser]:
    """Make the SCIM rows of accounts that have none, collisions becoming findings."""
    rows = ScimUser.objects.bulk_create(new_rows(users, protected))
    emails = {user.pk: email_of(user) for user in users}
    MultiValue.objects.bulk_create(
        [_valued(_email_row(row), email) for row in rows if (email := emails[row.user_id])]
    )
    for row in rows:
        if row.user_name_key is None:
            record(draft(FindingKind.COLLISION, "user", row.pk, row.user_name), None)
    return rows


def _email_row(row: ScimUser) -> MultiValue:
    """Return the unsaved row of a first e-mail address, which has no value yet."""
    return MultiValue(user=row, attribute="emails", position=0, type="work", primary=True)


def _valued(entry: MultiValue, email: str) -> MultiValue:
    """Return an e-mail row with another value; what else it says stays."""
    text = fold(email)
    entry.value, entry.value_key = email, lookup_key(text)
    entry.folded = {k: v for k, v in entry.folded.items() if k != "value"}
    if text != email:
        entry.folded["value"] = text
    return entry


@transaction.atomic(savepoint=False)
def sync_user(user: Any) -> None:
    """Make an account's SCIM row say what the account says."""
    protected = is_protected_user(user)
    row = ScimUser.objects.filter(user=user.pk).first()
    if row is None:
        add_users([user], [user.pk] if protected else [])
    elif row.deleted is None:
        _sync_columns(row, facts(user), listed=is_user_listed(row, protected=protected))
        _sync_email(row, user)


def is_user_listed(row: ScimUser, *, protected: bool) -> bool:
    """Whether an account may be seen: not protected, or allowed all the same."""
    return row.link_allowed or not protected


def _sync_columns(row: ScimUser, columns: dict[str, Any], *, listed: bool) -> None:
    changed = {name: value for name, value in columns.items() if getattr(row, name) != value}
    if "user_name" in changed:
        changed["user_name_key"] = _free_key(row, changed["user_name"])
    if changed.get("active") is False:
        changed["credentials_valid_after"] = timezone.now()
    if changed:
        texts = {column for column, is_text in _columns().values() if is_text}
        kept = {name: text for name, text in row.folded.items() if name not in texts}
        changed["folded"] = kept | folded_of(columns)
        changed |= _next_version()
    if row.listed != listed:
        changed["listed"] = listed
    if changed:
        ScimUser.objects.filter(pk=row.pk).update(**changed)


def _next_version() -> dict[str, Any]:
    return {"version": F("version") + 1, "last_modified": timezone.now()}


def _free_key(row: ScimUser, user_name: str) -> str | None:
    key = fold(user_name)
    if ScimUser.objects.filter(user_name_key=key).exclude(pk=row.pk).exists():
        record(draft(FindingKind.COLLISION, "user", row.pk, user_name), None)
        return None
    if row.user_name_key is None:
        settle_collision("user", row.pk)
    return key


def _sync_email(row: ScimUser, user: Any) -> None:
    if mirror.EMAIL not in mirror.fields():
        return
    email = email_of(user)
    values = MultiValue.objects.filter(user=row, attribute="emails")
    valued = sorted((v for v in values if v.value), key=lambda v: (not v.primary, v.position))
    first = valued[0] if valued else None
    if (first.value if first else None) == email:
        return
    if email is None and first is not None:
        first.delete()
    elif email is not None:
        _valued(first or _next_email(row, list(values)), email).save()
    ScimUser.objects.filter(pk=row.pk).update(**_next_version())


def _next_email(row: ScimUser, others: Sequence[MultiValue]) -> MultiValue:
    """Return an unsaved e-mail row behind the others; one is primary, not two."""
    fresh = _email_row(row)
    fresh.position = max((other.position for other in others), default=-1) + 1
    fresh.primary = not any(other.primary for other in others)
    return fresh


def sync_group(group: Group) -> None:
    """Make a group's SCIM row say what the group says."""
    row = ScimGroup.objects.filter(group=group.pk).first()
    if row is None:
        add_groups([group])
        return
    changed: dict[str, Any] = {}
    if group_name(row.display_name) != group.name:
        changed |= {"display_name": group.name, "display_name_key": _free_name(row, group.name)}
        changed |= _next_version()
    listed = is_seen_anyway(row) or not is_protected_group(row.group_id)
    if row.listed != listed:
        changed["listed"] = listed
    if changed:
        ScimGroup.objects.filter(pk=row.pk).update(**changed)


def is_seen_anyway(row: ScimGroup) -> bool:
    """Whether a group is seen whatever it carries: it is a connection's, or allowed."""
    return row.connection_id is not None or row.link_allowed


def add_groups(groups: Sequence[Group]) -> list[ScimGroup]:
    """Make the SCIM rows of groups that have none, collisions becoming findings."""
    rows = []
    for group in groups:
        row = ScimGroup(group=group, display_name=group.name)
        row.id = hosting.installed().identifier("group", group) or row.id
        row.display_name_key = _free_name(row, group.name, told=False)
        row.listed = not is_protected_group(group.pk)
        row.save(force_insert=True)
        if row.display_name_key is None:
            record(draft(FindingKind.COLLISION, "group", row.pk, group.name), None)
        rows.append(row)
    return rows


def _free_name(row: ScimGroup, name: str, *, told: bool = True) -> str | None:
    key = fold(name)
    if not ScimGroup.objects.filter(display_name_key=key).exclude(pk=row.pk).exists():
        if told and row.display_name_key is None:
            settle_collision("group", row.pk)
        return key
    if told:
        record(draft(FindingKind.COLLISION, "group", row.pk, name), None)
    return None
