"""Which attributes an answer holds (RFC 7644 section 3.9, RFC 7643 section 7 ``returned``)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from .attributes import Attribute, Json, ResourceType, Returned, Target
from .errors import InvalidPath, InvalidValue
from .grammar import parse_attribute
from .policy import TOLERANT, Policy

Names = str | Iterable[str] | None


@dataclass(frozen=True, slots=True)
class Projection:
    """What a client asked to see, by canonical key; nothing asked is the default set."""

    attributes: frozenset[str] | None = None
    excluded: frozenset[str] = frozenset()

    @classmethod
    def parse(
        cls,
        attributes: Names,
        excluded: Names,
        resource_type: ResourceType,
        policy: Policy = TOLERANT,
        others: Sequence[ResourceType] = (),
    ) -> Projection:
        """Read the two parameters: texts with commas, or lists.

        Unknown names are ignored where the policy allows, or one of the ``others`` that are
        asked knows them, else InvalidValue; both parameters at once are InvalidValue.
        """
        if attributes and excluded:
            raise InvalidValue("attributes and excludedAttributes cannot be used together.")
        known = (policy, others)
        wanted = _keys(attributes, resource_type, *known) if attributes else None
        return cls(wanted, _keys(excluded, resource_type, *known) if excluded else frozenset())

    def wants(self, key: str, returned: Returned = Returned.DEFAULT) -> bool:
        """Whether a binding of that key is needed for the answer."""
        if returned is Returned.ALWAYS:
            return True
        if returned is Returned.NEVER:
            return False
        if self.attributes is not None:
            return any(_related(key, name) for name in self.attributes)
        return returned is Returned.DEFAULT and not any(
            _covers(name, key) for name in self.excluded
        )

    def shape(self, resource_type: ResourceType) -> Shape:
        """Return what it leaves of the resources of a type."""
        core = self._left(None, (*resource_type.common, *resource_type.schema.attributes))
        extensions = {s.id: self._left(s.id, s.attributes) for s in resource_type.extensions}
        return Shape(core, extensions)

    def _left(self, urn: str | None, attributes: Iterable[Attribute]) -> Left:
        targets = [Target(urn, attribute) for attribute in attributes]
        return {
            target.attribute.name: self._parts(target)
            for target in targets
            if self.wants(target.key, target.attribute.returned)
        }

    def _parts(self, target: Target) -> frozenset[str] | None:
        attribute = target.attribute
        if not attribute.is_complex or attribute.returned is Returned.ALWAYS:
            return None
        return frozenset(
            sub.name
            for sub in attribute.sub_attributes
            if self.wants(Target(target.urn, attribute, sub).key, sub.returned)
        )


Left = Mapping[str, frozenset[str] | None]
"""The attributes that are left, each with those of its sub-attributes that are; None is all."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What a projection leaves of the resources of one type, worked out once for all of them."""

    core: Left
    extensions: Mapping[str, Left]

    def apply(self, resource: dict[str, Json]) -> dict[str, Json]:
        """Return the resource with what is asked for, and what is always returned."""
        shown = _shown(resource, self.core)
        for urn, left in self.extensions.items():
            if urn in resource and (extension := _shown(resource[urn], left)):
                shown[urn] = extension
        return shown


def _shown(values: dict[str, Json], left: Left) -> dict[str, Json]:
    found = {name: _cut(value, left[name]) for name, value in values.items() if name in left}
    return {name: value for name, value in found.items() if value is not None}


def _cut(value: Json, names: frozenset[str] | None) -> Json:
    """Return a value with the sub-attributes of these names, None where nothing is left."""
    if names is None:
        return value
    if isinstance(value, list):
        return [entry for entry in (_cut(entry, names) for entry in value) if entry] or None
    return {name: part for name, part in value.items() if name in names} or None


def _covers(name: str, key: str) -> bool:
    """Whether a name means a key, or an attribute around it."""
    return key == name or key.startswith((f"{name}.", f"{name}:"))


def _related(key: str, name: str) -> bool:
    return _covers(name, key) or _covers(key, name)


def _keys(
    names: Names, resource_type: ResourceType, policy: Policy, others: Sequence[ResourceType]
) -> frozenset[str]:
    """Return the canonical keys of the names that are known here."""
    parts = names.split(",") if isinstance(names, str) else list(names or ())
    found = set()
    for part in parts:
        name = part.strip()
        key = _key(name, resource_type, policy) if name else None
        if key:
            found.add(key)
        elif name and not (policy.ignore_unknown or any(_key(name, t, policy) for t in others)):
            raise InvalidValue(f"{name[:120]} is not an attribute.")
    return frozenset(found)


def _key(name: str, resource_type: ResourceType, policy: Policy) -> str | None:
    if schema := resource_type.extension(name):
        return schema.id
    try:
        path = parse_attribute(name)
    except InvalidPath:
        return None
    target = resource_type.find(path.urn, path.name, path.sub, lenient=policy.bare_extension_names)
    return target.key if target else None
