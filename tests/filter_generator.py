"""Filters and users made at random, the same every time: for comparing implementations."""

from __future__ import annotations

import json
from random import Random

from tests.scim_client import ENTERPRISE, USER

WORDS = [
    "Ada",
    "ada",
    "ADA",
    "Rowe",
    "ro",
    "x",
    "work",
    "Home",
    "R&D",
    "50%",
    "a_b",
    "ß",
    "SS",
    "É",
]
TEXTS = [
    "userName", "displayName", "nickName", "title", "locale", "name.givenName", "name.familyName",
    "externalId", f"{ENTERPRISE}:department", f"{ENTERPRISE}:employeeNumber",
]  # fmt: skip
MULTIPLE = {
    "ims": ["value", "type", "display"],
    "phoneNumbers": ["value", "type"],
    "addresses": ["locality", "country", "type"],
    "roles": ["value", "display"],
}
TEXT_OPERATORS = ["eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"]


def users(random: Random, count: int) -> list[dict]:
    """Return bodies of users with few distinct values, so that filters hit."""
    return [_user(random, number) for number in range(count)]


def _user(random: Random, number: int) -> dict:
    word = lambda: random.choice(WORDS)  # noqa: E731
    maybe = lambda: random.random() < 0.6  # noqa: E731
    body: dict = {
        "schemas": [USER, ENTERPRISE],
        "userName": f"{word()}{number}@x",
        "active": maybe(),
    }
    for name in ("displayName", "nickName", "title", "locale", "externalId"):
        if maybe():
            body[name] = word()
    if maybe():
        body["name"] = {"givenName": word(), "familyName": word()}
    for name, subs in MULTIPLE.items():
        entries = [{sub: word() for sub in subs} for _ in range(random.randint(0, 3))]
        unique = {json.dumps(entry, sort_keys=True): entry for entry in entries}
        if unique:
            body[name] = list(unique.values())
            body[name][0]["primary"] = maybe()
    if maybe():
        body[ENTERPRISE] = {"department": word(), "employeeNumber": word()}
    return body


def filter_text(random: Random, depth: int = 3) -> str:
    """Return a filter that every server has to understand."""
    kind = random.random()
    if depth == 0 or kind < 0.45:
        return _term(random)
    if kind < 0.6:
        return f"not ({filter_text(random, depth - 1)})"
    if kind < 0.75:
        return f"({filter_text(random, depth - 1)})"
    joiner = random.choice(["and", "or", "AND", "Or"])
    return f"{filter_text(random, depth - 1)} {joiner} {filter_text(random, depth - 1)}"


def _term(random: Random) -> str:
    kind = random.random()
    if kind < 0.1:
        return f"active {random.choice(['eq', 'ne'])} {random.choice(['true', 'false'])}"
    if kind < 0.2:
        return f"{random.choice([*TEXTS, *MULTIPLE, 'name', 'emails.type'])} pr"
    if kind < 0.55:
        return _comparison(random, random.choice(TEXTS))
    name = random.choice(list(MULTIPLE))
    if kind < 0.7:
        return _comparison(random, f"{name}.{random.choice(MULTIPLE[name])}")
    return f"{name}[{_within(random, name, 2)}]"


def _within(random: Random, name: str, depth: int) -> str:
    kind = random.random()
    if depth == 0 or kind < 0.5:
        if random.random() < 0.2:
            return f"{random.choice(MULTIPLE[name])} pr"
        return _comparison(random, random.choice(MULTIPLE[name]))
    if kind < 0.65:
        return f"not ({_within(random, name, depth - 1)})"
    joiner = random.choice(["and", "or"])
    return f"{_within(random, name, depth - 1)} {joiner} {_within(random, name, depth - 1)}"


def _comparison(random: Random, path: str) -> str:
    path = random.choice([path, path.upper(), path]) if not path.startswith("urn") else path
    operator = random.choice(TEXT_OPERATORS)
    return (
        f"{path} {random.choice([operator, operator.upper()])} {json.dumps(random.choice(WORDS))}"
    )
