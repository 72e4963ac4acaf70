"""A resource type and an extension of users, the whole of it; the settings name both.

SCIM_PROVISIONING = {"RESOURCES": ["….models.DEVICE"], "USER_RESOURCE": "….models.USER"}
"""

from __future__ import annotations

from django.db import models

from scim_provisioning.models import ScimResource
from scim_provisioning.protocol.attributes import Attribute, Mutability, Schema, Type, Uniqueness
from scim_provisioning.resources.site import Column, extended, resource
from scim_provisioning.resources.user import USER as STOCK_USER


class Device(ScimResource):
    """A device that somebody carries."""

    serial = models.CharField(max_length=100)
    serial_key = models.CharField(max_length=400, unique=True, editable=False)
    label = models.TextField(null=True)
    ports = models.BigIntegerField(null=True)
    bought = models.DateTimeField(null=True)
    active = models.BooleanField(null=True)


DEVICE_SCHEMA = Schema(
    "urn:example:params:scim:schemas:core:2.0:Device",
    "Device",
    "A device that somebody carries",
    (
        Attribute("serial", required=True, uniqueness=Uniqueness.SERVER),
        Attribute("label", description="What people call it."),
        Attribute("ports", Type.INTEGER),
        Attribute("bought", Type.DATETIME, mutability=Mutability.IMMUTABLE),
        Attribute("active", Type.BOOLEAN),
    ),
)
BADGE_SCHEMA = Schema(
    "urn:example:params:scim:schemas:extension:badge:2.0:User",
    "Badge",
    "What opens doors",
    (Attribute("number"), Attribute("doors", Type.INTEGER, multi_valued=True)),
)
USER = extended(STOCK_USER, BADGE_SCHEMA)
DEVICE = resource(
    "/Devices",
    DEVICE_SCHEMA,
    Device,
    {
        "serial": Column("serial", key="serial_key", limit=100),
        **{name: Column(name) for name in ("label", "ports", "bought", "active")},
    },
)
