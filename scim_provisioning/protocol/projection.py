"""Which attributes an answer holds (RFC 7644 section 3.9, RFC 7643 section 7 ``returned``)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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

    def apply(self, resource: dict[str, Json], resource_type: ResourceType) -> dict[str, Json]:
        """Return the resource with what is asked for, and what is always returned."""
        shown: dict[str, Json] = {}
        for name, value in resource.items():
            if schema := resource_type.extension(name):
                inner = self._object(schema.attributes, value, schema.id)
                if inner:
                    shown[name] = inner
            else:
                target = resource_type.find(None, name)
                if target is not None:
                    kept = self._value(Target(None, target.attribute), value)
                    if kept is not None:
                        shown[name] = kept
        return shown

    def _object(
        self, attributes: tuple[Attribute, ...], value: dict[str, Json], urn: str
    ) -> dict[str, Json]:
        found = {}
        for attribute in attributes:
            if attribute.name in value:
                kept = self._value(Target(urn, attribute), value[attribute.name])
                if kept is not None:
                    found[attribute.name] = kept
        return found

    def _value(self, target: Target, value: Json) -> Json:
        attribute = target.attribute
        if not self.wants(target.key, attribute.returned):
            return None
        if not attribute.is_complex or attribute.returned is Returned.ALWAYS:
            return value
        names = {
            sub.name
            for sub in attribute.sub_attributes
            if self.wants(Target(target.urn, attribute, sub).key, sub.returned)
        }
        if isinstance(value, list):
            entries = [{k: v for k, v in entry.items() if k in names} for entry in value]
            return [entry for entry in entries if entry] or None
        return {k: v for k, v in value.items() if k in names} or None


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
