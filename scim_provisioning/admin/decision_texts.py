"""What the pages of the import preview ask before a decision, and say after it."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from scim_provisioning.models import Connection, Decision


def asked(
    decision: Decision, connection: Connection, count: int
) -> tuple[str, str, str, list[str]]:
    """Return title, question, the answer yes, and what follows from a decision."""
    facts = {"count": count, "name": connection}
    match decision:
        case Decision.LINK:
            question = ngettext(
                "Link %(count)d person to the account that matches?",
                "Link %(count)d people to the accounts that match?",
                count,
            )
            lines = [
                _(
                    "From its next write on, %(name)s changes, disables and deletes these accounts"
                    " like its own."
                ),
                _("Their user names and attributes become those that it sends."),
                _("Roles, groups, passwords and ways to sign in stay as they are."),
                _("Who has several accounts is left out: choose one on that person's page."),
            ]
            return _("Link"), question % facts, _("Yes, link"), [line % facts for line in lines]
        case Decision.SEPARATE:
            question = ngettext(
                "Keep %(count)d person separate from the account that matches?",
                "Keep %(count)d people separate from the accounts that match?",
                count,
            )
            lines = [
                _("Who has another user name gets an account of their own."),
                _("Who has the same user name is refused, until one of both is renamed."),
            ]
            return _("Keep separate"), question % facts, _("Yes, keep them separate"), lines
    question = ngettext(
        "Take back what was decided about %(count)d person?",
        "Take back what was decided about %(count)d people?",
        count,
    )
    lines = [_("Accounts that are linked already stay so.")]
    return _("Undo"), question % facts, _("Yes, take it back"), lines


def with_privilege(count: int) -> str:
    """Say that accounts with privileges are linked too."""
    text = ngettext(
        "%d of the accounts has privileges, and is linked all the same.",
        "%d of the accounts have privileges, and are linked all the same.",
        count,
    )
    return text % count


def left_for_privilege(count: int) -> str:
    """Say that accounts with privileges wait for somebody else."""
    text = ngettext(
        "%d account with privileges is left to somebody who may allow links.",
        "%d accounts with privileges are left to somebody who may allow links.",
        count,
    )
    return text % count


def taken(count: int) -> str:
    """Say that accounts are somebody else's by now."""
    text = ngettext(
        "%d account is linked to another person, or to another connection.",
        "%d accounts are linked to other people, or to another connection.",
        count,
    )
    return text % count
