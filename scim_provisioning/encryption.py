"""Secrets at rest: encrypted with keys that rotate (Fernet, of the ``cryptography`` package).

The first key of ``SCIM_PROVISIONING["ENCRYPTION_KEYS"]`` encrypts, all of them decrypt. To
rotate: put a new key first, run ``manage.py reencrypt``, take the old one away.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.db import models, transaction

from scim_provisioning import conf

SETTING = f"{conf.NAME}['ENCRYPTION_KEYS']"


class KeyMissing(ImproperlyConfigured):
    """No key is configured, or none of them opens what is stored."""


def problem(keys: tuple[str, ...]) -> str | None:
    """Return what is wrong with keys, without showing them; None where all are well."""
    for number, key in enumerate(keys, 1):
        try:
            Fernet(key)
        except ValueError:
            return f"key {number} is not 32 bytes in base64, as Fernet.generate_key() makes them"
    return None


@lru_cache(maxsize=2)
def _ring(keys: tuple[str, ...]) -> MultiFernet:
    if not keys:
        raise KeyMissing(f"{SETTING} is empty: no secret can be kept.")
    if found := problem(keys):
        raise KeyMissing(f"{SETTING}: {found}.")
    return MultiFernet([Fernet(key) for key in keys])


def _current() -> MultiFernet:
    return _ring(tuple(conf.current().encryption_keys))


def encrypt(clear: str) -> str:
    """Return what is stored of a secret; raise KeyMissing."""
    return _current().encrypt(clear.encode()).decode()


def decrypt(stored: str) -> str:
    """Return a secret; raise KeyMissing where no key opens it."""
    try:
        return _current().decrypt(stored.encode()).decode()
    except InvalidToken:
        raise KeyMissing(
            f"No key of {SETTING} opens a stored secret: add the key that it was encrypted with."
        ) from None


class EncryptedField(models.TextField):  # type: ignore[type-arg]
    """A column that holds what ``encrypt`` made; never shown, never edited."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["editable"] = False
        super().__init__(*args, **kwargs)


def secret(column: str) -> property:
    """Return the property that reads and writes a secret through its encrypted column.

    Nothing is decrypted before it is asked for, so that a missing key breaks no list.
    """

    def read(row: models.Model) -> str:
        stored = getattr(row, column)
        return decrypt(stored) if stored else ""

    def write(row: models.Model, clear: str) -> None:
        setattr(row, column, encrypt(clear) if clear else "")

    return property(read, write, doc="The secret in clear; empty where there is none.")


def reencrypt() -> int:
    """Encrypt every secret anew with the first key; return how many there were.

    Raises KeyMissing, and changes nothing then.
    """
    with transaction.atomic():
        return sum(_reencrypt(model) for model in apps.get_models())


def _reencrypt(model: type[models.Model]) -> int:
    count = 0
    for field in model._meta.concrete_fields:
        if isinstance(field, EncryptedField):
            rows = model._default_manager.select_for_update().exclude(**{field.name: ""})
            for row in rows.only(field.name):
                fresh = encrypt(decrypt(getattr(row, field.attname)))
                model._default_manager.filter(pk=row.pk).update(**{field.name: fresh})
                count += 1
    return count
