"""The JSON Schema of First Login Actions, and what its violations are called."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path as FilePath
from typing import Any

from jsonschema import Draft202012Validator, ValidationError

from .problems import Path, gettext_noop, quoted
from .reading import Reading, Unreadable

FILE = FilePath(__file__).with_name("first_login_actions.json")
SCHEMA: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
NAMED = 20
"""How many existing names a message lists."""


@dataclass(frozen=True, slots=True)
class Violation:
    """What a value, or the key that leads to it, breaks."""

    path: Path
    template: str
    values: Mapping[str, object]
    at_key: bool = False


def schema(roles: Iterable[str], kinds: Iterable[str]) -> dict[str, Any]:
    """Return the schema of a site: with the roles and the kinds of entities that it has."""
    properties = SCHEMA["properties"]
    role = {**properties["roleName"], "enum": list(roles)}
    entities = {**properties["defaultEntities"], "propertyNames": {"enum": list(kinds)}}
    return {**SCHEMA, "properties": {**properties, "roleName": role, "defaultEntities": entities}}


def check(reading: Reading, site_schema: dict[str, Any]) -> None:
    """Report whatever breaks the schema, each violation at its place; may raise Stop."""
    for error in Draft202012Validator(site_schema).iter_errors(reading.value):
        if isinstance(error.instance, Unreadable) or error.validator not in EXPLAINED:
            continue
        for violation in EXPLAINED[error.validator](tuple(error.absolute_path), error):
            if violation.template == MISSING and not reading.is_whole:
                # It may stand in what could not be read.
                continue
            places = reading.keys if violation.at_key else reading.places
            offset = places.get(violation.path, reading.places[tuple(error.absolute_path)])
            reading.report(offset, violation.path, violation.template, **violation.values)


def shown(value: Any) -> str:
    """Return a value as messages show it: strings in quotes, the rest as JSON writes it."""
    match value:
        case str():
            return quoted(value)
        case dict():
            return "{…}" if value else "{}"
        case list():
            return "[…]" if value else "[]"
    return json.dumps(value)


NOT_OF_TYPE = gettext_noop("%(found)s is not of type %(wanted)s")
MISSING = gettext_noop("is missing")
UNKNOWN_KEY = gettext_noop("unknown key; did you mean %(nearest)s?")
UNKNOWN_KEY_OF = gettext_noop("unknown key; the keys are %(known)s")
UNKNOWN_KIND = gettext_noop("unknown kind; did you mean %(nearest)s? The kinds are %(known)s")
UNKNOWN_KIND_OF = gettext_noop("unknown kind; the kinds are %(known)s")
UNKNOWN_ROLE = gettext_noop(
    "there is no role %(found)s; did you mean %(nearest)s? The roles are %(known)s"
)
UNKNOWN_ROLE_OF = gettext_noop("there is no role %(found)s; the roles are %(known)s")
BLANK = gettext_noop("a name cannot be empty")
TOO_LONG = gettext_noop("longer than %(n)s characters")
TOO_MANY = gettext_noop("more than %(n)s names")
TWICE = gettext_noop("%(found)s is named twice")


def _type(path: Path, error: ValidationError) -> Iterator[Violation]:
    wanted: Any = error.validator_value
    kinds = [wanted] if isinstance(wanted, str) else wanted
    values = {"found": shown(error.instance), "wanted": " or ".join(map(quoted, kinds))}
    yield Violation(path, NOT_OF_TYPE, values)


def _missing(path: Path, error: ValidationError) -> Iterator[Violation]:
    required: Any = error.validator_value
    instance: Any = error.instance
    for key in required:
        if key not in instance:
            yield Violation((*path, key), MISSING, {})


def _unknown_keys(path: Path, error: ValidationError) -> Iterator[Violation]:
    instance: Any = error.instance
    known = list(error.schema["properties"])  # type: ignore[index]
    for key in instance:
        if key not in known:
            template, values = _suggest(key, known, UNKNOWN_KEY, UNKNOWN_KEY_OF)
            yield Violation((*path, key), template, values, at_key=True)


def _unknown_name(path: Path, error: ValidationError) -> Iterator[Violation]:
    name: Any = error.instance
    known: Any = error.validator_value
    if "propertyNames" in error.absolute_schema_path:
        template, values = _suggest(name, known, UNKNOWN_KIND, UNKNOWN_KIND_OF)
        yield Violation((*path, name), template, values, at_key=True)
    elif isinstance(name, str):
        template, values = _suggest(name, known, UNKNOWN_ROLE, UNKNOWN_ROLE_OF)
        yield Violation(path, template, values)


def _suggest(
    found: str, known: list[str], with_nearest: str, without: str
) -> tuple[str, dict[str, object]]:
    """Return the message for a name that is none, with the one that it resembles."""
    listed = ", ".join(map(quoted, known[:NAMED])) + (", …" if len(known) > NAMED else "")
    values: dict[str, object] = {"found": quoted(found), "known": listed}
    folded = {name.casefold(): name for name in known}
    near = get_close_matches(found[:100].casefold(), folded, n=1)
    if not near:
        return without, values
    return with_nearest, {**values, "nearest": quoted(folded[near[0]])}


def _twice(path: Path, error: ValidationError) -> Iterator[Violation]:
    names: Any = error.instance
    for index, name in enumerate(names):
        if name in names[:index]:
            yield Violation((*path, index), TWICE, {"found": shown(name)})


def _limit(template: str) -> Callable[[Path, ValidationError], Iterator[Violation]]:
    def explain(path: Path, error: ValidationError) -> Iterator[Violation]:
        yield Violation(path, template, {"n": error.validator_value})

    return explain


EXPLAINED: dict[object, Callable[[Path, ValidationError], Iterator[Violation]]] = {
    "type": _type,
    "required": _missing,
    "additionalProperties": _unknown_keys,
    "enum": _unknown_name,
    "pattern": _limit(BLANK),
    "maxLength": _limit(TOO_LONG),
    "maxItems": _limit(TOO_MANY),
    "uniqueItems": _twice,
}
"""Every keyword that the schema uses; a test holds the two together."""
