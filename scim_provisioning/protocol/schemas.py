"""The schemas of RFC 7643 as data, errata applied, and their documents for ``/Schemas``."""

from __future__ import annotations

from . import urns
from .attributes import (
    Attribute,
    Format,
    Json,
    Mutability,
    ResourceType,
    Returned,
    Schema,
    Type,
    Uniqueness,
)
from .policy import TOLERANT, Policy

READ_ONLY = Mutability.READ_ONLY
IMMUTABLE = Mutability.IMMUTABLE

VALUE = Attribute("value", description="The value itself.")
DISPLAY = Attribute("display", description="A name for people, for display only.")
PRIMARY = Attribute(
    "primary",
    Type.BOOLEAN,
    description="Whether this is the preferred value; at most one value is.",
)


def kind(*canonical: str) -> Attribute:
    """Return the sub-attribute ``type``; clients derive value paths from its canonical values."""
    return Attribute("type", canonical_values=canonical, description="What the value is for.")


def plural(name: str, description: str, *subs: Attribute) -> Attribute:
    """Return a multi-valued complex attribute."""
    return Attribute(
        name, Type.COMPLEX, multi_valued=True, description=description, sub_attributes=subs
    )


def reference(name: str, *types: str, **traits: Json) -> Attribute:
    """Return a reference; URIs are case-exact (RFC 7643 section 2.3.7)."""
    return Attribute(name, Type.REFERENCE, case_exact=True, reference_types=types, **traits)


COMMON = (
    reference(
        "schemas",
        "uri",
        multi_valued=True,
        required=True,
        returned=Returned.ALWAYS,
        description="The schemas that the resource has attributes of.",
    ),
    Attribute(
        "id",
        case_exact=True,
        mutability=READ_ONLY,
        returned=Returned.ALWAYS,
        uniqueness=Uniqueness.SERVER,
        description="The server's identifier, never used twice.",
    ),
    Attribute(
        "externalId",
        case_exact=True,
        description="The identifier of the provisioning client, scoped to its connection.",
    ),
    Attribute(
        "meta",
        Type.COMPLEX,
        mutability=READ_ONLY,
        description="What the server knows of the resource.",
        sub_attributes=(
            Attribute("resourceType", case_exact=True, mutability=READ_ONLY),
            Attribute("created", Type.DATETIME, mutability=READ_ONLY),
            Attribute("lastModified", Type.DATETIME, mutability=READ_ONLY),
            reference("location", "uri", mutability=READ_ONLY),
            Attribute("version", case_exact=True, mutability=READ_ONLY),
        ),
    ),
)

USER = Schema(
    urns.USER,
    "User",
    "User Account",
    (
        Attribute(
            "userName",
            required=True,
            uniqueness=Uniqueness.SERVER,
            description="The name the person signs in with, unique whatever its letter case.",
        ),
        Attribute(
            "name",
            Type.COMPLEX,
            description="The parts of the person's name.",
            sub_attributes=(
                Attribute("formatted", description="The whole name, for display."),
                Attribute("familyName", description="The family name, or last name."),
                Attribute("givenName", description="The given name, or first name."),
                Attribute("middleName", description="The middle names."),
                Attribute("honorificPrefix", description="Titles before the name."),
                Attribute("honorificSuffix", description="Suffixes after the name."),
            ),
        ),
        Attribute("displayName", description="The name shown to other people."),
        Attribute("nickName", description="The casual way to address the person."),
        reference("profileUrl", "external", description="The address of the online profile."),
        Attribute("title", description="The job title."),
        Attribute("userType", description="How the person relates to the organization."),
        Attribute("preferredLanguage", description="The preferred language, such as en-US."),
        Attribute("locale", description="Where dates and numbers follow the customs of."),
        Attribute("timezone", description="The time zone, such as Europe/Oslo."),
        Attribute("active", Type.BOOLEAN, description="Whether the account can be used."),
        Attribute(
            "password",
            mutability=Mutability.WRITE_ONLY,
            returned=Returned.NEVER,
            description="Accepted and not kept: people sign in with their identity provider.",
        ),
        plural(
            "emails",
            "E-mail addresses.",
            VALUE,
            DISPLAY,
            kind("work", "home", "other"),
            PRIMARY,
        ),
        plural(
            "phoneNumbers",
            "Telephone numbers, kept as sent.",
            VALUE,
            DISPLAY,
            kind("work", "home", "mobile", "fax", "pager", "other"),
            PRIMARY,
        ),
        plural(
            "ims",
            "Instant messaging addresses.",
            VALUE,
            DISPLAY,
            kind("aim", "gtalk", "icq", "xmpp", "msn", "skype", "qq", "yahoo"),
            PRIMARY,
        ),
        plural(
            "photos",
            "Addresses of pictures of the person.",
            reference("value", "external", format=Format.PICTURE),
            DISPLAY,
            kind("photo", "thumbnail"),
            PRIMARY,
        ),
        plural(
            "addresses",
            "Postal addresses.",
            Attribute("formatted", description="The whole address, for a label."),
            Attribute("streetAddress", description="Street, house number, floor."),
            Attribute("locality", description="The city."),
            Attribute("region", description="The state or region."),
            Attribute("postalCode", description="The postal code."),
            Attribute(
                "country",
                format=Format.COUNTRY,
                description="The country, as ISO 3166-1 alpha-2.",
            ),
            kind("work", "home", "other"),
            PRIMARY,
        ),
        Attribute(
            "groups",
            Type.COMPLEX,
            multi_valued=True,
            mutability=READ_ONLY,
            description="The groups the person is in; changed through the groups.",
            sub_attributes=(
                Attribute("value", case_exact=True, mutability=READ_ONLY),
                reference("$ref", "Group", mutability=READ_ONLY),
                Attribute("display", mutability=READ_ONLY),
                Attribute("type", mutability=READ_ONLY, canonical_values=("direct", "indirect")),
            ),
        ),
        plural("entitlements", "What the person is entitled to.", VALUE, DISPLAY, kind(), PRIMARY),
        plural(
            "roles",
            "The identity provider's roles; kept as sent, they grant nothing here.",
            VALUE,
            DISPLAY,
            kind(),
            PRIMARY,
        ),
        plural(
            "x509Certificates",
            "Certificates, one base64 DER each.",
            Attribute("value", Type.BINARY, case_exact=True, format=Format.CERTIFICATE),
            DISPLAY,
            kind(),
            PRIMARY,
        ),
    ),
)

ENTERPRISE_USER = Schema(
    urns.ENTERPRISE_USER,
    "EnterpriseUser",
    "Enterprise User",
    (
        Attribute("employeeNumber", description="The number the employer knows the person by."),
        Attribute("costCenter", description="The cost center."),
        Attribute("organization", description="The organization."),
        Attribute("division", description="The division."),
        Attribute("department", description="The department."),
        Attribute(
            "manager",
            Type.COMPLEX,
            description="The person's manager; the value may name nobody here.",
            sub_attributes=(
                Attribute("value", case_exact=True, description="The manager's id."),
                reference("$ref", "User", mutability=READ_ONLY, returned=Returned.REQUEST),
                Attribute("displayName", mutability=READ_ONLY),
            ),
        ),
    ),
)

GROUP = Schema(
    urns.GROUP,
    "Group",
    "Group",
    (
        Attribute(
            "displayName",
            required=True,
            uniqueness=Uniqueness.SERVER,
            description="The group's name, unique whatever its letter case.",
        ),
        Attribute(
            "members",
            Type.COMPLEX,
            multi_valued=True,
            description="The people in the group; added and removed, never edited.",
            sub_attributes=(
                Attribute("value", case_exact=True, mutability=IMMUTABLE),
                reference("$ref", "User", mutability=IMMUTABLE),
                Attribute("display", mutability=READ_ONLY, returned=Returned.REQUEST),
                Attribute("type", mutability=IMMUTABLE, canonical_values=("User",)),
            ),
        ),
    ),
)

USER_TYPE = ResourceType(
    "User", "/Users", "User Account", USER, extensions=(ENTERPRISE_USER,), common=COMMON
)
GROUP_TYPE = ResourceType("Group", "/Groups", "Group", GROUP, common=COMMON)


OPEN_TYPES = ("work", "home", "other")
"""What a ``type`` may be where the RFC leaves it open and the policy does not."""


def attribute_document(attribute: Attribute, policy: Policy = TOLERANT) -> dict[str, Json]:
    """Return an attribute as ``/Schemas`` shows it (RFC 7643 section 7), without nulls."""
    document: dict[str, Json] = {
        "name": attribute.name,
        "type": attribute.type.value,
        "multiValued": attribute.multi_valued,
        "description": attribute.description,
        "required": attribute.required,
        "caseExact": attribute.case_exact,
        "mutability": attribute.mutability.value,
        "returned": attribute.returned.value,
        "uniqueness": attribute.uniqueness.value,
    }
    canonical = attribute.canonical_values
    if not canonical and attribute.name == "type" and not policy.untyped_lists:
        canonical = OPEN_TYPES
    if canonical:
        document["canonicalValues"] = list(canonical)
    if attribute.reference_types:
        document["referenceTypes"] = list(attribute.reference_types)
    if attribute.is_complex:
        # Case and uniqueness say nothing of objects (erratum 6004).
        del document["caseExact"], document["uniqueness"]
        document["subAttributes"] = [
            attribute_document(sub, policy) for sub in attribute.sub_attributes
        ]
    return document


def schema_document(schema: Schema, location: str, policy: Policy = TOLERANT) -> dict[str, Json]:
    """Return a schema as ``/Schemas`` shows it."""
    return {
        "schemas": [urns.SCHEMA],
        "id": schema.id,
        "name": schema.name,
        "description": schema.description,
        "attributes": [attribute_document(attribute, policy) for attribute in schema.attributes],
        "meta": {"resourceType": "Schema", "location": location},
    }
