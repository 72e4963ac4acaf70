"""People whom an identity provider is about to send, each with the local account that matches."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .connection import Connection
from .ordering import KeyField
from .user import ScimUser

LONGEST_NAME, LONGEST_EMAIL, LONGEST_ID = 256, 320, 256


class Source(models.TextChoices):
    """Where it is known from that a person will come."""

    EXPORT = "export", _("The identity provider's export")
    REFUSED = "refused", _("A write refused while paused")


class Match(models.TextChoices):
    """What the comparison with the accounts came to."""

    USER_NAME = "user_name", _("Same user name")
    EXTERNAL_ID = "external_id", _("Same external id")
    EMAIL = "email", _("Same e-mail address")
    AMBIGUOUS = "ambiguous", _("More than one account")
    FOREIGN = "foreign", _("Another connection's")
    OWN = "own", _("Linked already")
    NEW = "new", _("New")
    UNUSABLE = "unusable", _("Cannot be created")
    WAITING = "waiting", _("Not compared yet")


class Reason(models.TextChoices):
    """Why somebody cannot be created."""

    NAMELESS = "nameless", _("There is no user name.")
    LONG = "long", _("The user name is longer than 256 characters.")
    TWICE = "twice", _("The user name came before.")
    UNFIT = "unfit", _("The site's accounts cannot have such a user name.")


class Decision(models.TextChoices):
    """What an administrator wants of the account that matches."""

    OPEN = "open", _("Undecided")
    LINK = "link", _("Link")
    SEPARATE = "separate", _("Keep separate")


class Candidate(models.Model):
    """One person of a connection's import preview.

    ``user`` is the account that matches, or was chosen where several do. ``privileged`` tells
    whether it had privileges when it was compared, and of a decided one when that was decided:
    whoever decided could allow it. ``user_name_key`` is null where nobody can be created.
    """

    connection = models.ForeignKey(
        Connection,
        verbose_name=_("connection"),
        on_delete=models.CASCADE,
        related_name="candidates",
        # The indexes that begin with it do.
        db_index=False,
    )
    source = models.CharField(_("source"), max_length=10, choices=Source.choices)
    position = models.PositiveIntegerField(_("line"))
    user_name = models.CharField(_("userName"), max_length=LONGEST_NAME)
    user_name_key = KeyField(max_length=1024, null=True, editable=False)
    email = models.CharField(_("e-mail address"), max_length=LONGEST_EMAIL, blank=True)
    external_id = models.CharField(_("externalId"), max_length=LONGEST_ID, blank=True)
    match = models.CharField(
        _("match"), max_length=12, choices=Match.choices, default=Match.WAITING
    )
    reason = models.CharField(_("reason"), max_length=10, choices=Reason.choices, blank=True)
    user = models.ForeignKey(
        ScimUser,
        verbose_name=_("account"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="candidates",
    )
    privileged = models.BooleanField(_("has privileges"), default=False)
    decision = models.CharField(
        _("decision"), max_length=10, choices=Decision.choices, default=Decision.OPEN
    )
    decided = models.DateTimeField(_("decided"), null=True, blank=True)
    decided_by = models.CharField(_("decided by"), max_length=256, blank=True)
    created = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("person of an import preview")
        verbose_name_plural = _("people of import previews")
        ordering = ("id",)
        # They are for those who operate connections, whatever else people may view.
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "user_name_key"], name="scim_candidate_name"
            ),
            # One person of a connection has one account, and the other way round.
            models.UniqueConstraint(
                fields=["connection", "user"],
                name="scim_candidate_linked",
                condition=models.Q(decision=Decision.LINK),
            ),
        ]
        indexes = [
            models.Index(fields=["connection", "id"], name="scim_candidate_order"),
            models.Index(fields=["connection", "match", "id"], name="scim_candidate_match"),
        ]

    def __str__(self) -> str:
        return self.user_name
