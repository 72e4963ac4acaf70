"""The administrator's pages of signing in: providers, identities, and who came in."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.widgets import AdminURLFieldWidget
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from scim_provisioning import outbound
from scim_provisioning.admin.base import Page, ReadOnlyPage
from scim_provisioning.admin.facts import ended_tokens
from scim_provisioning.models import OIDCApplication
from scim_provisioning.outbound import OutboundError

from .models import Identity, SamlProvider, SignInEvent
from .paths import site
from .rule import Way
from .saml.metadata import read

SOON = timedelta(days=30)
MOST_SHOWN = 10


def fetch_metadata(url: str) -> str:
    """Return metadata from its URL; raise ValidationError."""
    try:
        return outbound.get(url).body.decode()
    except (OutboundError, UnicodeError) as problem:
        raise ValidationError(
            _("The metadata was not fetched: %(problem)s"), params={"problem": problem}
        ) from None


class SamlProviderForm(forms.ModelForm):  # type: ignore[type-arg]
    """A provider whose metadata comes from its URL, a file, or is pasted."""

    metadata_url = forms.URLField(
        label=_("Metadata URL"),
        required=False,
        max_length=500,
        assume_scheme="https",
        widget=AdminURLFieldWidget(),
    )
    metadata_file = forms.FileField(label=_("Metadata file"), required=False)

    class Meta:
        model = SamlProvider
        fields = ("name", "slug")
        widgets = {"sign_in_connections": forms.CheckboxSelectMultiple}

    def clean(self) -> dict[str, Any] | None:
        """Take the metadata from where it is, and what it says into the row."""
        data = super().clean() or self.cleaned_data
        try:
            data["metadata"] = self._metadata(data)
            found = read(data["metadata"])
        except ValidationError as error:
            self.add_error("metadata", error)
            return data
        row = self.instance
        row.entity_id, row.certificate_expires = found.entity_id, found.certificate_expires
        if SamlProvider.objects.filter(entity_id=found.entity_id).exclude(pk=row.pk).exists():
            self.add_error("metadata", _("Another provider has this entity id."))
        return data

    def _metadata(self, data: dict[str, Any]) -> str:
        if file := data.get("metadata_file"):
            try:
                return str(file.read(outbound.MOST_BYTES).decode())
            except UnicodeError:
                raise ValidationError(_("The file is no text.")) from None
        given = str(data.get("metadata") or "")
        if (url := data.get("metadata_url")) and (not given or "metadata_url" in self.changed_data):
            return fetch_metadata(url)
        if not given:
            raise ValidationError(_("Give the metadata: its URL, a file, or the text itself."))
        return given


@admin.register(SamlProvider)
class SamlProviderAdmin(Page):
    """SAML identity providers, each with the values to paste into it."""

    form = SamlProviderForm
    list_display = ("name", "enabled", "entity_id", "certificate")
    prepopulated_fields = {"slug": ("name",)}
    readonly_fields = ("to_paste", "entity_id", "certificate")
    actions = ("refresh",)
    fieldsets = (
        (None, {"fields": ("name", "slug", "enabled")}),
        (_("Values to paste into the identity provider"), {"fields": ("to_paste",)}),
        (
            _("Metadata of the identity provider"),
            {
                "fields": (
                    *("metadata_url", "metadata_file", "metadata"),
                    *("entity_id", "certificate"),
                )
            },
        ),
        (
            _("Who signs in"),
            {
                "fields": (
                    *("sign_in_connections", "match_claim", "match_attribute"),
                    "create_unknown_users",
                )
            },
        ),
    )

    def get_form(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Know the site's address, which the values to paste begin with."""
        self._site = site(request)
        return super().get_form(request, *args, **kwargs)

    @admin.display(description=_("values"))
    def to_paste(self, obj: SamlProvider) -> SafeString:
        """Show each value under the names that Okta and Entra have for it."""
        rows = [
            (_("Single sign-on URL (Okta), Reply URL (Entra)"), "saml2_acs"),
            (_("Audience URI (Okta), Identifier (Entra)"), "saml2_metadata"),
            (_("Single Logout URL (Okta), Logout Url (Entra)"), "saml2_ls"),
            (_("Metadata of this site"), "saml2_metadata"),
        ]
        shown = ((label, self._site + reverse(name)) for label, name in rows)
        return format_html(
            "<dl>{}</dl>", format_html_join("", "<dt>{}</dt><dd><code>{}</code></dd>", shown)
        )

    @admin.display(description=_("certificate expires"), ordering="certificate_expires")
    def certificate(self, obj: SamlProvider) -> str:
        """Show the end of the certificate that ends first."""
        if (end := obj.certificate_expires) is None:
            return "-"
        day = date_format(end, "DATE_FORMAT")
        if end < timezone.now():
            return gettext("%(day)s: it has expired") % {"day": day}
        return gettext("%(day)s: soon") % {"day": day} if end < timezone.now() + SOON else day

    @admin.action(description=_("Fetch the metadata again"), permissions=["change"])
    def refresh(self, request: HttpRequest, queryset: QuerySet[SamlProvider]) -> None:
        """Take new certificates over; what cannot be read changes nothing."""
        for row in queryset.exclude(metadata_url=""):
            try:
                metadata = fetch_metadata(row.metadata_url)
                found = read(metadata)
            except ValidationError as error:
                messages.error(request, f"{row}: {' '.join(error.messages)}")
                continue
            if found.entity_id != row.entity_id:
                messages.error(request, _("%(name)s: it is of another entity now.") % {"name": row})
                continue
            row.metadata, row.certificate_expires = metadata, found.certificate_expires
            row.save(update_fields=["metadata", "certificate_expires"])
            messages.success(request, _("%(name)s: fetched.") % {"name": row})


def providers() -> list[tuple[str, str]]:
    """Return what an identity can be linked to: way and issuer, and a name."""
    none = ("", "-" * 9)
    saml = [(Way.SAML, row.entity_id, row.name) for row in SamlProvider.objects.all()]
    oidc = [(Way.OIDC, r.issuer, r.name) for r in OIDCApplication.objects.filter(sign_in=True)]
    found = [(f"{way} {issuer}", f"{name} ({way.label})") for way, issuer, name in [*oidc, *saml]]
    return [none, *found]


class IdentityForm(forms.ModelForm):  # type: ignore[type-arg]
    """A link that an administrator makes."""

    provider = forms.ChoiceField(label=_("identity provider"), choices=providers, required=False)

    class Meta:
        model = Identity
        fields = ("subject",)

    def clean(self) -> dict[str, Any] | None:
        """Take way and issuer from the choice; an empty subject waits for the next sign-in."""
        data = super().clean() or self.cleaned_data
        if self.instance.pk is None:
            if not data.get("provider"):
                raise ValidationError(_("Choose the identity provider."))
            way, _space, issuer = data["provider"].partition(" ")
            self.instance.way, self.instance.issuer = way, issuer
        data["subject"] = (data.get("subject") or "").strip() or None
        return data


class IdentityInline(admin.StackedInline):  # type: ignore[type-arg]
    """The identities of a user: added as links, removed, never changed."""

    model = Identity
    form = IdentityForm
    extra = 1
    readonly_fields = ("origin", "created", "last_used")
    verbose_name_plural = _("identities that sign this user in")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """The provider is a choice in new rows, and a fact in others."""
        return ("provider", "subject", *self.readonly_fields)

    def _may(self, request: HttpRequest, obj: Any) -> bool:
        # Whoever holds a link to an account is that account.
        is_staff = obj is not None and (obj.is_staff or obj.is_superuser)
        return bool(request.user.is_superuser or not is_staff)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Links to staff are made by superusers."""
        return self._may(request, obj) and super().has_add_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """And taken away by them."""
        return self._may(request, obj) and super().has_delete_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Bound is bound: remove it, and link anew."""
        return False


@admin.register(SignInEvent)
class SignInEventAdmin(ReadOnlyPage):
    """Who signed in or did not, and the true reason."""

    list_display = ("time", "user", "way", "provider", "subject", "result", "address")
    list_filter = ("way", "reason")
    list_select_related = ("user",)
    search_fields = ("=request_id", "=user__username", "=subject")

    @admin.display(description=_("result"), ordering="reason")
    def result(self, obj: SignInEvent) -> str:
        """Show success, or the reason against it."""
        return obj.get_reason_display() if obj.reason else gettext("Signed in")


def sign_ins(user: Any) -> SafeString | str:
    """Return the last sign-ins of a user, as a list."""
    rows = [
        (date_format(timezone.localtime(row.time), "DATETIME_FORMAT"), row.get_way_display(),
         row.provider, row.get_reason_display() if row.reason else gettext("Signed in"))
        for row in user.sign_ins.all()[:MOST_SHOWN]
    ]  # fmt: skip
    items = format_html_join("", "<li>{}: {} {}, {}</li>", rows)
    return format_html("<ul>{}</ul>", items) if items else "-"


def ended(user: Any) -> str:
    """Return when a user's access was ended last, and what that ended."""
    row = getattr(user, "scim", None)
    if row is None or (moment := row.credentials_valid_after) is None:
        return gettext("Never")
    tokens = ended_tokens(user.pk, moment)
    began = moment - timedelta(seconds=settings.SESSION_COOKIE_AGE)
    sessions = user.sign_ins.filter(reason="", time__lte=moment, time__gt=began)
    return gettext("%(time)s: %(tokens)d tokens, and the sessions of %(sessions)d sign-ins") % {
        "time": date_format(timezone.localtime(moment), "DATETIME_FORMAT"),
        "tokens": tokens.count(),
        "sessions": sessions.count(),
    }
