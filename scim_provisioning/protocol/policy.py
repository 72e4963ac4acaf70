"""What is tolerated, and asked, of a client: one explicit, immutable policy per profile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Policy:
    """The departures from RFC 7643 and 7644 that are understood, and what is narrowed."""

    boolean_strings: bool = True
    """``"True"`` and ``"False"`` are booleans (Microsoft Entra ID, OneLogin)."""
    ignore_unknown: bool = True
    """Unknown attributes and schemas in bodies are ignored and noted; else 400."""
    create_on_unmatched: bool = True
    """A value path of ``eq`` terms that matches nothing makes the entry (Microsoft Entra ID)."""
    remove_by_value: bool = True
    """A ``remove`` with a value takes these values only (Entra ID, JumpCloud, authentik)."""
    bare_extension_names: bool = True
    """``manager`` is found without its URN (Microsoft Entra ID)."""
    lenient_shapes: bool = True
    """A single object is a list of one, a bare string the ``value`` of an object."""
    any_format: bool = True
    """URIs, countries, pictures and certificates are kept as sent, whatever they are."""
    ids_in_any_case: bool = True
    """An id in a URL is found whatever its letter case."""
    operations_without_path: bool = True
    """PATCH operations without ``path`` (RFC 7644 section 3.5.2, Okta)."""
    element_paths: bool = True
    """PATCH paths may end in a value filter, as in ``members[value eq "…"]`` (Okta)."""
    replace_merges: bool = True
    """``replace`` of an object keeps what the value leaves out (RFC 7644 section 3.5.2.3)."""
    path_errors: bool = True
    """An unknown attribute in a PATCH path is ``invalidPath``, else ``invalidSyntax``."""
    filters_anywhere: bool = True
    """A filter in the URL of a write is ignored; else refused."""
    plain_json: bool = True
    """``application/json`` is taken and answered, beside SCIM's media type."""
    untyped_lists: bool = True
    """Schemas may leave open what the ``type`` of a value is (Microsoft Entra ID)."""


TOLERANT = Policy()
STRICT = replace(
    TOLERANT,
    boolean_strings=False,
    ignore_unknown=False,
    create_on_unmatched=False,
    remove_by_value=False,
    bare_extension_names=False,
    lenient_shapes=False,
    any_format=False,
    ids_in_any_case=False,
)
INTEROP = replace(
    STRICT,
    operations_without_path=False,
    element_paths=False,
    replace_merges=False,
    path_errors=False,
    filters_anywhere=False,
    plain_json=False,
    untyped_lists=False,
)

POLICIES: Mapping[str, Policy] = MappingProxyType(
    {
        "auto": TOLERANT,
        "okta": TOLERANT,
        "entra": TOLERANT,
        "strict": STRICT,
        "interop": INTEROP,
    }
)
"""``strict`` is RFC 7643 and 7644 to the letter, ``interop`` draft-zollner-scim-interop-profile."""


def policy_for(profile: str) -> Policy:
    """Return the policy of a connection's profile."""
    return POLICIES[profile]
