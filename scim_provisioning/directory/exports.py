"""Whom an identity provider is about to send, by the export of its people.

An export is a table as Okta, Entra ID and others write it: which column is what is told by
its head, and nothing has to be renamed.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from scim_provisioning import conf

from .people import Person

USER_NAMES = (
    *("username", "userprincipalname", "oktausername", "login", "userlogin", "upn"),
    *("signinname", "loginname"),
)
EMAILS = (
    *("email", "mail", "primaryemail", "emailaddress", "useremail", "workemail"),
    *("emails0value", "emailsvalue"),
)
EXTERNAL_IDS = ("externalid", "objectid", "userid", "oktauserid", "id")
BRACKETED = re.compile(r"\S\s+\[(\w+)\]")
"""A head such as Entra's templates have: ``User name [userPrincipalName] Required``."""
VERSION = "version:"
"""What the first line of these begins with."""
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
SEPARATORS = (",", ";", "\t")


class Unreadable(ValueError):
    """An export that cannot be read; the message tells people why."""


@dataclass(frozen=True, slots=True)
class Export:
    """An export that was looked through: it holds no surprise any more.

    ``columns`` are the heads of the user name, the address and the external id; None where
    there is no such column.
    """

    text: str
    separator: str
    columns: tuple[str | None, str | None, str | None]
    places: tuple[int | None, int | None, int | None]
    skipped: int
    count: int

    def people(self) -> Iterator[Person]:
        """Yield whom it names."""
        for position, cells in _lines(self.text, self.separator, self.skipped):
            yield Person(position, *(_cell(cells, place) for place in self.places))


def read(content: bytes, user_name_column: str = "") -> Export:
    """Look an export through, line by line; raise Unreadable.

    ``user_name_column`` is the head of the column that the identity provider sends as
    ``userName``, where that is not the one with the usual name.
    """
    site = conf.current()
    if len(content) > site.preview_size:
        most = site.preview_size // (1024 * 1024)
        raise Unreadable(_("The file is larger than %(most)d MB.") % {"most": most})
    text = _decoded(content)
    separator = max(SEPARATORS, key=text[: text.find("\n") + 1 or None].count)
    rows = _lines(text, separator, 0)
    skipped, heads = next(rows, (0, []))
    if heads and heads[0].lower().startswith(VERSION):
        skipped, heads = next(rows, (0, []))
    places = _places(heads, user_name_column)
    count = sum(1 for _row in rows)
    if count > site.preview_people:
        most = site.preview_people
        raise Unreadable(_("The file has more than %(most)d lines.") % {"most": most})
    columns = tuple(None if place is None else heads[place] for place in places)
    return Export(text, separator, columns, places, skipped, count)  # type: ignore[arg-type]


def _decoded(content: bytes) -> str:
    encoding = next((name for mark, name in MARKS if content.startswith(mark)), "utf-8")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise Unreadable(
            _("The file is no text in UTF-8. A spreadsheet saves such a file as “CSV UTF-8”.")
        )
    return text


def _lines(text: str, separator: str, skipped: int) -> Iterator[tuple[int, list[str]]]:
    """Yield the lines that say something behind those skipped, numbered as an editor does."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        for cells in reader:
            if reader.line_num > skipped and any(cells):
                yield reader.line_num, cells
    except csv.Error as error:
        raise Unreadable(
            _("Line %(line)d is no line of a table: %(reason)s.")
            % {"line": reader.line_num, "reason": error}
        ) from None


def _places(heads: Sequence[str], named: str) -> tuple[int | None, int | None, int | None]:
    known = [_plain(head) for head in heads]
    wanted = (_plain(named),) if named.strip() else USER_NAMES
    user_name, email, external_id = (
        next((known.index(name) for name in names if name in known), None)
        for names in (wanted, EMAILS, EXTERNAL_IDS)
    )
    if user_name is None:
        shown = ", ".join(head[:40] for head in heads[:20])
        raise Unreadable(
            _(
                "No column of the file has the user names. Its first line has to name one of its"
                " columns “userName”, “login” or “userPrincipalName”; it has: %(heads)s"
            )
            % {"heads": shown or "-"}
        )
    return user_name, email, external_id


def _plain(head: str) -> str:
    inner = BRACKETED.search(head)
    return re.sub(r"[\W_]", "", inner[1] if inner else head).lower()


def _cell(cells: Sequence[str], place: int | None) -> str:
    return cells[place].strip() if place is not None and place < len(cells) else ""
