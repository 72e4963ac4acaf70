"""What is wrong with connections now, each with the way to mend it: worked out when asked.

The stored findings wait for a decision; these come and go with their cause.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Any
from urllib.parse import urlsplit

from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from . import conf, connections, outbound
from .credential_list import ends_within, with_ends
from .models import Connection, OIDCApplication, State, WorkloadTrust
from .models.connection import Profile
from .traffic import LATELY, with_traffic

CYCLE = timedelta(minutes=40)
"""How often Entra comes."""
SILENT_CYCLES = 3
SILENT_OTHERS = timedelta(days=7)
"""Other identity providers come when something happens."""
FEWEST_REQUESTS = 20
"""Below so many requests a share says nothing."""
MOST_FAILURES = 0.05
QUARANTINE = 5_000
"""Failures from which Entra quarantines where more than the share below failed."""
QUARANTINE_SHARE = 0.4
QUARANTINE_ANYWAY = 40_000
"""Failures from which it does whatever the share."""
ON_THE_WAY = 0.2
"""The part of these figures at which an administrator is told."""
LOCAL_NAMES = (".local", ".localhost", ".internal", ".lan", ".test", ".invalid")


class Severity(IntEnum):
    """How soon somebody should look."""

    CRITICAL = 0
    WARNING = 1
    NOTICE = 2

    @property
    def label(self) -> Any:
        """What people read."""
        return SEVERITIES[self]


SEVERITIES = {
    Severity.CRITICAL: gettext_lazy("Act now"),
    Severity.WARNING: gettext_lazy("Soon"),
    Severity.NOTICE: gettext_lazy("Good to know"),
}


@dataclass(frozen=True, slots=True)
class Problem:
    """Something to mend: what, since when, what helps, and the admin's page where that is.

    ``page`` is the name of a URL within the admin, ``arguments`` and ``query`` go with it.
    """

    severity: Severity
    title: str
    fix: str
    since: datetime | None = None
    page: str = ""
    arguments: tuple[Any, ...] = ()
    query: str = ""


def problems(site: str) -> list[Problem]:
    """Return what is wrong, the most urgent first; ``site`` is where the asking person is."""
    found = [*of_address(site), *of_connections(), *of_applications()]
    for named in conf.current().findings:
        found += import_string(named)()
    return sorted(found, key=lambda problem: problem.severity)


def of_address(site: str) -> Iterator[Problem]:
    """Yield what keeps identity providers from reaching the base URL, as far as it tells."""
    base = connections.base_url(site)
    parts = urlsplit(base)
    fix = _("Set PUBLIC_URL to the https address that the internet knows this site by.")
    if not is_public(parts.hostname or ""):
        title = _("The base URL %(url)s is not public: no identity provider reaches it.")
        yield Problem(Severity.WARNING, title % {"url": base}, fix)
    elif parts.scheme != "https":
        title = _("The base URL %(url)s is not https: identity providers refuse it.")
        yield Problem(Severity.CRITICAL, title % {"url": base}, fix)
    if "_" in (parts.hostname or ""):
        title = _("The host name of %(url)s has an underscore, which Okta refuses.")
        yield Problem(Severity.WARNING, title % {"url": base}, fix)


def is_public(host: str) -> bool:
    """Whether a host looks like one of the internet; no DNS is asked."""
    try:
        return outbound.is_public(host)
    except ValueError:
        return "." in host and not host.lower().rstrip(".").endswith(LOCAL_NAMES)


def of_connections() -> Iterator[Problem]:
    """Yield what is wrong with each connection: one statement for all of them."""
    others = {
        "other_ways": Exists(WorkloadTrust.objects.filter(connection=OuterRef("pk"), enabled=True)),
        "external": Exists(
            OIDCApplication.objects.filter(mapped_user=OuterRef("acting_user"), enabled=True)
        ),
    }
    for row in with_traffic(with_ends(Connection.objects.all())).annotate(**others):
        for check in (_silence, _failures, _quarantine, _credentials, _paused):
            yield from check(row)


def _silence(row: Any) -> Iterator[Problem]:
    now = timezone.now()
    if row.state == State.PAUSED:
        return
    if row.last_seen is None:
        if row.created < now - LATELY:
            title = _("Nothing of %(name)s has arrived yet.") % {"name": row}
            fix = _("Go through the steps to set it up, and test it.")
            yield Problem(Severity.NOTICE, title, fix, row.created, *_page("set_up", row))
        return
    is_entra = row.profile == Profile.ENTRA
    if row.last_seen < now - (CYCLE * SILENT_CYCLES if is_entra else SILENT_OTHERS):
        severity = Severity.WARNING if is_entra else Severity.NOTICE
        title = _("%(name)s is silent.") % {"name": row}
        fix = _("Look at the identity provider's own log, and test from here.")
        yield Problem(severity, title, fix, row.last_seen, *_page("set_up", row))


def _failures(row: Any) -> Iterator[Problem]:
    if row.requests < FEWEST_REQUESTS or row.failures <= row.requests * MOST_FAILURES:
        return
    title = _("%(name)s: %(percent)d %% of the last day's %(requests)d requests failed.") % {
        "name": row,
        "percent": round(100 * row.failures / row.requests),
        "requests": row.requests,
    }
    fix = _("Look at what was refused: mostly it is one reason many times.")
    yield Problem(Severity.WARNING, title, fix, row.refused_since, *_refused(row))


def _quarantine(row: Any) -> Iterator[Problem]:
    share = row.refused / row.writes if row.writes else 0
    by_share = share > QUARANTINE_SHARE and row.refused >= QUARANTINE * ON_THE_WAY
    by_number = row.refused >= QUARANTINE_ANYWAY * ON_THE_WAY
    if row.profile not in (Profile.ENTRA, Profile.AUTO) or not (by_share or by_number):
        return
    title = _(
        "%(name)s is on the way to Entra's quarantine: %(refused)d of %(writes)d writes refused."
    ) % {"name": row, "refused": row.refused, "writes": row.writes}
    fix = _(
        "Entra stops from %(some)d refusals where more than %(percent)d %% fail, and from"
        " %(all)d anyway. Mend what was refused, or pause its provisioning there."
    ) % {"some": QUARANTINE, "percent": QUARANTINE_SHARE * 100, "all": QUARANTINE_ANYWAY}
    yield Problem(Severity.CRITICAL, title, fix, row.refused_since, *_refused(row))


def _credentials(row: Any) -> Iterator[Problem]:
    page = _page("credentials", row)
    if row.ends is None:
        if not row.other_ways and not row.external:
            title = _("%(name)s has no live credential: nothing can sign in.") % {"name": row}
            yield Problem(Severity.CRITICAL, title, _("Make a new one."), None, *page)
        return
    if (days := ends_within(row.ends)) is None:
        return
    severity = {7: Severity.CRITICAL, 30: Severity.WARNING}.get(days, Severity.NOTICE)
    title = _("A credential of %(name)s ends within %(days)d days.") % {"name": row, "days": days}
    fix = _("Make a new one that lets the old one go on for some days, and enter it there.")
    yield Problem(severity, title, fix, row.ends - timedelta(days=days), *page)


def _paused(row: Any) -> Iterator[Problem]:
    if row.state == State.PAUSED:
        title = _("%(name)s is paused: its writes are told to come again.") % {"name": row}
        yield Problem(Severity.NOTICE, title, _("Resume it."), None, *_page("change", row))


def of_applications() -> Iterator[Problem]:
    """Yield issuers whose clock is ahead of ours, or ours behind."""
    for row in OIDCApplication.objects.filter(skewed__gte=timezone.now() - LATELY, enabled=True):
        title = _("Tokens of %(name)s come from the future: a clock is wrong.") % {"name": row}
        fix = _("Let both machines take their time from the net (NTP), and explain a token.")
        page = ("scim_provisioning_oidcapplication_explain", ())
        yield Problem(Severity.WARNING, title, fix, row.skewed, *page)


def _page(name: str, row: Connection) -> tuple[str, tuple[Any, ...]]:
    return f"scim_provisioning_connection_{name}", (row.pk,)


def _refused(row: Connection) -> tuple[str, tuple[Any, ...], str]:
    page = "scim_provisioning_provisioningevent_changelist"
    return page, (), f"connection__id__exact={row.pk}&outcome=refused"
