"""A site's django-scim2 code as one request meets it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db.models import Q
from django.utils.functional import SimpleLazyObject
from django_scim.exceptions import NotImplementedError as NotDone
from scim2_filter_parser.attr_paths import AttrPath
from scim2_filter_parser.parser import SCIMParserError

from scim_provisioning.context import Context
from scim_provisioning.directory import sync
from scim_provisioning.hosting import Given, Host, Write
from scim_provisioning.protocol.attributes import Json
from scim_provisioning.protocol.errors import NotFound, Unauthorized
from scim_provisioning.protocol.identifiers import parse, shown
from scim_provisioning.protocol.projection import Projection

from . import contract, objects, showing, visible
from .calling import translated

OWNERS = ("user", "group")


class DjangoScim2(Host):
    """Calls adapters and getters as django-scim2 does, with Django's request."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.request = context.request
        users = get_user_model()._default_manager
        # Getters and adapters ask who it is; below SCIM's authentication it is the acting user.
        key = context.principal.user_id
        self.request.user = SimpleLazyObject(lambda: users.get(pk=key))
        self._check_client()
        # Even the package's own adapter knows names that are no attribute's: ``familyName``.
        self.patches = frozenset(OWNERS)
        self.visible = {owner: visible.seen(owner, self.request) for owner in OWNERS}
        self.key = tuple(seen.key if seen else None for seen in self.visible.values())

    def _check_client(self) -> None:
        if contract.is_set("GET_IS_AUTHENTICATED_PREDICATE"):
            predicate = contract.utils.get_is_authenticated_predicate()
            with translated():
                if not predicate(self.request.user):
                    raise Unauthorized

    @classmethod
    def public_url(cls, request: Any) -> str | None:
        """The site's own location, where it has set one."""
        if not (contract.given().get("NETLOC") or contract.is_set("BASE_LOCATION_GETTER")):
            return None
        found = urlsplit(contract.utils.get_base_scim_location_getter()(request))
        return f"{found.scheme}://{found.netloc}"

    @classmethod
    def describe(cls, document: dict[str, Json]) -> dict[str, Json]:
        """Show the site's documentation, and its words for the schemes that are taken."""
        site = contract.scim_settings
        words = {s.get("type"): s for s in contract.given().get("AUTHENTICATION_SCHEMES") or ()}
        schemes = [
            {**scheme, **words.get(scheme["type"], {}), "primary": scheme["primary"]}
            for scheme in document["authenticationSchemes"]
        ]
        uri = {"documentationUri": site.DOCUMENTATION_URI} if site.DOCUMENTATION_URI else {}
        return {**document, **uri, "authenticationSchemes": schemes}

    def condition(self, owner: str, path: str) -> Q:
        """Narrow by the getters of filters, and by the queryset's post-processor."""
        seen = self.visible[owner]
        return seen.condition(path) if seen else Q()

    def open(self, owner: str, key: Any) -> None:
        """Hand the object to its post-processor, which may refuse it."""
        if not contract.is_set("GET_OBJECT_POST_PROCESSOR_GETTER"):
            return
        found = objects.load(owner, [key]).get(key)
        process = contract.utils.get_object_post_processor_getter(contract.model(owner))
        with translated():
            if found is not None and process(self.request, found) is None:
                raise NotFound

    @classmethod
    def identifier(cls, owner: str, account: Any) -> UUID | None:
        """Go on with the ids that the package's mixins give."""
        text = contract.text_id(owner, account)
        return parse(text) if text else None

    def written(self, write: Write) -> None:
        """Call the adapter, and let what it changed flow back."""
        instance = objects.of(write.owner, write.account)
        adapter = contract.adapter(write.owner)(instance, self.request)
        instance._scim_in_charge = write.owner == "user"
        with translated(writing=True):
            if write.operations is None:
                self._fill(adapter, write.document)
            else:
                self._operate(adapter, write.owner, write.operations)
            instance.refresh_from_db()
        instance._scim_in_charge = False
        objects.stamp(instance, write.owner, shown(write.scim_id), write.document)
        if contract.is_separate(write.owner):
            objects.fill(instance, write.account)
        else:
            (sync.sync_user if write.owner == "user" else sync.sync_group)(instance)

    @staticmethod
    def _fill(adapter: Any, document: dict[str, Json]) -> None:
        marked = {**document, "emails": _marked(document.get("emails"))}
        given = marked if marked["emails"] else document
        adapter.validate_dict(given)
        adapter.from_dict(given)
        adapter.save()

    @staticmethod
    def _operate(adapter: Any, owner: str, operations: Sequence[Given]) -> None:
        if adapter.obj._state.adding:
            adapter.obj.save()
        says_more = contract.overrides(owner, contract.PATCHING)
        for given in operations:
            if says_more or given.refusal:
                _operate_one(adapter, given)

    def removes(self, owner: str, account: Any) -> bool:
        """Call an adapter that deletes in a way of its own; a group beside Django's goes too."""
        is_separate, is_own = contract.is_separate(owner), contract.overrides(owner, ["delete"])
        if not (is_separate or is_own):
            return False
        instance = objects.of(owner, account)
        instance._scim_in_charge = True
        if is_own:
            with translated():
                contract.adapter(owner)(instance, self.request).delete()
        elif instance.pk is not None:
            instance.delete()
        return not is_separate

    def present(
        self, owner: str, shown: Mapping[Any, dict[str, Json]], projection: Projection
    ) -> None:
        """Show what an adapter says otherwise than the package's own."""
        if contract.overrides(owner, contract.SHOWING):
            wanted = showing.Wanted(projection, self.request)
            found = objects.load(owner, shown)
            for key, instance in found.items():
                with translated():
                    showing.show(owner, instance, self.request, shown[key], wanted)


def _operate_one(adapter: Any, given: Given) -> None:
    """Call the adapter; what it does not do is done already, or nobody's."""
    operation = {**given.operation, "value": _marked(given.operation.get("value"))}
    try:
        if given.refusal is None and not _is_readable(operation.get("path")):
            return
        adapter.handle_operations([operation])
    except (NotDone, SCIMParserError):
        if given.refusal and not given.tolerated:
            raise given.refusal from None


def _is_readable(path: Json) -> bool:
    """Whether the package can read a path at all."""
    try:
        return bool(list(AttrPath(f'{path} eq ""', {})))
    except (SCIMParserError, ValueError):
        return False


def _marked(values: Json) -> Json:
    """Return values with the first as the primary one where none is: the package sorts them."""
    if not isinstance(values, list) or not values or not isinstance(values[0], dict):
        return values
    if any(isinstance(value, dict) and value.get("primary") for value in values):
        return values
    return [{**values[0], "primary": True}, *values[1:]]
