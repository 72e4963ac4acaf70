"""What a user's and a group's page tell of SCIM: the facts, where groups come from, what happened.

Links lead to pages that the same admin site has; where it has none, a name is a name.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib.admin import AdminSite
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.timezone import localtime
from django.utils.translation import gettext, ngettext

from scim_provisioning.models import (
    Connection,
    PersonalAccessToken,
    ProvisioningEvent,
    ScimGroup,
    ScimUser,
)
from scim_provisioning.protocol.identifiers import shown

from .changes import summary
from .event_filters import OPERATIONS

MOST_EVENTS = 10
MOST_GROUPS = 100
FILTERS = {ScimUser: "person", ScimGroup: "group"}
"""What filters the list of events by one row of these."""
Row = ScimUser | ScimGroup


def address(site: AdminSite, model: type[Model], page: str, *keys: Any) -> str | None:
    """Return where a page of a model is on an admin site, None where it has none."""
    if not site.is_registered(model):
        return None
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}"
    return reverse(name, args=keys, current_app=site.name)


def link(site: AdminSite, model: type[Model], key: Any, name: object) -> str:
    """Return a name, as a link where the site has a page of the row."""
    url = address(site, model, "change", key)
    return format_html('<a href="{}">{}</a>', url, name) if url else str(name)


def facts_of(row: Row | None, site: AdminSite) -> str:
    """Return what SCIM knows of an account or a group, as a list of terms."""
    if row is None:
        return gettext("Not known to SCIM: “manage.py scim_backfill” makes it known.")
    context = {
        "row": row,
        "is_user": isinstance(row, ScimUser),
        "id": link(site, type(row), row.pk, shown(row.pk)),
        "owner": row.connection and link(site, Connection, row.connection_id, row.connection),
        "external_ids": row.external_ids.values_list("connection__name", "value").order_by("pk"),
    }
    return render_to_string("scim_provisioning/facts.html", context)


def ended_of(row: ScimUser | None) -> str:
    """Return when a user's credentials ended last, and what that ended."""
    if row is None or (moment := row.credentials_valid_after) is None:
        return gettext("Never")
    count = ended_tokens(row.user_id, moment).count()
    text = ngettext(
        "%(time)s: %(count)d token, and whatever else was given before",
        "%(time)s: %(count)d tokens, and whatever else was given before",
        count,
    )
    return text % {"time": date_format(localtime(moment), "DATETIME_FORMAT"), "count": count}


def ended_tokens(owner: Any, moment: datetime) -> QuerySet[PersonalAccessToken]:
    """Return the tokens that were good until a user's credentials ended."""
    tokens = PersonalAccessToken.objects.filter(owner=owner, created__lte=moment)
    return tokens.filter(expires__gt=moment).exclude(revoked__lte=moment)


def groups_of(user: Any, site: AdminSite) -> str:
    """Return a user's groups, each with the connection that keeps it."""
    rows = user.groups.order_by("name").values_list("pk", "name", "scim__connection__name")
    found = list(rows[: MOST_GROUPS + 1])
    model = user._meta.get_field("groups").remote_field.model
    context = {
        "groups": [(link(site, model, pk, name), of) for pk, name, of in found[:MOST_GROUPS]],
        "more": len(found) > MOST_GROUPS,
    }
    return render_to_string("scim_provisioning/group_origins.html", context)


def events_of(row: Row | None, site: AdminSite) -> str:
    """Return the last events of an account or a group, and the way to all of them."""
    if row is None:
        return "-"
    events = ProvisioningEvent.objects.filter(resource_id=row.pk)
    found = events.select_related("connection").order_by("-time", "-id")[:MOST_EVENTS]
    everything = address(site, ProvisioningEvent, "changelist")
    context = {
        "events": [_line(event, site) for event in found],
        "all": everything and f"{everything}?{urlencode({FILTERS[type(row)]: shown(row.pk)})}",
    }
    return render_to_string("scim_provisioning/last_events.html", context)


def _line(event: ProvisioningEvent, site: AdminSite) -> dict[str, Any]:
    return {
        "event": event,
        "url": address(site, ProvisioningEvent, "change", event.pk),
        "operation": OPERATIONS.get(event.method, event.method),
        "what": event.detail or summary(event.changes),
    }


def sees(request: HttpRequest, model: str) -> bool:
    """Whether a person may view one of the models."""
    user = request.user
    return any(user.has_perm(f"scim_provisioning.{verb}_{model}") for verb in ("view", "change"))
