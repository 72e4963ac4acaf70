"""What a User is here: the one place where an attribute is tied to a column.

To add an attribute, add its line below (and a column with its migration); filter, sort,
PATCH, projection, ``/Schemas`` and rendering follow.
"""

from __future__ import annotations

from scim_provisioning.models import ScimUser
from scim_provisioning.protocol.schemas import USER_TYPE
from scim_provisioning.protocol.urns import ENTERPRISE_USER as ENTERPRISE
from scim_provisioning.protocol.urns import USER as CORE

from . import mirror
from .bindings import (
    Column,
    Identifier,
    Ignored,
    Meta,
    PerConnection,
    Reference,
    SchemasInUse,
)
from .mapping import ResourceMapping
from .relations import Membership, Rows

MANAGER = USER_TYPE.find(ENTERPRISE, "manager", "value")
assert MANAGER is not None

USER = ResourceMapping(
    declared=USER_TYPE,
    model=ScimUser,
    owner="user",
    bindings={
        "schemas": SchemasInUse(CORE),
        "id": Identifier(),
        "externalId": PerConnection("user"),
        "meta": Meta("User", "/Users"),
        "userName": Column("user_name", key="user_name_key", mirror=mirror.USERNAME, limit=256),
        "name.formatted": Column("name_formatted"),
        "name.familyName": Column("family_name", mirror=mirror.LAST_NAME),
        "name.givenName": Column("given_name", mirror=mirror.FIRST_NAME),
        "name.middleName": Column("middle_name"),
        "name.honorificPrefix": Column("honorific_prefix"),
        "name.honorificSuffix": Column("honorific_suffix"),
        "displayName": Column("display_name"),
        "nickName": Column("nick_name"),
        "profileUrl": Column("profile_url"),
        "title": Column("title"),
        "userType": Column("user_type"),
        "preferredLanguage": Column("preferred_language"),
        "locale": Column("locale"),
        "timezone": Column("timezone"),
        "active": Column("active", mirror=mirror.ACTIVE),
        "password": Ignored(),
        "emails": Rows("emails", mirror=mirror.EMAIL),
        "phoneNumbers": Rows("phoneNumbers"),
        "ims": Rows("ims"),
        "photos": Rows("photos", indexed=False),
        "addresses": Rows("addresses"),
        "groups": Membership("groups", "/Groups", "direct"),
        "entitlements": Rows("entitlements"),
        "roles": Rows("roles"),
        "x509Certificates": Rows("x509Certificates", indexed=False),
        f"{ENTERPRISE}:employeeNumber": Column("employee_number"),
        f"{ENTERPRISE}:costCenter": Column("cost_center"),
        f"{ENTERPRISE}:organization": Column("organization"),
        f"{ENTERPRISE}:division": Column("division"),
        f"{ENTERPRISE}:department": Column("department"),
        f"{ENTERPRISE}:manager.value": Column("manager"),
        f"{ENTERPRISE}:manager.$ref": Reference("manager", "/Users", MANAGER),
    },
)
