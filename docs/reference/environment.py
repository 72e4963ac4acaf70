"""The environment variables of the portal, from the list that it reads them by."""

from __future__ import annotations

from kyvos_portal.variables import VARIABLES

from .markdown import code, table

HEAD = """# Environment

The portal reads these; the apps read Django's [settings](settings.md) only. A wrong value stops the
portal at its start, with one line that names the variable. Files that are made once lie beside
`manage.py`.

"""


def text() -> str:
    """Return the page."""
    rows = [(code(name), one.meaning, one.default) for name, one in VARIABLES.items()]
    return HEAD + table(("Variable", "Meaning", "Default"), rows)
