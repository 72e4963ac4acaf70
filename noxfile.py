"""The matrix: every Python and Django that is supported, each on every database and user model.

``nox`` runs what has an interpreter here and says what it skips, ``nox --list`` shows all of
it, and ``nox -s 'tests(python="3.13", django="6.1")' -- --database postgres`` is one of them.
"""

from __future__ import annotations

import nox

nox.options.default_venv_backend = "uv|virtualenv"

PYTHONS = ("3.11", "3.12", "3.13", "3.14")
DJANGOS = {"5.2": PYTHONS, "6.0": PYTHONS[1:], "6.1": PYTHONS[1:]}
"""The Pythons that each Django runs on."""
PAIRS = [(python, django) for django, pythons in DJANGOS.items() for python in pythons]


@nox.session
@nox.parametrize("python,django", PAIRS)
def tests(session: nox.Session, django: str) -> None:
    """The whole suite; arguments go to ``manage.py test``."""
    # django-scim2 wants a Django below 6.1.
    extras = "portal,test" if django == "6.1" else "portal,test,django-scim2"
    session.install("--editable", f".[{extras}]", f"django~={django}.0")
    session.run("python", "manage.py", "test", *session.posargs)
