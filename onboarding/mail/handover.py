"""Handing a mail over to a server, with the moment marked from which it may be there.

Django's backends send a message in one go. To SMTP the text is sent first and its end
(RFC 5321 section 4.1.1.4) last, in one segment of its own: what comes before is certainly
not delivered.
"""

from __future__ import annotations

import re
import smtplib
from collections.abc import Callable
from datetime import timedelta
from email.utils import parseaddr
from typing import Any

from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.smtp import EmailBackend

from onboarding import conf

ANSWER_TIME = timedelta(seconds=120)
"""How long the server may take to answer the end of the text."""
LINE_END = re.compile(rb"\r\n|\r|\n")
LEADING_DOT = re.compile(rb"^\.", re.M)
Step = Callable[[], object]


class Failed(Exception):
    """Not sent, and worth another attempt."""


class Refused(Exception):
    """Not sent, and not wanted: the server refused the recipient or the text for good."""


class Unanswered(Exception):
    """Perhaps sent: the server was gone when it should have answered."""


def send(message: EmailMultiAlternatives, *, alive: Step, last: Step) -> None:
    """Send a message; raise Failed, Refused or Unanswered.

    ``alive`` is called between the steps, ``last`` right before the message can be there.
    Whatever they raise ends the attempt.
    """
    backend = _backend()
    if isinstance(backend, EmailBackend):
        _send_by_smtp(backend, message, alive, last)
        return
    last()
    try:
        backend.send_messages([message])
    except Exception as error:
        # Any backend, any error: there will be another attempt.
        raise Failed(_told(error)) from error


def _backend() -> Any:
    """Return the site's mail backend, as Django 6.1 and those before it give it."""
    mailers = getattr(mail, "mailers", None)
    return mailers.default if mailers is not None else mail.get_connection()


def _send_by_smtp(
    backend: EmailBackend, message: EmailMultiAlternatives, alive: Step, last: Step
) -> None:
    # Less than the lease: an attempt that lives is never taken over.
    backend.timeout = min(backend.timeout or 3600, max(conf.current().mail_lease // 2, 1))
    try:
        _open(backend, message, alive)
        smtp: Any = backend.connection
        last()
        _finish(smtp)
    except BaseException:
        _hang_up(backend)
        raise
    backend.close()


def _open(backend: EmailBackend, message: EmailMultiAlternatives, alive: Step) -> None:
    """Send everything but the end; raise Failed, or Refused."""
    try:
        backend.open()
        smtp: Any = backend.connection
        _announce(smtp, message, alive)
        smtp.send(_octets(message))
    except (OSError, smtplib.SMTPException) as error:
        raise Failed(_told(error)) from error
    except ValueError as error:
        # An address that is none: line ends in it, or a domain that DNS cannot have.
        raise Refused(_told(error)) from error


def _hang_up(backend: Any) -> None:
    """Close the connection without a word: within a text, a QUIT would be part of it."""
    if backend.connection is not None:
        backend.connection.close()
        backend.connection = None


def _announce(smtp: Any, message: EmailMultiAlternatives, alive: Step) -> None:
    """Say who writes to whom; raise Refused where the server does not want the recipient."""
    smtp.ehlo_or_helo_if_needed()
    alive()
    options = ["body=8bitmime"] if smtp.has_extn("8bitmime") else []
    sender, recipient = _address(message.from_email), _address(message.to[0])
    if not (sender + recipient).isascii():
        if not smtp.has_extn("smtputf8"):
            raise Refused("The mail server takes no addresses beyond ASCII.")
        options.append("smtputf8")
        smtp.command_encoding = "utf-8"
    _expect(smtp.mail(sender, options), 250)
    alive()
    _expect(smtp.rcpt(recipient), 250, 251, final=True)
    alive()
    _expect(smtp.docmd("DATA"), 354)


def _address(text: str) -> str:
    """Return the address alone, its domain as DNS has it."""
    local, at, domain = parseaddr(text)[1].rpartition("@")
    return f"{local}{at}{domain if domain.isascii() else domain.encode('idna').decode()}"


def _octets(message: EmailMultiAlternatives) -> bytes:
    """Return the text as it goes over the line, up to its end."""
    text = LINE_END.sub(b"\r\n", message.message().as_bytes())
    text = LEADING_DOT.sub(b"..", text)
    return text if text.endswith(b"\r\n") else text + b"\r\n"


def _finish(smtp: Any) -> None:
    try:
        smtp.sock.settimeout(ANSWER_TIME.total_seconds())
        smtp.send(b".\r\n")
        answer = smtp.getreply()
    except (OSError, smtplib.SMTPException) as error:
        raise Unanswered(_told(error)) from error
    _expect(answer, 250, final=True)


def _expect(answer: tuple[int, bytes], *codes: int, final: bool = False) -> None:
    """Raise Failed where the server answers otherwise, Refused where that is for good."""
    code, text = answer
    if code not in codes:
        detail = f"{code} {text.decode(errors='replace')}"
        raise Refused(detail) if final and code >= 500 else Failed(detail)


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:500]
