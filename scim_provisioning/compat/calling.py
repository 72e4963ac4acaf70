"""Adapters are called: what they raise becomes an error of ours, their status kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.exceptions import ObjectDoesNotExist, PermissionDenied, ValidationError
from django.db.models import ProtectedError, RestrictedError
from django_scim.exceptions import SCIMException

from scim_provisioning.protocol.errors import Conflict, Forbidden, InvalidValue, NotFound, ScimError

SCIM_TYPES = {400: "invalidValue", 409: "uniqueness"}
"""What an error is called that the adapter gave no name."""


class Refused(ScimError):
    """What an adapter refused, with the status it gave."""

    def __init__(self, error: SCIMException) -> None:
        super().__init__(error.detail or None)
        self.status = int(error.status)  # type: ignore[misc]
        self.scim_type = error.scim_type or SCIM_TYPES.get(self.status)  # type: ignore[misc]


@contextmanager
def translated(*, writing: bool = False) -> Iterator[None]:
    """Turn the exceptions of a site's code into errors that a client understands.

    While ``writing``, what the code could not read is what the client sent.
    """
    try:
        yield
    except SCIMException as error:
        raise Refused(error) from None
    except ObjectDoesNotExist:
        raise NotFound from None
    except PermissionDenied:
        raise Forbidden from None
    except (ProtectedError, RestrictedError):
        raise Conflict("Other data refers to the resource.") from None
    except ValidationError as error:
        raise InvalidValue(" ".join(error.messages)) from None
    except (ValueError, TypeError, KeyError) as error:
        if not writing:
            raise
        raise InvalidValue("The site's adapter could not take the values.") from error
