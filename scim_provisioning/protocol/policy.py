"""What is tolerated of a client: one explicit, immutable policy per profile."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Policy:
    """The departures from RFC 7643 and 7644 that are understood."""

    boolean_strings: bool = True
    """``"True"`` and ``"False"`` are booleans (Microsoft Entra ID, OneLogin)."""
    ignore_unknown: bool = True
    """Unknown attributes in bodies are ignored and noted."""
    create_on_unmatched: bool = True
    """A value path of ``eq`` terms that matches nothing makes the entry (Microsoft Entra ID)."""
    remove_by_value: bool = True
    """A ``remove`` with a value takes away these values only (Entra ID, JumpCloud, authentik)."""
    bare_extension_names: bool = True
    """``manager`` is found without its URN (Microsoft Entra ID)."""
    lenient_shapes: bool = True
    """A single object is a list of one, a bare string the ``value`` of an object."""


TOLERANT = Policy()
STRICT = Policy(
    boolean_strings=False,
    ignore_unknown=False,
    create_on_unmatched=False,
    remove_by_value=False,
    bare_extension_names=False,
    lenient_shapes=False,
)


def policy_for(profile: str) -> Policy:
    """Return the policy of a connection's profile: ``strict`` follows the RFC to the letter."""
    return STRICT if profile == "strict" else TOLERANT
