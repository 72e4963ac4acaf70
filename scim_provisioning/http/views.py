"""Resources of every type and their search: each verb in a few lines."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from scim_provisioning import conf
from scim_provisioning.directory import adopting, bulk, ownership, service
from scim_provisioning.protocol import bulk as bulk_messages
from scim_provisioning.protocol import errors, messages
from scim_provisioning.protocol.attributes import Json
from scim_provisioning.protocol.identifiers import shown
from scim_provisioning.protocol.projection import Projection
from scim_provisioning.quirks import standardize
from scim_provisioning.resources import query, registry
from scim_provisioning.resources.mapping import ResourceMapping

from . import database, exceptions, params
from .base import ScimView, answer
from .limits import charge


class QueryView(ScimView):
    """An endpoint that answers queries of the URL's resource type, or of all of them."""

    mappings: tuple[ResourceMapping, ...]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Find the resource types, once the client is known."""
        super().initial(request, *args, **kwargs)
        endpoint = self.kwargs.get("endpoint")
        found = registry.mappings() if endpoint is None else (registry.at(endpoint),)
        self.mappings = tuple(mapping for mapping in found if mapping is not None)
        if not self.mappings:
            raise errors.NotFound

    @property
    def profile(self) -> str:
        """The profile of the client's connection."""
        return self.asked.principal.profile

    def parameters(self, request: Request) -> dict[str, Json]:
        """Return the query's parameters."""
        return params.from_query(request._request.GET)

    def page(self, parameters: dict[str, Json]) -> Response:
        """Answer a query."""
        search = params.search(parameters, self.mappings, self.profile)
        page = query.search(self.mappings, search, self.asked)
        return answer(
            messages.list_response(
                page.resources,
                page.total,
                page.start_index,
                nextCursor=page.next_cursor,
                previousCursor=page.previous_cursor,
            )
        )


class ResourceView(QueryView):
    """An endpoint of one resource type."""

    @property
    def mapping(self) -> ResourceMapping:
        """The mapping of the resource type."""
        [mapping] = self.mappings
        return mapping

    def projection(self, request: Request) -> Projection:
        """Return what the client asks to see."""
        return params.projection(self.parameters(request), self.mapping, self.profile)

    def limited_body(self, request: Request) -> Any:
        """Return the body under the resource type's limit: groups come with their members."""
        large = conf.current().max_group_body_size if self.mapping.has_members else None
        return self.body(request, large)

    def written(self, outcome: service.Outcome) -> Response:
        """Answer a write."""
        if outcome.resource is None:
            return answer(None, 204, ETag=outcome.version)
        headers = {"ETag": outcome.version, "Location": outcome.location}
        return answer(outcome.resource, outcome.status, **headers)


class Collection(ResourceView):
    """``/Users``, ``/Groups``, and the endpoints of further types."""

    http_method_names = ["get", "head", "post"]

    def get(self, request: Request, endpoint: str) -> Response:
        """List or query (RFC 7644 section 3.4.2)."""
        return self.page(self.parameters(request))

    def post(self, request: Request, endpoint: str) -> Response:
        """Create (RFC 7644 section 3.3)."""
        wanted = self.projection(request)
        body = self.limited_body(request)
        return self.written(service.create(self.mapping, body, self.asked, wanted))


class SearchView(QueryView):
    """``/.search``, ``/Users/.search`` and its like (RFC 7644 section 3.4.3)."""

    http_method_names = ["post"]
    reads_by_post = True

    def post(self, request: Request, endpoint: str | None = None) -> Response:
        """Query by a message instead of a URL."""
        return self.page(messages.parse_search(self.body(request)))


class Resource(ResourceView):
    """``/Users/{id}`` and its like."""

    http_method_names = ["get", "head", "put", "patch", "delete"]

    def get(self, request: Request, endpoint: str, id: str) -> Response:
        """Read (RFC 7644 section 3.4.1); 304 where the client has this version."""
        asked = self.projection(request)
        found = query.get(self.mapping, self.identifier(id), params.with_version(asked), self.asked)
        if found is None:
            raise errors.NotFound
        version = found["meta"]["version"]
        condition = request.META.get("HTTP_IF_NONE_MATCH")
        if condition and service.matches(condition, version):
            return answer(None, 304, ETag=version)
        if not asked.wants(params.VERSION):
            # Only what the version came with is projected anew: the site may show more.
            kept = asked.shape(self.mapping.resource_type).apply({"meta": found.pop("meta")})
            found |= kept
        return answer(found, ETag=version)

    def put(self, request: Request, endpoint: str, id: str) -> Response:
        """Replace (RFC 7644 section 3.5.1)."""
        wanted, body = self.projection(request), self.limited_body(request)
        return self.written(
            service.replace(self.mapping, self.identifier(id), body, self.asked, wanted)
        )

    def patch(self, request: Request, endpoint: str, id: str) -> Response:
        """Modify (RFC 7644 section 3.5.2); a group answers 204 unless ``attributes`` asks."""
        wanted, body = self.projection(request), self.limited_body(request)
        answers = not self.mapping.has_members or "attributes" in request.GET
        known = self.identifier(id)
        outcome = service.patch(self.mapping, known, body, self.asked, wanted, answer=answers)
        return self.written(outcome)

    def delete(self, request: Request, endpoint: str, id: str) -> Response:
        """Delete (RFC 7644 section 3.6)."""
        service.delete(self.mapping, self.identifier(id), self.asked)
        return answer(None, 204)

    def identifier(self, id: str) -> str:
        """Return the id that the URL means."""
        return id


class Me(Resource):
    """``/Me``: the acting user's own resource, as at its own URI (RFC 7644 section 3.11).

    Service accounts are protected: they see themselves, and writes are 403 as they are there.
    """

    http_method_names = ["get", "head", "post", "put", "patch", "delete"]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Check the client, and that the site offers it."""
        super().initial(request, *args, **kwargs)
        if not conf.current().me:
            raise errors.Unsupported

    def get(self, request: Request, endpoint: str, id: str) -> Response:
        """Read, with the permanent URI in ``Location``."""
        response = super().get(request, endpoint, id)
        response["Location"] = f"{self.asked.base_url}{self.mapping.endpoint}/{self.identifier(id)}"
        return response

    def post(self, request: Request, endpoint: str, id: str) -> Response:
        """Nobody signs up: the acting user is there already."""
        raise errors.Unsupported("Accounts are created at their endpoint.")

    def identifier(self, id: str) -> str:
        """Return the acting user's SCIM id; raise NotFound where it has none yet."""
        found = ownership.own_id(self.asked.principal.user_id)
        if found is None:
            raise errors.NotFound
        return shown(found)


class Bulk(ScimView):
    """``/Bulk`` (RFC 7644 section 3.7)."""

    http_method_names = ["post"]

    def post(self, request: Request) -> Response:
        """Do many writes."""
        settings = conf.current()
        body = self.raw_body(request, settings.bulk_max_payload_size, "maxPayloadSize")
        asked = bulk_messages.parse(
            body,
            max_operations=settings.bulk_max_operations,
            reserve=lambda creates: adopting.reserved(self.asked, creates),
        )
        charge(self.asked.principal, len(asked.operations))
        results = bulk.run(asked, self.asked, self._standardized, self._explained)
        self.statuses = [result.status for result in results]
        return answer(messages.bulk_response([self._shown(result) for result in results]))

    def _standardized(self, data: Json, notes: list[str]) -> Json:
        return standardize(data, self.asked.principal.profile, notes)

    def _explained(self, exception: Exception) -> errors.ScimError:
        """Return the error of an operation; a broken connection is replaced for the next."""
        error = exceptions.as_scim_error(exception, self.request)
        if error.status >= 500:
            database.heal()
        return error

    @staticmethod
    def _shown(result: bulk.Result) -> dict[str, Json]:
        return messages.bulk_result(
            result.operation,
            status=result.status,
            location=result.location,
            version=result.version,
            refusal=result.error,
        )


class Root(QueryView):
    """The base URL: a query of all resource types (RFC 7644 section 3.4.2.1)."""

    http_method_names = ["get", "head"]

    def get(self, request: Request) -> Response:
        """Query everything."""
        return self.page(self.parameters(request))


class Nowhere(ScimView):
    """Any other URL below the prefix: 404 for who may know, 401 for the rest."""

    reads_by_post = True

    def _refuse(self, request: Request) -> Response:
        raise errors.NotFound

    get = post = put = patch = delete = _refuse
