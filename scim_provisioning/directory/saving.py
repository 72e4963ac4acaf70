"""Django's own rows, saved by statements compiled once, with the signals of a save.

A model that saves in a way of its own is saved in that way.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import connection, models
from django.db.models.fields import NOT_PROVIDED
from django.db.models.signals import post_save, pre_save

from scim_provisioning.statements import insert, update


def save(instance: Any, fields: Sequence[str] | None = None) -> Any:
    """Insert a row, or update some fields of it; our own receivers stand back.

    The caller writes the SCIM side.
    """
    instance._scim_in_charge = True
    try:
        _save(instance, fields)
    finally:
        instance._scim_in_charge = False
    return instance


def _save(instance: Any, fields: Sequence[str] | None) -> None:
    model: Any = type(instance)
    if not _is_plain(model):
        instance.save(force_insert=fields is None, update_fields=fields)
        return
    facts = {
        "sender": model,
        "instance": instance,
        "raw": False,
        "using": connection.alias,
        "update_fields": frozenset(fields) if fields else None,
    }
    pre_save.send(**facts)
    _write(instance, fields)
    post_save.send(created=fields is None, **facts)


def _write(instance: Any, names: Sequence[str] | None) -> None:
    model, created = type(instance), names is None
    fields = [f for f in model._meta.concrete_fields if not f.primary_key]
    if names is not None:
        fields = [f for f in fields if f.name in names or f.attname in names]
    values = {field.name: field.pre_save(instance, created) for field in fields}
    if created:
        instance.pk = insert(model, [values])
        instance._state.adding, instance._state.db = False, connection.alias
    else:
        update(model, instance.pk, values)


@lru_cache(maxsize=8)
def _is_plain(model: type[models.Model]) -> bool:
    """Whether a save of the model is an INSERT or an UPDATE and its signals, no more."""
    own = model.save not in (models.Model.save, AbstractBaseUser.save)
    own = own or model.save_base is not models.Model.save_base
    fields = model._meta.concrete_fields
    made_there = any(f.generated or f.db_default is not NOT_PROVIDED for f in fields)
    automatic = isinstance(model._meta.pk, models.AutoField | models.BigAutoField)
    return automatic and not (own or made_there or model._meta.parents)
