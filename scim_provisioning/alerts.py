"""Mails to administrators, by Django's tasks API where the site has it, else at once.

A mail that could not be sent is sent by the next ``sweep``; the finding says the same.
"""

from __future__ import annotations

import logging
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.core.mail import EmailMessage
from django.db.models import Q
from django.template.loader import render_to_string
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from . import conf, rights
from .models import Connection, Finding, FindingKind

logger = logging.getLogger(__name__)

MOST = 50
"""Recipients: a mail to hundreds is read by nobody."""
MODULES = ("django.tasks", "django_tasks")
task: Any = next((import_module(name).task for name in MODULES if find_spec(name)), None)


def tell(connection_id: int) -> int:
    """Tell administrators, once, that a connection was stopped; return how many."""
    rows = Connection.objects.filter(pk=connection_id)
    if not rows.filter(braked__isnull=False, brake_told=None).update(brake_told=timezone.now()):
        return 0
    try:
        return _send(rows.get())
    except Exception:
        rows.update(brake_told=None)
        raise


def run(connection_id: int) -> int:
    """The same by a worker, which finds the task by this name."""
    return tell(connection_id)


if task is not None:
    run = task()(run)


def tell_later(connection_id: int) -> None:
    """Let administrators be told; what fails here changes no answer."""
    try:
        if task is None:
            tell(connection_id)
        else:
            run.enqueue(connection_id)  # type: ignore[attr-defined]
    except Exception:
        logger.exception("Administrators could not be told of connection %s", connection_id)


def sweep() -> int:
    """Tell what nobody was told yet; return how many mails that took."""
    rows = Connection.objects.filter(braked__isnull=False, brake_told=None)
    return sum(map(tell, list(rows.values_list("pk", flat=True))))


def recipients() -> list[str]:
    """Return the addresses of the setting, else of those who may let a connection go on."""
    if given := conf.current().alert_recipients:
        return list(given)
    model: Any = get_user_model()
    codenames = [name.partition(".")[2] for name in (rights.OPERATE, rights.CONFIGURE)]
    able = Permission.objects.filter(
        content_type__app_label="scim_provisioning", codename__in=codenames
    )
    may = Q(is_superuser=True) | Q(user_permissions__in=able) | Q(groups__permissions__in=able)
    field = model.get_email_field_name()
    users = model._default_manager.filter(may, is_active=True).exclude(**{field: ""})
    found = users.order_by(field).values_list(field, flat=True).distinct()[:MOST]
    return [address for address in found if address]


def _send(connection: Connection) -> int:
    found = Finding.objects.filter(kind=FindingKind.BRAKED, connection=connection, resolved=None)
    facts = {
        "connection": connection,
        "detail": found.values_list("detail", flat=True).first() or "",
        "url": _url(connection),
    }
    name = " ".join(connection.name.split())
    subject = _("Provisioning by %(name)s was stopped") % {"name": name}
    text = render_to_string("scim_provisioning/brake_mail.txt", facts)
    addresses = recipients()
    for address in addresses:
        EmailMessage(subject, text, to=[address]).send()
    return len(addresses)


def _url(connection: Connection) -> str:
    """Return where it is let go on; a site may have no admin pages."""
    try:
        path = reverse("admin:scim_provisioning_connection_brake", args=[connection.pk])
    except NoReverseMatch:
        return ""
    return f"{(conf.current().public_url or '').rstrip('/')}{path}"
