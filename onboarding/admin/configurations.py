"""User Onboarding Configurations: First Login Actions written, compared, rolled back, previewed."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from onboarding import services
from onboarding.models import OnboardingConfiguration, OnboardingRevision
from onboarding.models.configuration import ALL_SOURCES
from onboarding.schema import InvalidDocument

from .base import Page, may_allow_administrators
from .editing import Editor
from .forms import PreviewForm, RollbackForm, asked_source, sources, without_configuration
from .previews import outcome_for
from .texts import changes, diff, troubles

MOST_DIGITS = 18
REVISIONS = 20
"""How many revisions a page of the history shows."""


@admin.register(OnboardingConfiguration)
class OnboardingConfigurationAdmin(Page):
    """One text for all sources, and one for each source that differs."""

    ordering = ("source",)
    change_list_template = "onboarding/admin/configurations.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Add who wrote the text in force, and when."""
        newest = OnboardingRevision.objects.filter(configuration=OuterRef("pk")).order_by("-id")
        author = f"author__{get_user_model().USERNAME_FIELD}"
        rows: QuerySet[Any] = super().get_queryset(request)
        rows = rows.annotate(
            since=Subquery(newest.values("created")[:1]),
            author=Subquery(newest.values(author)[:1]),
        )
        return rows

    def get_list_display(self, request: HttpRequest) -> Any:
        """Name the sources, whose keys are all that the rows know."""
        names = sources()

        @admin.display(description=gettext_lazy("applies to"), ordering="source")
        def applies_to(obj: Any) -> str:
            return names.get(obj.source) or str(obj.source)

        @admin.display(description=gettext_lazy("in force since"))
        def since(obj: Any) -> Any:
            return obj.since

        @admin.display(description=gettext_lazy("author"))
        def author(obj: Any) -> Any:
            return obj.author

        return (applies_to, "enabled", since, author)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Leave room for the buttons beside the title."""
        title = {"title": _("User Onboarding Configurations")}
        return super().changelist_view(request, {**title, **(extra_context or {})})

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Configurations are switched off: users were made by their revisions."""
        return False

    def get_urls(self) -> list[URLPattern]:
        """Add the pages around the text."""
        pages = (
            ("first-login-actions/", self.open_view, "open"),
            ("preview/", self.preview_view, "preview"),
            ("<int:pk>/rollback/<int:revision>/", self.rollback_view, "rollback"),
        )
        name = "onboarding_onboardingconfiguration_{}".format
        own = [path(p, self.admin_site.admin_view(v), name=name(n)) for p, v, n in pages]
        return [*own, *super().get_urls()]

    def link(self, page: str, *arguments: Any) -> str:
        """Return the address of one of the pages, on the site that this one is on."""
        name = f"admin:onboarding_onboardingconfiguration_{page}"
        return reverse(name, args=arguments, current_app=self.admin_site.name)

    def render(self, request: HttpRequest, template: str, **context: Any) -> HttpResponse:
        """Return a page with the looks of the site."""
        shared = {**self.admin_site.each_context(request), "opts": self.opts, "media": self.media}
        name = f"onboarding/admin/{template}.html"
        return TemplateResponse(request, name, {**shared, **context})

    def open_view(self, request: HttpRequest) -> HttpResponse:
        """Lead to the text for all sources, or to where it is written for the first time."""
        there = OnboardingConfiguration.objects.filter(source=ALL_SOURCES).first()
        target = self.link("change", there.pk) if there else self.link("add")
        return HttpResponseRedirect(target)

    def add_view(self, request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponse:
        """Write the text of a source that has none of its own."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        if request.method == "GET" and (elsewhere := self._elsewhere(request)):
            return HttpResponseRedirect(elsewhere)
        return Editor(self, request, None).respond()

    def _elsewhere(self, request: HttpRequest) -> str | None:
        """Return where the text of a source is that has one; None where there is one to add."""
        if (source := asked_source(request)) is not None:
            there = OnboardingConfiguration.objects.filter(source=source).first()
            return self.link("change", there.pk) if there else None
        if without_configuration():
            return None
        messages.info(request, _("Every source has its configuration already."))
        return self.link("changelist")

    def change_view(
        self, request: HttpRequest, object_id: str, *_args: Any, **_kwargs: Any
    ) -> HttpResponse:
        """Write the next text of a source, or read the one in force."""
        return Editor(self, request, self._configuration(request, object_id)).respond()

    def _configuration(self, request: HttpRequest, key: Any) -> Any:
        text = str(key)
        key = text if text.isdecimal() and len(text) <= MOST_DIGITS else None
        found = get_object_or_404(self.get_queryset(request), pk=key)
        if not self.has_view_or_change_permission(request, found):
            raise PermissionDenied
        return found

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: Any = None
    ) -> HttpResponse:
        """Show every text with author, time and what it changed."""
        configuration = self._configuration(request, object_id)
        page = request.GET.get("p", "")
        number = max(1, int(page)) if page.isdecimal() and len(page) < 7 else 1
        start = (number - 1) * REVISIONS
        # One more than is shown: what the last one changed.
        revisions = list(services.history(configuration.source)[start : start + REVISIONS + 1])
        return self.render(
            request,
            "history",
            original=configuration,
            title=_("History of %(source)s") % {"source": named(configuration)},
            changes=changes(revisions, REVISIONS, is_first_page=number == 1),
            may_roll_back=self.has_change_permission(request, configuration),
            newer=number - 1,
            older=number + 1 if len(revisions) > REVISIONS else None,
        )

    def rollback_view(self, request: HttpRequest, pk: int, revision: int) -> HttpResponse:
        """Ask, and put the text of an earlier revision in force again."""
        configuration = self._configuration(request, pk)
        if not self.has_change_permission(request, configuration):
            raise PermissionDenied
        earlier = get_object_or_404(services.history(configuration.source), pk=revision)
        newest = configuration.revisions.latest("id")
        may_allow = earlier.administrator_allowed and may_allow_administrators(request)
        sent = request.POST if request.method == "POST" else None
        form = RollbackForm(sent, newest=newest, may_allow=may_allow)
        problems: Any = ()
        if request.method == "POST" and form.is_valid():
            try:
                allowed = form.cleaned_data.get("administrator_allowed", False)
                services.rollback(earlier, request.user, administrator_allowed=allowed)
            except InvalidDocument as error:
                problems = error.problems
            else:
                self.log_change(request, configuration, f"rolled back to #{earlier.pk}")
                messages.success(
                    request, _("The text of #%(n)s is in force again.") % {"n": revision}
                )
                return HttpResponseRedirect(self.link("history", pk))
        return self.render(
            request,
            "rollback",
            original=configuration,
            title=_("Roll back to #%(n)s") % {"n": revision},
            revision=earlier,
            lines=diff(newest.text, earlier.text),
            form=form,
            troubles=list(troubles(earlier.text, problems)),
        )

    def preview_view(self, request: HttpRequest) -> HttpResponse:
        """Tell what would happen to a new user of a source, and to an existing one."""
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        form = PreviewForm(request.GET or {"source": ALL_SOURCES})
        found = None
        if form.is_valid():
            source, user = form.cleaned_data["source"], form.cleaned_data["user_name"]
            found = outcome_for(services.preview(source, user))
        title = _("What would happen to a user?")
        return self.render(request, "preview", title=title, form=form, outcome=found)


def named(configuration: OnboardingConfiguration) -> str:
    """Return what a configuration is for, in words."""
    return sources().get(configuration.source, configuration.source)
