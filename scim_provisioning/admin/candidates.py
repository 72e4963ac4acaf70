"""The people of an import preview as its page lists them: filtered, by place, and as a file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib.admin import AdminSite
from django.contrib.auth import get_user_model
from django.db.models import Case, Count, Q, QuerySet, When
from django.http import QueryDict
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from scim_provisioning.directory import ownership
from scim_provisioning.directory.matching import DECIDABLE
from scim_provisioning.models import Candidate, Connection, Decision, Match, ScimUser
from scim_provisioning.protocol.fold import fold

from .exports import table
from .facts import link

SIZE = 50
BATCH = 2000
MOST_DIGITS = 18
BEFORE, AFTER = "before", "after"
COLUMNS = (
    *("line", "userName", "email", "externalId", "match", "account", "privileged"),
    *("decision", "decided", "decided_by"),
)


class Filter(forms.Form):
    """What of a preview is shown; all of it where nothing is chosen."""

    q = forms.CharField(label=gettext_lazy("User name begins with"), required=False, max_length=256)
    match = forms.ChoiceField(
        label=gettext_lazy("Account"),
        required=False,
        choices=[("", gettext_lazy("All")), *Match.choices],
    )
    decision = forms.ChoiceField(
        label=gettext_lazy("Decision"),
        required=False,
        choices=[("", gettext_lazy("All")), *Decision.choices],
    )
    privileged = forms.BooleanField(label=gettext_lazy("With privileges only"), required=False)

    def __init__(self, data: QueryDict) -> None:
        super().__init__(data)
        self.is_valid()

    @property
    def chosen(self) -> dict[str, Any]:
        """The filters in use, as a query string has them; wrong ones count for nothing."""
        return {
            name: "on" if value is True else value
            for name, value in self.cleaned_data.items()
            if value
        }

    @property
    def query(self) -> str:
        """The same as a query string."""
        return urlencode(self.chosen)

    def rows(self, connection: Connection) -> QuerySet[Candidate]:
        """Return the people of a connection that it lets through."""
        rows, chosen = Candidate.objects.filter(connection=connection), self.chosen
        if "q" in chosen:
            rows = rows.filter(user_name_key__startswith=fold(chosen["q"]))
        if "privileged" in chosen:
            rows = rows.filter(privileged=True)
        return rows.filter(
            **{name: chosen[name] for name in ("match", "decision") if name in chosen}
        )


@dataclass(frozen=True, slots=True)
class Page:
    """Some people, and the query strings of the pages around."""

    rows: list[Candidate]
    first: str | None
    before: str | None
    after: str | None


def page(rows: QuerySet[Candidate], shown: Filter, query: QueryDict) -> Page:
    """Return the page that a query string names, by ranges of an index."""
    before, after = (key_in(query.get(name, "")) for name in (BEFORE, AFTER))
    if before is not None:
        found = list(rows.filter(pk__lt=before).order_by("-pk")[: SIZE + 1])
        if len(found) > SIZE:
            kept = found[:SIZE][::-1]
            return _page(kept, shown, earlier=True, later=True)
        after = None
    start = rows if after is None else rows.filter(pk__gt=after)
    found = list(start.order_by("pk")[: SIZE + 1])
    return _page(found[:SIZE], shown, earlier=after is not None, later=len(found) > SIZE)


def _page(rows: list[Candidate], shown: Filter, *, earlier: bool, later: bool) -> Page:
    def at(**place: int) -> str:
        return f"?{urlencode({**shown.chosen, **place})}"

    before = at(before=rows[0].pk) if earlier and rows else None
    after = at(after=rows[-1].pk) if later else None
    return Page(rows, at() if earlier else None, before, after)


def key_in(text: str) -> int | None:
    """Return the key that a text is, None where it is none; one beyond all keys is the last."""
    if not (text.isascii() and text.isdigit()):
        return None
    return int(text) if len(text) <= MOST_DIGITS else 2**63 - 1


@dataclass(frozen=True, slots=True)
class Line:
    """One match of the summary, how many people it has, and how they are decided."""

    match: Match
    total: int
    privileged: int
    open: int
    link: int
    separate: int

    @property
    def is_decidable(self) -> bool:
        """Whether there is something to decide."""
        return self.match in DECIDABLE


def summary(connection: Connection) -> list[Line]:
    """Count the people of a connection by match and decision, by one statement."""
    rows = Candidate.objects.filter(connection=connection).order_by().values_list("match")
    conditions = [Q(), Q(privileged=True), *(Q(decision=decision) for decision in Decision)]
    counts = {f"count{n}": Count("pk", filter=one) for n, one in enumerate(conditions)}
    found = {match: numbers for match, *numbers in rows.annotate(**counts)}
    return [Line(match, *found[match.value]) for match in Match if match.value in found]


@dataclass(frozen=True, slots=True)
class Shown:
    """One person as a row of the list."""

    row: Candidate
    account: str
    privileges: str

    @property
    def is_decidable(self) -> bool:
        """Whether there is something to decide."""
        return self.row.match in DECIDABLE

    @property
    def is_done(self) -> bool:
        """Whether the connection has the account by now."""
        user = self.row.user
        return user is not None and user.connection_id == self.row.connection_id


def shown(rows: Sequence[Candidate], site: AdminSite) -> list[Shown]:
    """Return people with the way to their accounts and what privileges these have now."""
    accounts = [row.user for row in rows if row.user is not None]
    words = privileges(accounts)
    return [
        Shown(
            row,
            link(site, ScimUser, row.user.pk, row.user.user_name) if row.user else "",
            words.get(row.user.pk, "") if row.user else "",
        )
        for row in rows
    ]


def privileges(accounts: Sequence[ScimUser]) -> dict[Any, str]:
    """Return in words why accounts need more than a decision, by their SCIM ids."""
    keys = [account.user_id for account in accounts]
    users = get_user_model()._default_manager.in_bulk(keys)
    protected = set(ownership.protected_among(list(users.values())))
    holding = ownership.holding_among(keys)
    told = {key: _privileges(user, key in holding) for key, user in users.items()}
    # Whose account is protected, and says no reason itself, is an acting user.
    told |= {key: _("acts for a connection") for key in protected if not told.get(key)}
    return {account.pk: told.get(account.user_id, "") for account in accounts}


def _privileges(user: Any, holds: bool) -> str:
    reasons = (
        (_("superuser"), getattr(user, "is_superuser", False)),
        (_("staff"), getattr(user, "is_staff", False)),
        (_("permissions or a role"), holds),
    )
    return ", ".join(reason for reason, is_so in reasons if is_so)


def as_csv(rows: QuerySet[Candidate]) -> Iterator[str]:
    """Return people as a table; cells that a spreadsheet takes for a formula are defused."""
    return table(COLUMNS, _batches(rows))


def _batches(rows: QuerySet[Candidate]) -> Iterator[list[list[Any]]]:
    last = 0
    named = rows.order_by("pk").annotate(told=_told())
    names = ("position", "user_name", "email", "external_id", "told", "user__user_name")
    values = named.values_list("pk", *names, "privileged", "decision", "decided", "decided_by")
    while batch := list(values.filter(pk__gt=last)[:BATCH]):
        yield [cells for _key, *cells in batch]
        last = batch[-1][0]


def _told() -> Case:
    """Return the match, and of whom cannot be created the reason."""
    return Case(When(match=Match.UNUSABLE, then="reason"), default="match")
