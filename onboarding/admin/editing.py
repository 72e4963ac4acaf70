"""The page of one text: saved, laid out anew, previewed; what was typed is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _

from onboarding import services
from onboarding.models import OnboardingConfiguration
from onboarding.models.configuration import ALL_SOURCES
from onboarding.schema import InvalidDocument

from .base import may_allow_administrators
from .forms import EXAMPLE, ActionsForm, as_typed, asked_source, sources, without_configuration
from .previews import Outcome, outcome_of
from .texts import troubles

if TYPE_CHECKING:
    from .configurations import OnboardingConfigurationAdmin


class Editor:
    """One request for the page; ``configuration`` is None where a source has no text yet."""

    def __init__(
        self,
        page: OnboardingConfigurationAdmin,
        request: HttpRequest,
        configuration: OnboardingConfiguration | None,
    ) -> None:
        self.page, self.request, self.configuration = page, request, configuration
        self.newest = configuration.revisions.order_by("-id").first() if configuration else None
        self.is_open = configuration is None or page.has_change_permission(request, configuration)
        self.outcome: Outcome | None = None
        self.form = ActionsForm(
            request.POST if request.method == "POST" else None,
            initial=self._initial(),
            configuration=configuration,
            may_allow=may_allow_administrators(request),
            is_open=self.is_open,
        )

    def _initial(self) -> dict[str, Any]:
        if self.configuration is None:
            source = asked_source(self.request)
            if source is None:
                source = next(iter(without_configuration()), ALL_SOURCES)
            inherited = services.current(source)
            return {"source": source, "text": inherited.text if inherited else EXAMPLE,
                    "enabled": True, "base": ""}  # fmt: skip
        newest = self.newest
        return {
            "text": as_typed(newest.text) if newest else EXAMPLE,
            "enabled": self.configuration.enabled,
            "administrator_allowed": newest.administrator_allowed if newest else False,
            "base": str(newest.pk) if newest else "",
        }

    def respond(self) -> HttpResponse:
        """Show the page, or do what a button of it asks for."""
        if self.request.method == "POST":
            if not self.is_open:
                raise PermissionDenied
            if not self.form.is_valid():
                self.form.check_text()
            elif response := self._act():
                return response
        return self._page()

    def _act(self) -> HttpResponse | None:
        form = self.form
        if "_format" in self.request.POST:
            form.lay_out()
        elif "_preview" in self.request.POST:
            if form.check_text() and form.document is not None:
                self.outcome = outcome_of(form.document)
        elif not self._is_new_text() or form.check_text():
            return self._save()
        return None

    def _is_new_text(self) -> bool:
        """Whether a text is to be published: what is not right any more can be switched off."""
        changed = {"text", "administrator_allowed"} & set(self.form.changed_data)
        return self.newest is None or bool(changed)

    def _save(self) -> HttpResponse | None:
        try:
            with transaction.atomic():
                changed = self._publish()
        except InvalidDocument as error:
            # A role went between the check and now.
            self.form.refuse(error)
            return None
        if changed:
            messages.success(self.request, _("The configuration was saved."))
        else:
            messages.info(self.request, _("Nothing has changed."))
        assert self.configuration is not None
        return HttpResponseRedirect(self.page.link("change", self.configuration.pk))

    def _publish(self) -> bool:
        """Write what has changed; return whether anything has."""
        values, is_new = self.form.cleaned_data, self.configuration is None
        changed = self._is_new_text()
        if changed:
            source = values["source"] if self.configuration is None else self.configuration.source
            allowed = values.get("administrator_allowed", False)
            revision = services.publish(
                values["text"], self.request.user, source, administrator_allowed=allowed
            )
            self.configuration = revision.configuration
        assert self.configuration is not None
        if self.configuration.enabled != values["enabled"]:
            self.configuration.enabled = values["enabled"]
            self.configuration.save(update_fields=["enabled"])
            changed = True
        if changed:
            log = self.page.log_addition if is_new else self.page.log_change
            log(self.request, self.configuration, "saved")
        return changed

    def _page(self) -> HttpResponse:
        form, names = self.form, sources()
        key = self.configuration.source if self.configuration else form["source"].value()
        text = str(form["text"].value())
        return self.page.render(
            self.request,
            "edit",
            original=self.configuration,
            title=_("First Login Actions"),
            subtitle=names.get(key, key),
            form=form,
            newest=self.newest,
            is_open=self.is_open,
            outcome=self.outcome,
            troubles=list(troubles(text, form.problems)),
        )
