"""The objects that a site's adapters are made for, and what they are kept in step with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.exceptions import FieldDoesNotExist

from scim_provisioning.directory.accounts import group_name
from scim_provisioning.models import ScimGroup
from scim_provisioning.protocol.identifiers import shown

from . import contract

NAMES = {
    "user": ("scim_username", "userName"),
    "group": ("scim_display_name", "displayName"),
}
"""The column that holds a name, and the attribute that it is."""


def load(owner: str, keys: Iterable[Any]) -> Mapping[Any, Any]:
    """Return the objects of accounts by the accounts' keys; what the site lacks is left out."""
    model, wanted = contract.model(owner), list(keys)
    if not contract.is_separate(owner):
        rows = model._default_manager.all()
        if owner == "user" and _has(model, "scim_groups"):
            rows = rows.prefetch_related("scim_groups")
        found: Mapping[Any, Any] = rows.in_bulk(wanted)
        return found
    ids = ScimGroup.objects.filter(group__in=wanted).values_list("group_id", "pk")
    texts = {shown(identifier): key for key, identifier in ids}
    field = contract.id_field(owner)
    rows = model._default_manager.filter(**{f"{field}__in": list(texts)})
    return {texts[str(getattr(row, field))]: row for row in rows}


def of(owner: str, account: Any) -> Any:
    """Return the object of an account, a fresh one where the site has none yet."""
    model = contract.model(owner)
    if type(account) is model:
        return account
    if (found := load(owner, [account.pk]).get(account.pk)) is not None:
        return found
    if contract.is_separate(owner):
        return model(name=account.name)
    fresh = model(**{model._meta.pk.attname: account.pk})
    for field in Group._meta.concrete_fields:
        setattr(fresh, field.attname, getattr(account, field.attname))
    return fresh


def stamp(instance: Any, owner: str, identifier: str, document: dict[str, Any]) -> None:
    """Let the columns of the package say what SCIM says."""
    name, attribute = NAMES[owner]
    wanted = {
        "scim_id": identifier,
        "scim_external_id": document.get("externalId") or "",
        name: document.get(attribute) or "",
    }
    if contract.id_field(owner) != "scim_id":
        del wanted["scim_id"]
    model, moved = type(instance), {}
    for column, value in wanted.items():
        if _has(model, column) and (getattr(instance, column) or "") != value:
            moved[column] = value
    if moved:
        model._default_manager.filter(pk=instance.pk).update(**moved)


def fill(instance: Any, account: Any) -> None:
    """Keep a group that stands beside Django's in step: its members are there, its name here."""
    if (name := group_name(instance.name)) != account.name:
        account.name = name
        account.save()
    if hasattr(instance, "user_set"):
        instance.user_set.set(get_user_model()._default_manager.filter(groups=account))


def _has(model: Any, name: str) -> bool:
    try:
        model._meta.get_field(name)
    except FieldDoesNotExist:
        return False
    return True
