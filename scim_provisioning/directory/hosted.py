"""The writes of a request that the site's own code follows: see ``scim_provisioning.hosting``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from scim_provisioning import conf, hosting
from scim_provisioning.context import Context
from scim_provisioning.hosting import Given, Write
from scim_provisioning.ledger import SECRET
from scim_provisioning.protocol import patch as patching
from scim_provisioning.protocol.attributes import Json, Type, lowered
from scim_provisioning.protocol.errors import InvalidPath, MutabilityError
from scim_provisioning.protocol.operations import Operation
from scim_provisioning.protocol.projection import Projection
from scim_provisioning.resources import query
from scim_provisioning.resources.bindings import etag
from scim_provisioning.resources.mapping import ResourceMapping, pick

from .outcome import Outcome

Known = tuple[Operation, ...]


@dataclass(frozen=True, slots=True)
class Patch:
    """The operations of a PATCH: those on attributes, and all of them for the site's code."""

    known: Known
    given: tuple[tuple[Given, Operation | None], ...] = ()

    def standardised(self, document: dict[str, Json]) -> list[Given]:
        """Return all operations, values as the document has them where they were made fit."""
        return [_fitted(given, found, document) for given, found in self.given]


def _fitted(given: Given, found: Operation | None, document: dict[str, Json]) -> Given:
    if found is None or found.op == "remove" or found.target.attribute.multi_valued:
        return given
    if found.target.leaf.type is not Type.BOOLEAN:
        return given
    return replace(given, operation={**given.operation, "value": pick(document, found.target)})


def parse(mapping: ResourceMapping, body: Json, context: Context) -> Patch:
    """Return the operations of a PATCH; unknown paths are left to the site's code, if it wants."""
    host, most = hosting.current(), conf.current().max_operations
    policy, notes = context.policy, context.notes
    sent = _operations(body) if host and mapping.owner in host.patches else []
    if not sent or len(sent) > most:
        found = patching.parse(body, mapping.resource_type, policy, notes, max_operations=most)
        return Patch(found)
    parts = [_read(mapping, body, one, tolerated, context) for one, tolerated in _single(sent)]
    pairs = [pair for part in parts for pair in part]
    return Patch(tuple(found for _, found in pairs if found), tuple(pairs))


def _operations(body: Json) -> list[dict[str, Json]]:
    fields = lowered(body)
    found = fields.get("operations")
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        return []
    return list(map(lowered, found))


def _single(sent: Sequence[dict[str, Json]]) -> Iterator[tuple[dict[str, Json], bool]]:
    """Yield operations with one path each, and whether the path may be one that nobody knows."""
    for operation in sent:
        value = operation.get("value")
        if operation.get("path") or not isinstance(value, dict):
            yield operation, False
            continue
        for name, inner in value.items():
            if name.lower() not in ("schemas", SECRET):
                yield {**operation, "path": name, "value": inner}, True


def _read(
    mapping: ResourceMapping,
    body: dict[str, Json],
    operation: dict[str, Json],
    tolerated: bool,
    context: Context,
) -> list[tuple[Given, Operation | None]]:
    rest = {key: value for key, value in body.items() if key.lower() != "operations"}
    alone = {**rest, "Operations": [operation]}
    try:
        found = patching.parse(alone, mapping.resource_type, context.policy, context.notes)
    except InvalidPath as refusal:
        return [(Given(operation, refusal, tolerated), None)]
    except MutabilityError:
        if not tolerated:
            raise
        return []
    return [(Given({"op": one.op, "path": one.path, "value": one.value}), one) for one in found]


def follow(
    mapping: ResourceMapping,
    outcome: Outcome,
    sent: Json,
    document: dict[str, Json],
    context: Context,
    projection: Projection | None,
    *,
    created: bool = False,
    operations: Sequence[Given] | None = None,
) -> Outcome:
    """Let the site's own code follow a write; answer with what stands then."""
    host = hosting.current()
    if host is None or mapping.owner is None:
        return outcome
    rows = mapping.model._default_manager.select_related(mapping.owner)
    account = getattr(rows.get(pk=outcome.id), mapping.owner)
    whole = {**_besides(sent, document), **document}
    host.written(Write(mapping.owner, account, outcome.id, created, whole, operations))
    version = rows.values_list("version", flat=True).get(pk=outcome.id)
    resource = outcome.resource
    if resource is not None and projection is not None:
        resource = query.get(mapping, outcome.id, projection, context) or resource
    return replace(outcome, version=etag(version), resource=resource)


def _besides(sent: Json, document: dict[str, Json]) -> dict[str, Json]:
    """Return what a body holds besides the document; a password is never passed on."""
    known = {SECRET, *map(str.lower, document)}
    return {k: v for k, v in sent.items() if v is not None and k.lower() not in known}
