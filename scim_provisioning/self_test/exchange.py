"""One request to a site and its answer, as they went over HTTP and without their secrets."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import urllib3
from django.utils.translation import gettext as _
from urllib3.exceptions import HTTPError, ReadTimeoutError, SSLError

TIMEOUT = 5.0
"""Seconds for each exchange."""
MOST_BYTES = 64 * 1024
MOST_SHOWN = 300
HIDDEN = "••••••"
Problem = tuple[str, str]
"""What is wrong, and what helps; both empty where nothing is."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer, without secrets; ``problem`` is empty where it passed."""

    title: str
    request: str
    answer: str
    milliseconds: int
    problem: str = ""
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Ask:
    """A request to be sent."""

    title: str
    method: str
    url: str
    headers: dict[str, str]
    body: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, read as far as the limit."""

    status: int
    headers: Mapping[str, str]
    text: str

    def json(self) -> dict[str, Any]:
        """Return the JSON object; an empty one where there is none."""
        try:
            found = json.loads(self.text)
        except (ValueError, RecursionError):
            found = None
        return found if isinstance(found, dict) else {}


class Unreachable(Exception):
    """Nothing answered at an address: the text says why, for people."""


def send(ask: Ask, judge: Callable[[Answer], Problem]) -> tuple[Exchange, dict[str, Any]]:
    """Send a request; return what happened, and the JSON of the answer."""
    started = time.monotonic()
    try:
        answer = _answer_to(ask)
    except TimeoutError:
        told, problem, body = "", _busy(), {}
    else:
        told, problem, body = _shown_answer(answer), judge(answer), answer.json()
    spent = round((time.monotonic() - started) * 1000)
    return Exchange(ask.title, _shown_request(ask), told, spent, *problem), body


def _answer_to(ask: Ask) -> Answer:
    """Return the answer; raise Unreachable, or TimeoutError where it does not come in time."""
    try:
        with urllib3.PoolManager() as pool:
            reply = pool.request(
                ask.method,
                ask.url,
                headers={**ask.headers, "Connection": "close"},
                body=ask.body or None,
                timeout=urllib3.Timeout(total=TIMEOUT),
                retries=False,
                redirect=False,
                preload_content=False,
            )
            text = reply.read(MOST_BYTES).decode(errors="replace")
            return Answer(reply.status, reply.headers, text)
    except ReadTimeoutError:
        raise TimeoutError from None
    except (HTTPError, OSError, ValueError) as error:
        raise Unreachable(_reason(error, ask.url)) from None


def _reason(error: Exception, url: str) -> str:
    host = urlsplit(url).netloc
    if isinstance(error, SSLError):
        return _("%(host)s has no certificate that this machine trusts.") % {"host": host}
    return _("%(host)s cannot be reached from here.") % {"host": host}


def _busy() -> Problem:
    return (
        _("No answer came within %(seconds)d seconds.") % {"seconds": TIMEOUT},
        _(
            "A site served by one worker that takes one request at a time cannot answer itself"
            " while it shows this page: serve it by two (for gunicorn --workers 2 or --threads 2),"
            " and test again."
        ),
    )


def _shown_request(ask: Ask) -> str:
    """Return a request as it went out, without its secrets."""
    parts = urlsplit(ask.url)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    headers = {"Host": parts.netloc, **ask.headers}
    if "Authorization" in headers:
        scheme = headers["Authorization"].partition(" ")[0]
        headers["Authorization"] = f"{scheme} {HIDDEN}"
    lines = [f"{ask.method} {target} HTTP/1.1", *(f"{k}: {v}" for k, v in headers.items())]
    body = parse_qsl(ask.body)
    form = "&".join(f"{k}={HIDDEN if 'secret' in k else v}" for k, v in body)
    return "\n".join([*lines, *(["", form] if form else [])])


def _shown_answer(answer: Answer) -> str:
    """Return an answer as it came, laid out, without a token."""
    shown = ("Content-Type", "X-Request-Id", "Location", "Retry-After")
    lines = [f"{answer.status}", *(f"{k}: {v}" for k in shown if (v := answer.headers.get(k)))]
    body = answer.json()
    if "access_token" in body:
        body["access_token"] = HIDDEN
    text = json.dumps(body, indent=2, ensure_ascii=False) if body else answer.text[:MOST_SHOWN]
    return "\n".join([*lines, "", text])
