"""Roles: read, copied, changed, and given to groups."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _

from onboarding import services
from onboarding.models import GroupRole, Role, UserProfile
from onboarding.models.role import ADMINISTRATOR_RANK

from .base import GivesRoles, Page, may_allow_administrators
from .permissions import PermissionsField, as_table, every


class CopyForm(forms.Form):
    """What a copied role is called."""

    name = forms.CharField(label=_("Name"), max_length=100)


@admin.register(Role)
class RoleAdmin(Page):
    """Roles by rank; the fixed ones can be read and copied."""

    list_display = ("name", "rank", "built_in", "fixed")
    list_display_links = ("name",)
    ordering = ("-rank", "name")
    change_form_template = "onboarding/admin/role.html"

    class Media:
        css = {"all": ("onboarding/admin.css",)}

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Fixed roles stay as they are; those of administrators need a right of their own."""
        if obj is not None and (obj.fixed or not self._may_rank(request, obj.rank)):
            return False
        return super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Built-in roles stay."""
        if obj is not None and (obj.built_in or not self._may_rank(request, obj.rank)):
            return False
        return super().has_delete_permission(request, obj)

    def _may_rank(self, request: HttpRequest, rank: int) -> bool:
        return rank < ADMINISTRATOR_RANK or may_allow_administrators(request)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Boxes to tick, or a list to read."""
        is_open = obj is None or self.has_change_permission(request, obj)
        return ("name", "rank", "permissions" if is_open else "held")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Configurations name the built-in roles, and their order is part of what they mean."""
        return ("name", "rank", "held") if obj and obj.built_in else ("held",)

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """Let nobody make a role of a rank that they may not give."""
        form = super().get_form(request, obj, change, **kwargs)
        if "rank" in form.base_fields and not may_allow_administrators(request):
            rank: Any = form.base_fields["rank"]
            rank.max_value = ADMINISTRATOR_RANK - 1
            rank.widget.attrs["max"] = rank.max_value
            rank.validators.append(_below_administrator)
        return form

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Show the permissions in groups."""
        if db_field.name == "permissions":
            label = db_field.verbose_name.capitalize()
            return PermissionsField(every(), required=False, label=label)
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    @admin.display(description=_("permissions"))
    def held(self, obj: Role) -> Any:
        """What the role holds."""
        if obj.grants_everything:
            return _("Every permission, those to come included.")
        return as_table(every().filter(portal_roles=obj)) or _("None.")

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Count who holds the roles: the stock page would list everybody."""
        users = UserProfile.objects.filter(role__in=objs).count()
        groups = GroupRole.objects.filter(role__in=objs).count()
        text = _("%(users)d users and %(groups)d groups have it.")
        protected = [text % {"users": users, "groups": groups}] if users or groups else []
        may_all = all(self.has_delete_permission(request, role) for role in objs)
        needed = set() if may_all else {self.opts.verbose_name}
        return list(map(str, objs)), {self.opts.verbose_name_plural: len(objs)}, needed, protected

    def get_urls(self) -> list[URLPattern]:
        """Add the way to a copy."""
        copy = self.admin_site.admin_view(self.copy_view)
        return [path("<int:pk>/copy/", copy, name="onboarding_role_copy"), *super().get_urls()]

    def copy_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask for the name of a copy, and make it."""
        role = get_object_or_404(self.get_queryset(request), pk=pk)
        if not self.has_add_permission(request) or not self._may_rank(request, role.rank):
            raise PermissionDenied
        form = CopyForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                return self._copied(request, services.copy(role, form.cleaned_data["name"]))
            except ValidationError as error:
                form.add_error("name", error.messages)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": role,
            "title": _("Copy %(role)s") % {"role": role},
            "form": form,
            "media": self.media,
        }
        return TemplateResponse(request, "onboarding/admin/copy.html", context)

    def _copied(self, request: HttpRequest, role: Role) -> HttpResponse:
        self.log_addition(request, role, "copied")
        messages.success(request, _("The role %(role)s was made.") % {"role": role})
        page = reverse("admin:onboarding_role_change", None, [role.pk], None, self.admin_site.name)
        return HttpResponseRedirect(page)


def _below_administrator(rank: int) -> None:
    if rank >= ADMINISTRATOR_RANK:
        raise ValidationError(_("You may not make roles of Administrator's rank."))


@admin.register(GroupRole)
class GroupRoleAdmin(GivesRoles):
    """Which group has which role."""

    list_display = ("group", "role", "administrator_allowed", "given_by", "given")
    list_filter = ("role",)
    search_fields = ("group__name__startswith",)
    raw_id_fields = ("group",)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """The group of a row never changes; who gave the role is known once it is given."""
        return ("group", "given_by", "given") if obj else ()

    def get_exclude(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Show the mark for administrators to those who may set it."""
        return () if may_allow_administrators(request) else ("administrator_allowed",)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Give the role, with the person's name."""
        allowed = obj.administrator_allowed
        given = services.give_group(
            obj.group, obj.role, request.user, administrator_allowed=allowed
        )
        obj.pk = given.pk

    def get_queryset(self, request: HttpRequest) -> QuerySet[GroupRole]:
        """Fetch along what every page names."""
        return super().get_queryset(request).select_related("group", "role", "given_by")
