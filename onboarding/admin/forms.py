"""The form of First Login Actions: a text that is kept as typed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.contrib.auth import get_user_model
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from onboarding import conf, services
from onboarding.models import OnboardingConfiguration, OnboardingRevision
from onboarding.models.configuration import ALL_SOURCES
from onboarding.schema import Document, InvalidDocument, Problem, formatted

EXAMPLE = """\
{
  "roleName": "Business User",
  "sendWelcomeMailToUser": false,
  "updatePreferences": false,
  "defaultEntities": {}
}
"""


def as_typed(text: str) -> str:
    """Return a text with the line ends that were typed: browsers send CR LF."""
    return text.replace("\r\n", "\n")


class ActionsField(forms.Field):
    """The text; a reader of its own tells what is wrong with it."""

    widget = forms.Textarea(
        attrs={
            "rows": 12,
            "cols": 80,
            "spellcheck": "false",
            "autocapitalize": "off",
            "autocomplete": "off",
            "class": "first-login-actions",
        }
    )

    def to_python(self, value: Any) -> str:
        """Return what was typed."""
        return as_typed(str(value or ""))


def sources() -> dict[str, str]:
    """Return what a configuration can be for, with names."""
    return {ALL_SOURCES: str(_("All sources")), **conf.sources()}


def asked_source(request: HttpRequest) -> str | None:
    """Return the source that an address names, None for none and for what none is called."""
    source = request.GET.get("source")
    return None if source is None or "\0" in source else source


def without_configuration() -> dict[str, str]:
    """Return the sources that have no configuration of their own yet."""
    taken = set(OnboardingConfiguration.objects.values_list("source", flat=True))
    return {key: name for key, name in sources().items() if key not in taken}


class BasedForm(forms.Form):
    """A form that was made of the newest text: nobody overwrites unseen what others saved since."""

    base = forms.CharField(widget=forms.HiddenInput, required=False)
    moved: Any
    """What to say where somebody has saved another text meanwhile."""

    def typed(self) -> dict[str, Any]:
        """Return what was sent, each field once."""
        return {name: self.data[name] for name in self.data}

    def clean(self) -> None:
        """Refuse what was made of an older text; sent again it is of the newest."""
        if self.cleaned_data.get("base") != self.initial["base"]:
            self.data = {**self.typed(), "base": self.initial["base"]}
            raise forms.ValidationError(self.moved)


class ActionsForm(BasedForm):
    """First Login Actions of one source; ``problems`` says what is wrong with the text."""

    source = forms.ChoiceField(label=_("Applies to"), required=False)
    text = ActionsField(label=_("First Login Actions"), required=False)
    enabled = forms.BooleanField(
        label=_("Enabled"),
        required=False,
        help_text=_("Switched off it is as if it were not there; what it gave stays."),
    )
    administrator_allowed = forms.BooleanField(
        label=_("May make administrators"),
        required=False,
        help_text=_("Only for a role of Administrator's rank: each new user gets it."),
    )
    moved = _("Somebody saved another text meanwhile: see the history. Save again to replace it.")

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        initial: dict[str, Any],
        configuration: OnboardingConfiguration | None,
        may_allow: bool,
        is_open: bool,
    ) -> None:
        super().__init__(data, initial=initial)
        self.problems: Sequence[Problem] = ()
        self.document: Document | None = None
        if configuration is not None:
            del self.fields["source"]
        else:
            source: Any = self.fields["source"]
            source.choices = list(without_configuration().items())
        if not may_allow:
            del self.fields["administrator_allowed"]
        if not is_open:
            self.fields["text"].widget.attrs["readonly"] = True
            self.fields["enabled"].disabled = True

    def clean_source(self) -> str:
        """Refuse a second configuration for all sources, whose key counts as nothing chosen."""
        source: str = self.cleaned_data["source"]
        field: Any = self.fields["source"]
        if source not in dict(field.choices):
            raise forms.ValidationError(_("There is a configuration for it already: change that."))
        return source

    def check_text(self) -> bool:
        """Whether the text is First Login Actions; ``document`` or ``problems`` tell more."""
        try:
            allowed = self.cleaned_data.get("administrator_allowed", False)
            text = self.cleaned_data["text"]
            self.document = services.validate(text, administrator_allowed=allowed)
        except InvalidDocument as error:
            self.refuse(error)
        return not self.problems

    def lay_out(self) -> None:
        """Lay the text out anew, as far as it is JSON."""
        try:
            self.data = {**self.typed(), "text": formatted(self.cleaned_data["text"])}
        except InvalidDocument as error:
            self.refuse(error)

    def refuse(self, error: InvalidDocument) -> None:
        """Keep what is wrong with the text."""
        self.problems = error.problems
        self.add_error("text", _("The text has to be corrected."))


class RollbackForm(BasedForm):
    """The question whether an earlier text is to be in force again."""

    administrator_allowed = forms.BooleanField(
        label=_("Each new user is to be an administrator, as that text says")
    )
    moved = _("Somebody saved another text meanwhile: this is what would change now.")

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, newest: OnboardingRevision, may_allow: bool
    ) -> None:
        super().__init__(data, initial={"base": str(newest.pk)})
        if not may_allow:
            del self.fields["administrator_allowed"]


class PreviewForm(forms.Form):
    """Which user a preview is for."""

    source = forms.ChoiceField(label=_("Source of the user"), required=False)
    user_name = forms.CharField(
        label=_("User name"), required=False, help_text=_("Empty for a new user.")
    )

    def __init__(self, data: Mapping[str, Any]) -> None:
        super().__init__(data)
        source: Any = self.fields["source"]
        source.choices = list(sources().items())

    def clean_user_name(self) -> Any:
        """Return the user who is named, None for a new one."""
        name = self.cleaned_data["user_name"]
        if not name:
            return None
        model = get_user_model()
        try:
            return model._default_manager.get_by_natural_key(name)
        except model.DoesNotExist:
            raise forms.ValidationError(_("There is no user of that name.")) from None
