"""Bodies become documents (RFC 7643 section 2): canonical names, right types, nothing unassigned.

A *document* holds canonical attribute names, extension attributes under their URN, and
neither nulls nor empty values nor anything read-only.
"""

from __future__ import annotations

from collections.abc import Iterable

from . import formats
from .attributes import Attribute, Json, Mutability, ResourceType, Schema, Target
from .errors import InvalidSyntax, InvalidValue
from .policy import Policy
from .scalars import EXPECTED, check_text, clean_scalar

UNASSIGNED: tuple[Json, ...] = (None, "", [], {})
NOT_TAKEN = (Mutability.READ_ONLY, Mutability.WRITE_ONLY)
"""What clients may send and the server does not keep: its own attributes, and passwords."""
LABELS = {"type", "primary"}
"""Sub-attributes that say nothing alone."""


def clean(
    body: Json, resource_type: ResourceType, policy: Policy, notes: list[str]
) -> dict[str, Json]:
    """Return the document of a POST or PUT body.

    Raises InvalidSyntax for what is not of the form of a resource, InvalidValue for wrong
    or missing values. What is tolerated is added to ``notes``.
    """
    if not isinstance(body, dict):
        raise InvalidSyntax("The body has to be a JSON object.")
    named = _keys(body, "")
    _check_schemas(named.pop("schemas", None), resource_type, policy, notes)
    cleaner = Cleaner(resource_type, policy, notes)
    document = cleaner.document(named)
    check_required(document, resource_type)
    return document


def check_required(document: dict[str, Json], resource_type: ResourceType) -> None:
    """Raise InvalidValue where a required attribute is missing."""
    for attribute in resource_type.schema.attributes:
        if attribute.required and not _has(document.get(attribute.name)):
            raise InvalidValue(f"{attribute.name} is required.")


def _has(value: Json) -> bool:
    return bool(value.strip()) if isinstance(value, str) else value is not None


def _keys(body: dict[str, Json], path: str) -> dict[str, Json]:
    """Return a JSON object with the canonical case where it is ours to choose; refuse doubles."""
    lowered = [key.lower() for key in body]
    if len(set(lowered)) < len(lowered):
        double = next(key for i, key in enumerate(body) if lowered[i] in lowered[:i])
        raise InvalidSyntax(f"{path}{double[:80]} is given twice in different letter case.")
    return {
        ("schemas" if low == "schemas" else key): value
        for low, (key, value) in zip(lowered, body.items(), strict=True)
    }


def _check_schemas(
    schemas: Json, resource_type: ResourceType, policy: Policy, notes: list[str]
) -> None:
    if not isinstance(schemas, list) or not schemas:
        raise InvalidSyntax("schemas has to be a list of the schemas that the body uses.")
    if not all(isinstance(urn, str) for urn in schemas):
        raise InvalidSyntax("schemas has to hold strings.")
    given = {urn.lower() for urn in schemas}
    core = resource_type.schema.id
    known = {core.lower(), *(schema.id.lower() for schema in resource_type.extensions)}
    for urn in sorted(given - known):
        tolerate(policy, notes, f"schemas holds {urn[:120]}, which is unknown here")
    if core.lower() not in given:
        tolerate(policy, notes, f"schemas misses {core}")


def tolerate(policy: Policy, notes: list[str], what: str) -> None:
    """Note what is ignored, or refuse it where the policy is strict."""
    if not policy.ignore_unknown:
        raise InvalidSyntax(f"{what[0].upper()}{what[1:]}.")
    if len(notes) < 50:
        notes.append(what)


class Cleaner:
    """Cleans the values of one request."""

    def __init__(self, resource_type: ResourceType, policy: Policy, notes: list[str]) -> None:
        self.resource_type = resource_type
        self.policy = policy
        self.notes = notes

    def document(self, body: dict[str, Json]) -> dict[str, Json]:
        """Return the document of a body without ``schemas``."""
        document: dict[str, Json] = {}
        for key, value in body.items():
            if schema := self.resource_type.extension(key):
                if extension := self._extension(schema, value):
                    document[schema.id] = extension
            elif target := self.resource_type.find(None, key):
                self._put(document, target.attribute, value, target.attribute.name)
            else:
                self._unknown(key, "")
        return document

    def _extension(self, schema: Schema, value: Json) -> dict[str, Json]:
        if value in UNASSIGNED:
            return {}
        if not isinstance(value, dict):
            raise InvalidValue(f"{schema.id} has to be an object.")
        extension: dict[str, Json] = {}
        for key, inner in _keys(value, f"{schema.id}:").items():
            if attribute := schema.attribute(key):
                self._put(extension, attribute, inner, Target(schema.id, attribute).key)
            else:
                self._unknown(key, f"{schema.id}:")
        return extension

    def _unknown(self, key: str, path: str) -> None:
        tolerate(self.policy, self.notes, f"{path}{key[:80]} is not an attribute here")

    def _put(self, holder: dict[str, Json], attribute: Attribute, value: Json, path: str) -> None:
        cleaned = self.value(value, attribute, path)
        if cleaned is not None:
            holder[attribute.name] = cleaned

    def value(self, value: Json, attribute: Attribute, path: str) -> Json:
        """Return the value of an attribute as documents hold it, None for unassigned."""
        if attribute.mutability in NOT_TAKEN or (value in UNASSIGNED and value is not False):
            return None
        if attribute.multi_valued:
            return self._many(value, attribute, path) or None
        return self._one(value, attribute, path)

    def _many(self, value: Json, attribute: Attribute, path: str) -> list[Json]:
        if not isinstance(value, list):
            if not self.policy.lenient_shapes:
                raise InvalidValue(f"{path} has to be a list.")
            value = [value]
        cleaned = (self._one(entry, attribute, path) for entry in value)
        entries = unique(entry for entry in cleaned if entry is not None)
        if sum(isinstance(e, dict) and e.get("primary") is True for e in entries) > 1:
            raise InvalidValue(f"{path} has more than one primary value.")
        return entries

    def _one(self, value: Json, attribute: Attribute, path: str) -> Json:
        if value in UNASSIGNED and value is not False:
            return None
        if not attribute.is_complex:
            if isinstance(value, str):
                check_text(value, path)
            cleaned = clean_scalar(value, attribute, self.policy, path)
            if not self.policy.any_format and isinstance(cleaned, str):
                formats.check(cleaned, attribute, path)
            return cleaned
        parts = self.parts(value, attribute, path)
        entry = {name: part for name, part in parts.items() if part is not None}
        if attribute.multi_valued and entry.keys() <= LABELS:
            return None
        return entry or None

    def parts(self, value: Json, attribute: Attribute, path: str) -> dict[str, Json]:
        """Return the sub-attributes that an object names, None for those it clears."""
        value = self._shaped(value, attribute)
        if not isinstance(value, dict):
            raise InvalidValue(f"{path} has to be {EXPECTED[attribute.type]}.")
        parts: dict[str, Json] = {}
        for key, inner in _keys(value, f"{path}.").items():
            if sub := attribute.sub(key):
                if sub.mutability is not Mutability.READ_ONLY:
                    parts[sub.name] = self.value(inner, sub, f"{path}.{sub.name}")
            else:
                self._unknown(key, f"{path}.")
        return parts

    def _shaped(self, value: Json, attribute: Attribute) -> Json:
        """Put the usual shorthands in full: a bare ``value``, a list of one."""
        if not self.policy.lenient_shapes:
            return value
        if isinstance(value, list) and len(value) == 1 and not attribute.multi_valued:
            [value] = value
        if isinstance(value, str) and attribute.sub("value"):
            return {"value": value}
        return value


def unique(entries: Iterable[Json]) -> list[Json]:
    """Return the entries, no type and value twice; the later one says what else there is.

    RFC 7643 section 2.4.
    """
    found: dict[object, Json] = {}
    for entry in entries:
        key = _identity(entry)
        found[key] = {**found[key], **entry} if key in found and _has_value(entry) else entry
    return list(found.values())


def _has_value(entry: Json) -> bool:
    return isinstance(entry, dict) and "value" in entry


def _identity(entry: Json) -> object:
    """Return what makes an entry the same as another: its type and value, else all of it."""
    if not isinstance(entry, dict):
        return type(entry), entry
    parts = [entry.get("type"), entry["value"]] if _has_value(entry) else sorted(entry.items())
    return repr(parts)
