"""First Login Actions as a value, and the way from a text to it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from . import rules
from .problems import InvalidDocument
from .reader import read
from .reading import Reading, Stop

EntityCheck = Callable[[str, str], str | None]
"""Given a kind and a name, tells what is wrong with the name, None where nothing is."""


@dataclass(frozen=True, slots=True)
class Document:
    """What a new user gets."""

    role_name: str
    sends_welcome_mail: bool
    updates_preferences: bool
    default_entities: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, value: Mapping[str, Any]) -> Document:
        """Return the document of a valid JSON value."""
        entities = value.get("defaultEntities", {})
        return cls(
            role_name=value["roleName"],
            sends_welcome_mail=value.get("sendWelcomeMailToUser", False),
            updates_preferences=value.get("updatePreferences", False),
            default_entities={kind: _names(names) for kind, names in entities.items()},
        )

    def as_json(self) -> dict[str, Any]:
        """Return the JSON value with every key."""
        return {
            "roleName": self.role_name,
            "sendWelcomeMailToUser": self.sends_welcome_mail,
            "updatePreferences": self.updates_preferences,
            "defaultEntities": {kind: list(names) for kind, names in self.default_entities.items()},
        }


def _names(names: str | list[str]) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else tuple(names)


def parse(
    text: str,
    *,
    roles: Iterable[str],
    kinds: Iterable[str],
    check_entity: EntityCheck | None = None,
) -> Document:
    """Return the document that a text holds; raise InvalidDocument with all that is wrong."""
    reading = read(text)
    try:
        rules.check(reading, rules.schema(roles, kinds))
        if check_entity is not None and not reading.problems():
            _check_entities(reading, check_entity)
    except Stop:
        pass
    if problems := reading.problems():
        raise InvalidDocument(problems)
    return Document.of(reading.value)


def _check_entities(reading: Reading, check: EntityCheck) -> None:
    for kind, given in reading.value.get("defaultEntities", {}).items():
        path = ("defaultEntities", kind)
        places = [path] if isinstance(given, str) else [(*path, i) for i in range(len(given))]
        for place, name in zip(places, _names(given), strict=True):
            if problem := check(kind, name):
                reading.report(reading.places[place], place, "%(problem)s", problem=problem)


def formatted(text: str) -> str:
    """Return a text laid out anew; raise InvalidDocument where it is no JSON."""
    reading = read(text)
    if problems := reading.problems():
        raise InvalidDocument(problems)
    return json.dumps(reading.value, indent=2, ensure_ascii=False) + "\n"
