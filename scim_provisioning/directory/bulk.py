"""Bulk (RFC 7644 section 3.7): many writes in one request, each as if it were sent alone.

Every operation is done whole or not at all, with its ledger entry, in the client's order unless
it refers to one that comes later: then it waits for that one. Those that refer to each other in
a circle are done all or none. Whatever happens, what is done is told, and nothing else.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, replace
from uuid import UUID

from django.db import transaction

from scim_provisioning import conf, ledger
from scim_provisioning.context import Context
from scim_provisioning.protocol.attributes import Json
from scim_provisioning.protocol.bulk import BulkOperation, BulkRequest
from scim_provisioning.protocol.errors import (
    Conflict,
    NotFound,
    Retryable,
    ScimError,
    Unavailable,
)
from scim_provisioning.protocol.references import MARK
from scim_provisioning.resources import registry
from scim_provisioning.resources.mapping import ResourceMapping

from . import refusals, service
from .bulk_order import Batch, Knot, batches, by_members
from .outcome import Outcome

Standardize = Callable[[Json, list[str]], Json]
"""Makes the data of an operation standard, noting what it changes."""
Explain = Callable[[Exception], ScimError]
"""Returns the SCIM error of whatever an operation ended in."""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one operation."""

    operation: BulkOperation
    status: int
    location: str | None
    version: str | None = None
    error: ScimError | None = None


def run(
    request: BulkRequest, context: Context, standardize: Standardize, explain: Explain
) -> list[Result]:
    """Do the operations; return what became of each, in the client's order.

    Those that were not tried because of ``failOnErrors`` are left out. Raises Unavailable
    where the database is in trouble from the first, TooManyRequests where the brake holds.
    """
    job = _Job(request, context, standardize, explain)
    job.run()
    return [job.results[place] for place in sorted(job.results)]


class _Job:
    """One request while it runs."""

    def __init__(
        self, request: BulkRequest, context: Context, standardize: Standardize, explain: Explain
    ) -> None:
        self.operations = request.operations
        self.most_errors = request.fail_on_errors or len(request.operations) + 1
        self.context = context
        self.root = context.path.rstrip("/").removesuffix("/Bulk")
        self.standardize = standardize
        self.explain = explain
        self.results: dict[int, Result] = {}
        self.errors = 0
        self.trouble: Retryable | None = None
        self.until = time.monotonic() + conf.current().bulk_seconds

    @property
    def _goes_on(self) -> bool:
        return self.trouble is None and self.errors < self.most_errors

    def run(self) -> None:
        """Do operations until all are done, too many failed, or none can be done any more."""
        for batch in batches(self.operations):
            if time.monotonic() > self.until:
                seconds = conf.current().retry_after
                self.trouble = Unavailable("There was no time left for it.", seconds)
            if not self._goes_on:
                break
            if len(batch) == 1 or not self._together(batch):
                self._each(batch)
        if self.trouble is not None:
            if all(result.error is self.trouble for result in self.results.values()):
                raise self.trouble
            for operation in self.operations:
                if operation.place not in self.results:
                    self._refuse(operation, self.trouble)

    def _each(self, batch: Batch) -> None:
        for knot in batch:
            if self._goes_on:
                self._do_all(knot)

    def _together(self, batch: Batch) -> bool:
        """Do a batch in one transaction, each operation in a savepoint; return whether it stands.

        To commit costs more than to create. Where it does not stand, nothing of it is there.
        """
        before, errors = dict(self.results), self.errors
        try:
            with transaction.atomic():
                self._each(batch)
                if self.trouble is not None:
                    raise self.trouble
                if transaction.get_rollback():
                    raise transaction.TransactionManagementError("A savepoint did not hold.")
        except Exception as exception:
            error = self.explain(exception)
            self.results, self.errors = before, errors
            if not isinstance(error, Retryable):
                # Constraints may be checked at the end only: one by one it will show whose.
                return False
            self.trouble = error
        return True

    def _do_all(self, knot: Knot) -> None:
        """Do an operation, or all of a circle or none."""
        done, culprit = {}, knot[0]
        try:
            with transaction.atomic() if len(knot) > 1 else nullcontext():
                for culprit in by_members(knot):
                    done[culprit.place] = self._do(culprit)
        except Exception as exception:
            # As one request does not end another, an operation does not end the rest.
            self._refuse_all(knot, culprit, self.explain(exception))
        else:
            self.results |= done

    def _refuse_all(self, knot: Knot, culprit: BulkOperation, error: ScimError) -> None:
        """Note that one of these was refused, and none done."""
        if isinstance(error, Retryable):
            self.trouble = error
        if len(knot) > 1:
            # What a refusal leaves behind went with the transaction.
            refusals.settle(error, self.context.principal.connection_id)
        for operation in knot:
            theirs = error if operation is culprit else self.trouble or _unmet(culprit)
            self._refuse(operation, theirs)

    def _refuse(self, operation: BulkOperation, error: ScimError) -> None:
        """Note a refusal; the ledger hears of it unless it is to be tried again."""
        self.errors += 1
        location = None if operation.creates else self._location(operation)
        self.results[operation.place] = Result(operation, error.status, location, error=error)
        if not isinstance(error, Retryable):
            ledger.refused(self._context(operation), error, operation.data)

    def _location(self, operation: BulkOperation) -> str:
        return f"{self.context.base_url}{_path(operation)}"

    def _context(self, operation: BulkOperation) -> Context:
        """Return the context of an operation: that of the request which it would be alone."""
        return replace(
            self.context,
            method=operation.method,
            path=f"{self.root}{_path(operation)}",
            started=time.perf_counter(),
            if_match=operation.version,
            notes=[f"operation {operation.place + 1} of a Bulk"],
        )

    def _do(self, operation: BulkOperation) -> Result:
        """Do one operation; raise what refuses it."""
        if operation.problem is not None:
            raise operation.problem
        for place in operation.refers & self.results.keys():
            if self.results[place].error is not None:
                raise _unmet(self.operations[place])
        mapping, context = _mapping(operation), self._context(operation)
        data = self.standardize(operation.data, context.notes)
        outcome = _write(mapping, operation, data, context)
        if outcome is None:
            return Result(operation, 204, self._location(operation))
        return Result(operation, outcome.status, outcome.location, outcome.version)


def _write(
    mapping: ResourceMapping, operation: BulkOperation, data: Json, context: Context
) -> Outcome | None:
    identifier = operation.id or ""
    match operation.method:
        case "POST":
            return service.create(mapping, data, context, None, identifier=UUID(identifier))
        case "PUT":
            return service.replace(mapping, identifier, data, context, None)
        case "PATCH":
            answers = mapping.owner == "user"
            return service.patch(mapping, identifier, data, context, None, answer=answers)
    service.delete(mapping, identifier, context)
    return None


def _path(operation: BulkOperation) -> str:
    """Return where an operation goes, references resolved."""
    named = operation.id is not None and not operation.creates
    return f"{operation.endpoint}/{operation.id}" if named else operation.endpoint


def _mapping(operation: BulkOperation) -> ResourceMapping:
    for mapping in registry.mappings():
        if mapping.endpoint == operation.endpoint:
            return mapping
    raise NotFound(f"There is no endpoint {operation.endpoint[:80]} to write to.")


def _unmet(operation: BulkOperation) -> Conflict:
    return Conflict(f"{MARK}{(operation.bulk_id or '')[:80]} could not be created.")
