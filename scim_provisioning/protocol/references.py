"""References of a Bulk request to what it creates itself (RFC 7644 section 3.7.2).

Every resource that is to be created has its id before anything is done, so a reference is
resolved once, wherever it stands and whichever comes first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote
from uuid import UUID

from .attributes import Json
from .errors import InvalidValue

MARK = "bulkId:"
IN_FILTER = re.compile(r'"bulkId:([^"\\]*)"')


@dataclass(slots=True)
class References:
    """Resolves the references of one operation; ``met`` are the places they lead to.

    ``ids`` maps a ``bulkId`` to the place of the operation that bears it, and to the id that
    its resource will have.
    """

    ids: Mapping[str, tuple[int, UUID]]
    met: set[int] = field(default_factory=set)

    def id_of(self, name: str) -> str:
        """Return the id that a ``bulkId`` stands for; raise InvalidValue where nothing bears it."""
        if name not in self.ids:
            raise InvalidValue(f"No operation creates {MARK}{name[:80]}.")
        place, identifier = self.ids[name]
        self.met.add(place)
        return str(identifier)

    def text(self, key: str, text: str) -> str:
        """Return a string of a body, resolved: an id, a ``$ref``, or a PATCH path."""
        if text.startswith(MARK):
            return self.id_of(text.removeprefix(MARK))
        if key == "$ref" and f"/{MARK}" in text:
            head, _, name = text.rpartition(f"/{MARK}")
            return f"{head}/{self.id_of(unquote(name))}"
        if key == "path" and MARK in text:
            return IN_FILTER.sub(lambda found: f'"{self.id_of(found[1])}"', text)
        return text

    def resolve(self, holder: Json, key: str = "") -> None:
        """Resolve every string in place; without recursion, since the depth is the client's."""
        left = [(key, holder)]
        while left:
            around, node = left.pop()
            for place, value in _items(node):
                name = place.lower() if isinstance(place, str) else around
                if isinstance(value, str):
                    node[place] = self.text(name, value)
                elif isinstance(value, dict | list):
                    left.append((name, value))


def _items(node: Json) -> Iterable[tuple[Json, Json]]:
    return list(node.items()) if isinstance(node, dict) else list(enumerate(node))
