"""A JWT taken apart (RFC 7515 section 7.1), strictly: what could be read in two ways is refused."""

from __future__ import annotations

import base64
import binascii
import json
import re
from typing import Any, NoReturn

from django.utils.translation import gettext as _

from scim_provisioning.protocol.attributes import Json

MOST_BYTES = 8192
DEEPEST = 32
"""Levels of nesting; how deep Python itself reads depends on its version."""
PART = re.compile(r"[A-Za-z0-9_-]+")


class Refused(Exception):
    """A token that does not count: why, and what an administrator can do about it."""

    def __init__(self, reason: str, fix: str = "") -> None:
        self.reason = reason
        self.fix = fix
        super().__init__(reason)


class NotYetValid(Refused):
    """A token from the future: one of two clocks is wrong."""


def take_apart(token: str) -> tuple[dict[str, Json], dict[str, Json]]:
    """Return header and claims, nothing of them verified; raise Refused."""
    if len(token) > MOST_BYTES:
        raise Refused(_("It is longer than 8 KiB."))
    parts = token.split(".")
    if len(parts) != 3 or not all(map(PART.fullmatch, parts)):
        raise Refused(
            _("It is not three parts of base64url, separated by dots."),
            _("Copy the whole access token, without quotes and line ends."),
        )
    return _object(parts[0], _("header")), _object(parts[1], _("payload"))


def _object(part: str, name: str) -> dict[str, Json]:
    try:
        text = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)).decode()
        found = json.loads(text, object_pairs_hook=_without_twins, parse_constant=_no_number)
    except (ValueError, RecursionError, binascii.Error):
        found = None
    if not isinstance(found, dict) or _is_deeper(found, DEEPEST):
        raise Refused(
            _("Its %(name)s is no JSON object, is nested too deep, or names a member twice.")
            % {"name": name}
        )
    return found


def _is_deeper(value: Json, levels: int) -> bool:
    if not isinstance(value, dict | list):
        return False
    parts = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(_is_deeper(part, levels - 1) for part in parts)


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError
    return found


def _no_number(name: str) -> NoReturn:
    raise ValueError(name)


def shown(value: Json) -> str:
    """Return a value as it may stand in a reason: short, and fit for any page and log."""
    try:
        text = json.dumps(value)
    except RecursionError:
        return "…"
    return text if len(text) <= 200 else text[:200] + "…"
