"""What a site's own code raises is what a client understands, and never a 500 for its values."""

from __future__ import annotations

import pytest
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied, ValidationError
from django.db.models import ProtectedError, RestrictedError

pytest.importorskip("django_scim", reason="django-scim2 wants a Django below 6.1.")

from scim_provisioning.compat.calling import translated
from scim_provisioning.protocol.errors import ScimError

pytestmark = pytest.mark.once
RAISED = [
    (ObjectDoesNotExist("x"), 404, None),
    (PermissionDenied("x"), 403, None),
    (ProtectedError("x", set()), 409, None),
    (RestrictedError("x", set()), 409, None),
    (ValidationError(["Too", "long."]), 400, "invalidValue"),
]


@pytest.mark.parametrize(
    ("raised", "status", "scim_type"), RAISED, ids=[type(e).__name__ for e, *_ in RAISED]
)
def test_what_the_code_refuses_has_a_status(raised, status, scim_type):
    with pytest.raises(ScimError) as refused, translated():
        raise raised
    assert refused.value.status == status
    if scim_type:
        assert (refused.value.scim_type, refused.value.detail) == (scim_type, "Too long.")


@pytest.mark.parametrize("raised", [ValueError("x"), TypeError("x"), KeyError("x")], ids=repr)
def test_what_the_code_could_not_read_is_the_clients_where_it_wrote(raised):
    with pytest.raises(ScimError) as refused, translated(writing=True):
        raise raised
    assert (refused.value.status, refused.value.scim_type) == (400, "invalidValue")
    with pytest.raises(type(raised)), translated():
        raise raised
