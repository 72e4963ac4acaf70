"""The portal in a real browser: Debian's Chromium against a served portal.

``page`` fails a test whose pages log an error, break the content security policy or load
something that is not there. ``sign_in`` signs somebody in by the session cookie; ``boss`` is
the page of an administrator.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

HERE = Path(__file__).parent
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


def pytest_collection_modifyitems(items):
    """Run these last: the browser's event loop stays in the thread, and others start their own."""
    items.sort(key=lambda item: HERE in item.path.parents)
    if CHROMIUM is None:
        skip = pytest.mark.skip(reason="no Chromium is installed (Debian: apt install chromium)")
        for item in items:
            if HERE in item.path.parents:
                item.add_marker(skip)


def pytest_itemcollected(item):
    """Pages look the same on every database: run these once."""
    item.add_marker(pytest.mark.once)


@pytest.fixture(scope="session")
def browser_type_launch_args():
    """Start the system's Chromium; it asks nobody for anything on its own."""
    # The loop of the browser runs in this thread, where the tests use the database.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    return {"executable_path": CHROMIUM, "args": FLAGS}


@pytest.fixture(scope="session")
def browser_context_args(live_server):
    """Let addresses begin at the served portal."""
    return {"base_url": live_server.url}


@pytest.fixture
def page(page):
    """A page that may not complain."""
    complaints = []
    page.on("console", lambda message: complaints.extend(_complaint(message)))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("response", lambda response: complaints.extend(_missing(response)))
    yield page
    assert not complaints


def _complaint(message):
    """Errors and violations; a page that answers 404 by intent is told about as well."""
    if message.type == "error" and not message.text.startswith("Failed to load resource"):
        yield message.text


def _missing(response):
    if response.status >= 400 and response.request.resource_type != "document":
        yield f"{response.status} {response.url}"


@pytest.fixture
def sign_in(context, live_server):
    """Sign a user in without the form."""

    def sign_in(user):
        client = Client()
        client.force_login(user)
        name = settings.SESSION_COOKIE_NAME
        value = client.cookies[name].value
        context.add_cookies([{"name": name, "value": value, "url": live_server.url}])

    return sign_in


@pytest.fixture
def boss(page, sign_in, admin_user):
    """A page of somebody who may do everything."""
    sign_in(admin_user)
    return page
