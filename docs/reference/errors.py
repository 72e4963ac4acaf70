"""The errors of the service, from the exceptions that make them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scim_provisioning.protocol.errors import Retryable, ScimError

from .markdown import code, prose, table

HEAD = """# Errors

Every refusal, from any layer, is a SCIM error (RFC 7644 section 3.12) in `application/scim+json`:
`schemas`, `status`, `scimType` where there is one, and `detail`, which says what is wrong and
where. It comes with `X-Request-Id`, under which the ledger has the request.

```json
{
  "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
  "status": "409",
  "scimType": "uniqueness",
  "detail": "userName is taken."
}
```

"""


NUMBER = re.compile(r"^\d{3}(?: `\w+`)?: ")
"""What begins the docstrings and has a column of its own here."""


def text() -> str:
    """Return the page."""
    kinds = [kind for kind in _below(ScimError) if kind is not Retryable]
    rows = [
        (
            str(kind.status),
            code(kind.scim_type) if kind.scim_type else "",
            NUMBER.sub("", prose(kind.__doc__)),
            "yes" if issubclass(kind, Retryable) else "",
        )
        for kind in sorted(kinds, key=lambda kind: (kind.status, kind.scim_type or ""))
    ]
    return HEAD + table(("Status", "scimType", "Meaning", "Retry-After"), rows)


def _below(kind: type[ScimError]) -> Iterator[type[ScimError]]:
    for below in kind.__subclasses__():
        yield below
        yield from _below(below)
