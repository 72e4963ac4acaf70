"""The URNs of RFC 7643 section 8 and RFC 7644 section 3."""

from __future__ import annotations

_CORE = "urn:ietf:params:scim:schemas:core:2.0:"
_MESSAGE = "urn:ietf:params:scim:api:messages:2.0:"

USER = f"{_CORE}User"
GROUP = f"{_CORE}Group"
SERVICE_PROVIDER_CONFIG = f"{_CORE}ServiceProviderConfig"
RESOURCE_TYPE = f"{_CORE}ResourceType"
SCHEMA = f"{_CORE}Schema"
ENTERPRISE_USER = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"

ERROR = f"{_MESSAGE}Error"
LIST_RESPONSE = f"{_MESSAGE}ListResponse"
PATCH_OP = f"{_MESSAGE}PatchOp"
SEARCH_REQUEST = f"{_MESSAGE}SearchRequest"
BULK_REQUEST = f"{_MESSAGE}BulkRequest"
BULK_RESPONSE = f"{_MESSAGE}BulkResponse"
