"""The signals of both apps, from the comments above them."""

from __future__ import annotations

import inspect
from types import ModuleType

from onboarding import signals as onboarding
from scim_provisioning import signals as scim

from .markdown import code, prose, table

HEAD = "# Signals\n"


def text() -> str:
    """Return the page."""
    return HEAD + "".join(_section(module) for module in (scim, onboarding))


def _section(module: ModuleType) -> str:
    rows = [(code(name), comment) for name, comment in _commented(module)]
    told = table(("Signal", "What it tells"), rows)
    return f"\n## {module.__name__}\n\n{prose(module.__doc__)}\n\n{told}"


def _commented(module: ModuleType) -> list[tuple[str, str]]:
    """Return each signal with the comment above it."""
    found, above = [], []
    for line in inspect.getsource(module).splitlines():
        if line.startswith("#"):
            above.append(line.lstrip("# "))
        elif " = Signal(" in line:
            found.append((line.split(" = ")[0], " ".join(above)))
        if not line:
            above = []
    return found
