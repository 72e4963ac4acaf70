"""What a site told django-scim2, read by that package itself."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group
from django_scim import adapters, utils
from django_scim.settings import DEFAULTS, scim_settings

NAME = "SCIM_SERVICE_PROVIDER"
ADAPTERS: dict[str, Any] = {"user": adapters.SCIMUser, "group": adapters.SCIMGroup}
"""The package's own, by what they adapt."""
SHOWING = ("to_dict", "display_name", "name_formatted", "emails", "groups", "members")
PATCHING = (
    *("handle_operations", "handle_path_and_value", "parse_path_and_values", "split_path"),
    *("handle_add", "handle_remove", "handle_replace"),
    *("validate_op_add", "validate_op_remove", "validate_op_replace"),
)


def given() -> dict[str, Any]:
    """Return the site's dict."""
    found: dict[str, Any] = getattr(settings, NAME, None) or {}
    return found


def is_set(key: str) -> bool:
    """Whether the site set a key to something else than the default."""
    return key in given() and given()[key] != DEFAULTS.get(key)


def adapter(owner: str) -> Any:
    """Return the site's adapter class of users or groups."""
    return utils.get_user_adapter() if owner == "user" else utils.get_group_adapter()


def model(owner: str) -> Any:
    """Return the model that the adapter is given."""
    return utils.get_user_model() if owner == "user" else utils.get_group_model()


def is_separate(owner: str) -> bool:
    """Whether a site's groups are no groups of Django's, but rows beside them."""
    return owner == "group" and not issubclass(model(owner), Group)


def overrides(owner: str, names: Iterable[str]) -> bool:
    """Whether the site's adapter says something of its own under one of these names."""
    own, stock = adapter(owner), ADAPTERS[owner]
    return any(getattr(own, name, None) is not getattr(stock, name, None) for name in names)


def id_field(owner: str) -> str:
    """Return the field that holds the id which clients know."""
    found: str = adapter(owner).id_field
    return found


def text_id(owner: str, account: Any) -> str | None:
    """Return the id that clients know of an account, None while it has none."""
    value = getattr(account, id_field(owner), None)
    if value in (None, "") and _numbers(account):
        value = account.pk
    return None if value in (None, "") else str(value)


def _numbers(account: Any) -> bool:
    """Whether the package's mixin gives an account its key for an id, once it is saved."""
    from django_scim.models import AbstractSCIMCommonAttributesMixin as Mixin

    return isinstance(account, Mixin) and type(account).set_scim_id is Mixin.set_scim_id


__all__ = ["DEFAULTS", "scim_settings", "utils"]
