"""The user model's own fields: which hold a copy of what SCIM sent, on any user model."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db import models

from scim_provisioning.protocol.errors import InvalidValue

USERNAME, EMAIL, FIRST_NAME, LAST_NAME, ACTIVE = "username", "email", "first", "last", "active"


@lru_cache(maxsize=1)
def _fields(model: type[models.Model]) -> dict[str, models.Field[Any, Any]]:
    """Map each role to the field of the model that plays it, roles without a field left out."""
    username = getattr(model, "USERNAME_FIELD", "username")
    email = getattr(model, "EMAIL_FIELD", "email")
    roles = {FIRST_NAME: "first_name", LAST_NAME: "last_name", ACTIVE: "is_active"}
    # Where people sign in by e-mail, that field is the user name's and nobody else's.
    roles |= {USERNAME: username} | ({EMAIL: email} if email != username else {})
    found: dict[str, Any] = {}
    for role, name in roles.items():
        try:
            found[role] = model._meta.get_field(name)
        except FieldDoesNotExist:
            continue
    return found


def fields() -> Mapping[str, models.Field[Any, Any]]:
    """Return the fields of the user model in use, by role."""
    return _fields(get_user_model())


def values(roles: Mapping[str, Any]) -> dict[str, Any]:
    """Return field values for the roles that the user model knows.

    Raises InvalidValue where a value does not fit the field.
    """
    known = fields()
    return {
        known[role].attname: _fitting(known[role], role, value)
        for role, value in roles.items()
        # Unassigned says nothing of whether the account can be used.
        if role in known and not (role == ACTIVE and value is None)
    }


def _fitting(field: models.Field[Any, Any], role: str, value: Any) -> Any:
    if value is None:
        return None if field.null else field.get_default() or ""
    if not isinstance(value, str):
        return value
    if field.max_length is not None and len(value) > field.max_length:
        raise InvalidValue(
            f"{NAMES[role]} is longer than the {field.max_length} characters kept here."
        )
    if role == USERNAME and isinstance(field, models.EmailField):
        _check_email(field, value)
    return value


def _check_email(field: models.Field[Any, Any], value: str) -> None:
    try:
        field.run_validators(value)
    except ValidationError:
        raise InvalidValue("userName has to be an e-mail address here.") from None


NAMES = {
    USERNAME: "userName",
    EMAIL: "The e-mail address",
    FIRST_NAME: "name.givenName",
    LAST_NAME: "name.familyName",
}
