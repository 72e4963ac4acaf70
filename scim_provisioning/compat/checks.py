"""System checks of what a site told django-scim2: what is not honoured is named at start."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

from django.contrib.auth import get_user_model
from django.core.checks import CheckMessage, Error, Warning

REPLACED = {
    "USER_FILTER_PARSER": "Filters are this engine's: declare an attribute of your own instead.",
    "GROUP_FILTER_PARSER": "Filters are this engine's: declare an attribute of your own instead.",
    "SERVICE_PROVIDER_CONFIG_MODEL": "What is supported is this engine's to tell; "
    "DOCUMENTATION_URI and AUTHENTICATION_SCHEMES are shown.",
    "SCHEMAS_GETTER": "Schemas follow from the mappings: declare an attribute of your own instead.",
    "AUTH_CHECK_MIDDLEWARE": "Clients are let in by connections and their credentials.",
    "WWW_AUTHENTICATE_HEADER": "The challenge tells what connections take.",
    "EXPOSE_SCIM_EXCEPTIONS": "The text of unforeseen exceptions is never shown.",
}
"""Keys that say nothing here, and what there is instead."""


def problem() -> str | None:
    """Return why the site's code cannot be called, None where it can."""
    if find_spec("django_scim") is None:
        return "django-scim2 is not installed."
    from . import contract  # it imports the package

    if not contract.given():
        return f"There is no {contract.NAME}."
    if contract.model("user") is not get_user_model():
        return "USER_MODEL_GETTER gives another model than AUTH_USER_MODEL."
    return None


def check_django_scim2(**_: Any) -> list[CheckMessage]:
    """E060: the site's code cannot be called."""
    found = problem()
    hint = "Install the extra django-scim2, keep SCIM_SERVICE_PROVIDER, or leave the app out."
    return [Error(found, hint=hint, id="scim_provisioning.E060")] if found else []


def check_service_provider(**_: Any) -> list[CheckMessage]:
    """W061: a key that is unknown; W062: one that says nothing here."""
    if problem():
        return []
    from . import contract

    unknown = [
        Warning(
            f"{contract.NAME} has no key {key}.",
            hint="The keys are those of django_scim.settings.DEFAULTS.",
            id="scim_provisioning.W061",
        )
        for key in sorted(set(contract.given()) - set(contract.DEFAULTS))
    ]
    replaced = [
        Warning(f"{contract.NAME}[{key!r}] is not read.", hint=hint, id="scim_provisioning.W062")
        for key, hint in REPLACED.items()
        if contract.is_set(key)
    ]
    return [*unknown, *replaced]
