"""OIDC applications: entered, tested, and their tokens explained."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.decorators import method_decorator
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables

from scim_provisioning import applications
from scim_provisioning.auth import connection_test
from scim_provisioning.auth.client_credentials import explain
from scim_provisioning.auth.discovery import ENDPOINTS
from scim_provisioning.models import OIDCApplication
from scim_provisioning.models.oidc import ASYMMETRIC

from .base import ConfiguringPage
from .facts import address
from .secrets import ask_first, respond


class LinesField(forms.CharField):
    """A list of texts, one per line."""

    widget = forms.Textarea(attrs={"rows": 3})

    def prepare_value(self, value: Any) -> Any:
        """Show a list as lines."""
        return "\n".join(map(str, value)) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        """Read lines as a list; empty ones count for nothing."""
        return [line.strip() for line in (value or "").splitlines() if line.strip()]

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare the lists."""
        return bool((initial or []) != self.to_python(data))


class ApplicationForm(forms.ModelForm):  # type: ignore[type-arg]
    """An application; its secret is written and never shown."""

    client_secret = forms.CharField(
        label=_("client secret"),
        required=False,
        strip=True,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("Kept encrypted and never shown. Leave it empty to keep what is stored."),
    )
    remove_secret = forms.BooleanField(label=_("remove the stored secret"), required=False)
    audiences = LinesField(
        label=_("audiences"),
        required=False,
        help_text=_("One per line. A token has to name one of them."),
    )
    algorithms = forms.MultipleChoiceField(
        label=_("signing algorithms"),
        choices=[(name, name) for name in ASYMMETRIC],
        widget=forms.CheckboxSelectMultiple,
    )

    class Meta:
        model = OIDCApplication
        fields = ("name", "issuer")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "mapped_user" in self.fields:
            field: Any = self.fields["mapped_user"]
            users = get_user_model()._default_manager
            field.queryset = users.filter(scim_connection__isnull=False) | users.filter(
                pk=self.instance.mapped_user_id
            )

    def clean(self) -> dict[str, Any] | None:
        """Fill in what the issuer tells, and take the secret to where it is kept."""
        data = super().clean() or self.cleaned_data
        if "issuer" in self.changed_data and self.instance.pk:
            # What was found at another issuer is not this one's.
            found = applications.NONE_FOUND.items()
            data |= {name: none for name, none in found if name not in self.changed_data}
        try:
            if data.get("enabled"):
                data |= applications.fill_endpoints(data.get("issuer", ""), data)
            if data.get("client_secret") or data.get("remove_secret"):
                applications.set_secret(self.instance, data.get("client_secret") or "")
            elif self.instance.encrypted_client_secret and applications.leads_elsewhere(
                self.initial, data
            ):
                self.add_error("client_secret", _("It was for another host: enter it again."))
        except ValidationError as error:
            self.add_error(None, error)
        return data


class ExplainForm(forms.Form):
    """A token to be explained."""

    token = forms.CharField(
        label=_("Token"),
        max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 8, "autocomplete": "off", "spellcheck": "false"}),
        help_text=_("It is neither stored nor logged. End it at the issuer if others saw it."),
    )


class ConnectionTestForm(forms.Form):
    """What to test."""

    fetch = forms.BooleanField(
        label=_("Fetch a token too"),
        required=False,
        help_text=_("With the client id and secret of this application, as the client would."),
    )
    scope = forms.CharField(label=_("Scope"), required=False, max_length=500)
    resource = forms.CharField(
        label=_("Resource"),
        required=False,
        max_length=500,
        help_text=_("For issuers that know RFC 8707; empty for Okta and Entra."),
    )


def _sent(request: HttpRequest) -> Any:
    return request.POST if request.method == "POST" else None


@admin.register(OIDCApplication)
class OIDCApplicationAdmin(ConfiguringPage):
    """One client at one issuer each."""

    form = ApplicationForm
    list_display = ("name", "enabled", "preset", "issuer", "mapped_user", "sign_in", "last_used")
    list_filter = ("enabled", "preset")
    list_select_related = ("mapped_user",)
    search_fields = ("name", "issuer", "token_identifier")
    readonly_fields = ("secret_state", "last_used", "last_address", "created")
    actions = ("disable",)
    change_list_template = "scim_provisioning/application_list.html"
    change_form_template = "scim_provisioning/application_form.html"
    fieldsets = (
        (None, {"fields": ("name", "enabled", "preset", "kind", "issuer")}),
        (
            _("Client credentials"),
            {
                "fields": (
                    *("token_claim", "token_identifier", "mapped_user", "audiences"),
                    *("required_scopes", "rights"),
                ),
                "description": _("The client's tokens open the API as the mapped user."),
            },
        ),
        (
            _("Client"),
            {
                "fields": (
                    *("client_id", "client_secret", "secret_state", "remove_secret"),
                    "introspection",
                ),
                "description": _("For sign-in, introspection and testing."),
            },
        ),
        (
            _("Signing in"),
            {
                "fields": (
                    *("sign_in", "slug", "sign_in_scopes", "sign_in_connections"),
                    *("match_claim", "match_attribute", "create_unknown_users"),
                )
            },
        ),
        (
            _("Endpoints"),
            {
                "fields": (*ENDPOINTS, "requires_iss"),
                "description": _("Leave them empty: the issuer tells them when you save."),
            },
        ),
        (
            _("Rules for tokens"),
            {"fields": ("algorithms", "require_at_jwt", "leeway", "max_token_age")},
        ),
        (_("Use"), {"fields": ("last_used", "last_address", "created")}),
    )

    @admin.display(description=_("stored secret"))
    def secret_state(self, obj: OIDCApplication) -> str:
        """Whether a secret is stored."""
        return str(_("There is one.") if obj.encrypted_client_secret else _("There is none."))

    @admin.action(description=_("Disable: the next request is refused"), permissions=["change"])
    def disable(
        self, request: HttpRequest, queryset: QuerySet[OIDCApplication]
    ) -> HttpResponse | None:
        """Ask, and take no tokens of these applications, and sign nobody in by them."""
        rows = list(queryset.filter(enabled=True))
        question = gettext(
            "Disable these? Their tokens are refused from the next request on, and whom they signed"
            " in is signed out."
        )
        title, yes = gettext("Disable"), gettext("Yes, disable")
        if (page := ask_first(self, request, "disable", rows, title, question, yes)) is not None:
            return page
        for row in rows:
            # One by one: others hear of a save, and end what people opened with it.
            row.enabled = False
            row.save(update_fields=["enabled"])
            self.log_change(request, row, "Disabled.")
        count: Any = len(rows)
        text = ngettext(
            "%(count)d application disabled.", "%(count)d applications disabled.", count
        )
        messages.success(request, text % {"count": count})
        return None

    def get_urls(self) -> list[URLPattern]:
        """Add the two tools."""
        name = "scim_provisioning_oidcapplication"
        return [
            path(
                "explain/",
                self.admin_site.admin_view(self.explain_view),
                name=f"{name}_explain",
            ),
            path("<int:pk>/test/", self.admin_site.admin_view(self.test_view), name=f"{name}_test"),
            *super().get_urls(),
        ]

    @method_decorator([never_cache, sensitive_post_parameters("token")])
    @sensitive_variables()
    def explain_view(self, request: HttpRequest) -> HttpResponse:
        """Show which checks a token passes, why it fails others, and what helps."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        form = ExplainForm(_sent(request))
        steps = explain(form.cleaned_data["token"].strip()) if form.is_valid() else []
        # Not even the page that it was sent from shows the token again.
        shown = form if form.errors else ExplainForm()
        return self._tool(request, _("Explain a token"), shown, steps)

    @method_decorator(never_cache)
    @sensitive_variables()
    def test_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask the issuer what a connection needs, and for a token where that is wished."""
        row = self.get_object(request, str(pk))
        if row is None:
            raise Http404
        if not self.has_change_permission(request, row):
            raise PermissionDenied
        form = ConnectionTestForm(
            _sent(request), initial={"scope": connection_test.default_scope(row)}
        )
        steps = []
        if form.is_valid():
            asked = form.cleaned_data
            steps = connection_test.check(row)
            if asked["fetch"]:
                steps += connection_test.fetch(row, asked["scope"], asked["resource"])
        return self._tool(request, _("Test connection"), form, steps, row)

    def _tool(
        self, request: HttpRequest, title: Any, form: forms.Form, steps: Any, row: Any = None
    ) -> HttpResponse:
        context: dict[str, Any] = {"form": form, "steps": steps}
        if row is not None:
            own = address(self.admin_site, OIDCApplication, "change", row.pk)
            context["trail"] = [(str(row), own)]
        return respond(self, request, "application_tool", title, **context)
