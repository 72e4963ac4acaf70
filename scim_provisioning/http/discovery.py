"""Discovery (RFC 7644 section 4): made from the mappings, so that it tells what is."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from rest_framework.request import Request
from rest_framework.response import Response

from scim_provisioning import auth, conf, hosting
from scim_provisioning.protocol import discovery_schemas, errors, messages, schemas, urns
from scim_provisioning.protocol.attributes import Json, ResourceType, Schema
from scim_provisioning.protocol.policy import policy_for
from scim_provisioning.resources import custom, registry

from .base import ScimView, answer, base_url


class DiscoveryView(ScimView):
    """A read-only endpoint, open where the settings say so."""

    http_method_names = ["get", "head"]

    def get_authenticators(self) -> list[Any]:
        """Nobody is asked for credentials where discovery is open."""
        return [] if conf.current().open_discovery else super().get_authenticators()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Check the client, and that no filter is asked (RFC 7644 section 4)."""
        if conf.current().open_discovery:
            custom.refresh_from_database()
        else:
            super().initial(request, *args, **kwargs)
        if "filter" in request.GET:
            raise errors.Forbidden("Discovery endpoints cannot be filtered.")

    @property
    def profile(self) -> str:
        """The profile of the client's connection, the default one where nobody is asked."""
        return self.context.principal.profile if self.context else "auto"

    def url(self, path: str) -> str:
        """Return the absolute URL of a discovery document."""
        return f"{base_url(self.request._request)}/{path}"

    def listed(self, documents: dict[str, Json], id: str | None) -> Response:
        """Answer with all documents, or with the one of that id, whatever its letter case."""
        if id is None:
            return answer(messages.list_response(list(documents.values()), len(documents)))
        found = {key.lower(): document for key, document in documents.items()}.get(id.lower())
        if found is None:
            raise errors.NotFound
        return answer(found)


class ServiceProviderConfig(DiscoveryView):
    """``/ServiceProviderConfig`` (RFC 7643 section 5, RFC 9865 section 4)."""

    def get(self, request: Request) -> Response:
        """Tell what is supported."""
        location = self.url("ServiceProviderConfig")
        meta = {"resourceType": "ServiceProviderConfig", "location": location}
        supported = service_provider_config(conf.current(), self.profile)
        told = {**supported, "authenticationSchemes": _schemes(self.profile), "meta": meta}
        return answer(hosting.installed().describe(told))


def _schemes(profile: str) -> list[Json]:
    """Return the ways to authenticate that are on; exactly one of them is primary.

    The Interoperability Profile advises against HTTP Basic (section 7.2).
    """
    ways = list(auth.schemes())
    if profile == "interop":
        ways.sort(key=lambda scheme: scheme.type == "httpbasic")
    return [
        {
            "type": scheme.type,
            "name": scheme.name,
            "description": scheme.description,
            "specUri": scheme.spec_uri,
            "primary": number == 0,
        }
        for number, scheme in enumerate(ways)
    ]


def service_provider_config(settings: conf.Settings, profile: str = "auto") -> dict[str, Json]:
    """Return what is supported for connections of a profile; nothing else is advertised."""
    interop = {"interopProfileConformant": True} if profile == "interop" else {}
    return {
        **interop,
        "schemas": [urns.SERVICE_PROVIDER_CONFIG],
        "patch": {"supported": True},
        "bulk": {
            "supported": True,
            "maxOperations": settings.bulk_max_operations,
            "maxPayloadSize": settings.bulk_max_payload_size,
        },
        "filter": {"supported": True, "maxResults": settings.max_page_size},
        "changePassword": {"supported": False},
        "sort": {"supported": True},
        "etag": {"supported": True},
        "pagination": {
            "cursor": True,
            "index": True,
            "defaultPaginationMethod": "index",
            "defaultPageSize": settings.default_page_size,
            "maxPageSize": settings.max_page_size,
            "cursorTimeout": settings.cursor_timeout,
        },
    }


class ResourceTypes(DiscoveryView):
    """``/ResourceTypes`` and ``/ResourceTypes/{id}`` (RFC 7643 section 6)."""

    def get(self, request: Request, id: str | None = None) -> Response:
        """Tell the kinds of resources."""
        types = [mapping.resource_type for mapping in registry.mappings()]
        return self.listed({type.name: self._document(type) for type in types}, id)

    def _document(self, type: ResourceType) -> dict[str, Json]:
        document: dict[str, Json] = {
            "schemas": [urns.RESOURCE_TYPE],
            "id": type.name,
            "name": type.name,
            "description": type.description,
            "endpoint": type.endpoint,
            "schema": type.schema.id,
        }
        if type.extensions:
            document["schemaExtensions"] = [
                {"schema": schema.id, "required": False} for schema in type.extensions
            ]
        location = self.url(f"ResourceTypes/{type.name}")
        return {**document, "meta": {"resourceType": "ResourceType", "location": location}}


class Schemas(DiscoveryView):
    """``/Schemas`` and ``/Schemas/{urn}`` (RFC 7643 section 7)."""

    def get(self, request: Request, id: str | None = None) -> Response:
        """Tell the attributes of every resource."""
        documents = {schema.id: self._document(schema) for schema in self._all()}
        return self.listed(documents, id)

    @staticmethod
    def _all() -> list[Schema]:
        found = []
        for mapping in registry.mappings():
            found += [mapping.resource_type.schema, *mapping.resource_type.extensions]
        return [
            *found,
            discovery_schemas.SERVICE_PROVIDER_CONFIG,
            discovery_schemas.RESOURCE_TYPE,
            discovery_schemas.SCHEMA,
        ]

    def _document(self, schema: Schema) -> dict[str, Json]:
        location = self.url(f"Schemas/{quote(schema.id, safe=':')}")
        return schemas.schema_document(schema, location, policy_for(self.profile))
