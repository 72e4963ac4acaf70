"""gunicorn behind a proxy: ``gunicorn --config gunicorn.conf.py``.

``WEB_CONCURRENCY`` sets the number of workers, ``BIND`` the address. With systemd's socket
activation the address is that of the socket unit.
"""

from __future__ import annotations

import os
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

wsgi_app = "kyvos_portal.wsgi:application"
bind = os.environ.get("BIND", "127.0.0.1:8000")
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
worker_class = "gthread"
threads = 2

# Filters are long, and what is longer than this gets no SCIM error.
limit_request_line = 8190
# Longer than the proxy keeps its connections: else it sends into one that is just closed.
keepalive = 75
# The longest request is a Bulk of 25 s: who is told to stop finishes it.
graceful_timeout = 30
timeout = 60
# Workers say that they live by touching a file: not on a disk that may hang.
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None
control_socket_disable = True

accesslog = "-"
# No query: filters name people.
access_log_format = '%(h)s "%(m)s %(U)s" %(s)s %(B)s %(M)sms'
_HANDLED = {"level": "INFO", "handlers": ["stderr"], "propagate": False}
logconfig_dict = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "kyvos_portal.logs.JsonFormatter"}},
    "filters": {"access": {"()": "kyvos_portal.logs.AccessFilter"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"level": "INFO", "handlers": ["stderr"]},
    "loggers": {
        "gunicorn.error": _HANDLED,
        "gunicorn.access": {**_HANDLED, "filters": ["access"]},
    },
}

_METRICS = "PROMETHEUS_MULTIPROC_DIR"


def on_starting(server: Any) -> None:
    """Give the workers one empty folder for their counts, before any of them is there."""
    if not find_spec("prometheus_client"):
        return
    os.environ.setdefault(_METRICS, tempfile.mkdtemp(prefix="portal-metrics-"))
    folder = Path(os.environ[_METRICS])
    folder.mkdir(parents=True, exist_ok=True)
    for left in folder.glob("*.db"):
        left.unlink()


def child_exit(server: Any, worker: Any) -> None:
    """Forget what a worker that ended said of this moment; what it counted stays."""
    if os.environ.get(_METRICS):
        from prometheus_client import multiprocess

        multiprocess.mark_process_dead(worker.pid)
