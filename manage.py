#!/usr/bin/env python3
"""Django's command line; on a machine with only Python it first makes its own environment.

With an active environment, or under ``uv run``, this is the ordinary manage.py.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
STAMP = VENV / ".installed"
EXTRAS = "portal,test,django-scim2"


def main() -> None:
    """Run a command, in the project's own environment where none is active."""
    if sys.version_info < (3, 11):  # noqa: UP036  whoever comes with less is told
        sys.exit("Python 3.11 or newer is needed; this is " + sys.version.split()[0] + ".")
    if importlib.util.find_spec("django") is None and sys.prefix == sys.base_prefix:
        hand_over()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kyvos_portal.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


def hand_over() -> None:
    """Make ``.venv``, install into it what pyproject.toml asks for, and go on there."""
    wanted = hashlib.sha256(
        (ROOT / "pyproject.toml").read_bytes() + sys.version.encode()
    ).hexdigest()
    if not STAMP.is_file() or STAMP.read_text() != wanted:
        install()
        STAMP.write_text(wanted)
    arguments = [str(PYTHON), str(ROOT / "manage.py"), *sys.argv[1:]]
    if os.name == "nt":
        sys.exit(subprocess.call(arguments))
    os.execv(arguments[0], arguments)


def install() -> None:
    """Fill ``.venv``; end with one line where that cannot be done."""
    print("Installing what the portal needs into .venv …", file=sys.stderr)
    if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
        sys.exit("Python's venv module is missing. On Debian or Ubuntu: apt install python3-venv")
    try:
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(VENV)], check=True)
        pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "--editable", f"{ROOT}[{EXTRAS}]"], check=True)
    except subprocess.CalledProcessError as error:
        sys.exit(f"The environment could not be made: {Path(error.cmd[0]).name} failed, see above.")


if __name__ == "__main__":
    main()
