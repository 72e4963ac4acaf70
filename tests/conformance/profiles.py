"""The page of profiles, made from the policies: ``python -m tests.conformance.profiles`` writes it."""

from __future__ import annotations

import ast
import inspect
from dataclasses import fields
from itertools import pairwise
from pathlib import Path

from scim_provisioning.protocol.policy import POLICIES, Policy

PAGE = Path(__file__).parents[2] / "docs" / "profiles.md"
HEAD = """# Profiles

A connection's profile says how its client is taken. `auto`, `okta` and `entra` understand every dialect that is known;
the last two also put right what that identity provider alone gets wrong. `strict` is RFC 7643 and 7644 to the letter,
`interop` the SCIM 2.0 Interoperability Profile (draft-zollner-scim-interop-profile), which is narrower still;
ServiceProviderConfig shows `interopProfileConformant` to connections of that profile alone.

Made from `scim_provisioning/protocol/policy.py` by `python -m tests.conformance.profiles`.

"""


def descriptions() -> dict[str, str]:
    """Return what is written below each field of a policy."""
    [cls] = ast.parse(inspect.getsource(Policy)).body
    body = cls.body
    return {
        node.target.id: text.value.value
        for node, text in pairwise(body)
        if isinstance(node, ast.AnnAssign) and isinstance(text, ast.Expr)
    }


def page() -> str:
    """Return the page."""
    said, names = descriptions(), list(POLICIES)
    rows = [f"| What is taken | {' | '.join(f'`{name}`' for name in names)} |"]
    rows.append("|---|" + "---|" * len(names))
    for field in fields(Policy):
        marks = ["yes" if getattr(POLICIES[name], field.name) else "no" for name in names]
        rows.append(f"| {said[field.name].replace('``', '`')} | {' | '.join(marks)} |")
    return HEAD + "\n".join(rows) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
