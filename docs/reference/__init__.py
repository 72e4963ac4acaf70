"""The reference: pages made from the code, so that nothing of it is written twice."""

from __future__ import annotations

from types import ModuleType

from . import checks, commands, environment, errors, ledger, schemas, settings, signals

PAGES: dict[str, ModuleType] = {
    module.__name__.rpartition(".")[2]: module
    for module in (checks, commands, environment, errors, ledger, schemas, settings, signals)
}
"""The page's name → the module that makes it, by its function ``text``."""
