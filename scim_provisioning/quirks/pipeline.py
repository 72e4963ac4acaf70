"""The row of quirks that a body passes, by the connection's profile.

A quirk is a pure function of a body; what the protocol layer tolerates by policy (strings
for booleans, bare managers, dotted keys) is not repeated here.
"""

from __future__ import annotations

from collections.abc import Callable

from scim_provisioning.protocol.attributes import Json

from . import entra, onelogin

Quirk = Callable[[Json, list[str]], Json]

ENTRA: tuple[Quirk, ...] = (entra.documents_in_strings,)
OTHERS: tuple[Quirk, ...] = (onelogin.first_version_urns,)
PROFILES: dict[str, tuple[Quirk, ...]] = {
    "auto": (*ENTRA, *OTHERS),
    "entra": ENTRA,
    "okta": (),
    "strict": (),
}


def standardize(body: Json, profile: str, notes: list[str]) -> Json:
    """Return the body as the standard would have it; the given one stays as it is."""
    for quirk in PROFILES.get(profile, ()):
        body = quirk(body, notes)
    return body
