"""Roles: read, copied, changed, and given to groups."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import Permission
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _

from onboarding import services
from onboarding.models import GroupRole, Role, UserProfile
from onboarding.models.role import ADMINISTRATOR_RANK

from .base import Page, may_allow_administrators
from .permissions import as_table, every, field_for


class CopyForm(forms.Form):
    """What a copied role is called."""

    name = forms.CharField(label=_("Name"), max_length=100)


class RoleForm(forms.ModelForm):  # type: ignore[type-arg]
    """A role; who may not make administrators makes none here either."""

    author: Any

    def clean_rank(self) -> int:
        """Refuse a rank that the person may not give."""
        rank: int = self.cleaned_data["rank"]
        if rank >= ADMINISTRATOR_RANK and not self._may_all():
            raise ValidationError(_("You may not make roles of Administrator's rank."))
        return rank

    def clean_permissions(self) -> Any:
        """Refuse to add what the person does not hold: nobody gets further by changing a role."""
        given = self.cleaned_data["permissions"]
        kept = {one.pk for one in self.initial.get("permissions", ())}
        for permission in given.exclude(pk__in=kept).select_related("content_type"):
            if not self._may_all() and not self.author.has_perm(_named(permission)):
                text = _("You may not add what you do not hold: %(name)s.")
                raise ValidationError(text, params={"name": permission.name})
        return given

    def _may_all(self) -> bool:
        return bool(self.author.has_perm("onboarding.allow_administrators"))


def _named(permission: Permission) -> str:
    return f"{permission.content_type.app_label}.{permission.codename}"


@admin.register(Role)
class RoleAdmin(Page):
    """Roles by rank; the fixed ones can be read and copied."""

    list_display = ("name", "rank", "built_in", "fixed")
    list_display_links = ("name",)
    ordering = ("-rank", "name")
    change_form_template = "onboarding/admin/role.html"
    form = RoleForm

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

    def _may_copy(self, request: HttpRequest, role: Role) -> bool:
        return self.has_add_permission(request) and self._may_rank(request, role.rank)

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Lead to a copy whoever may make it."""
        role = context["original"]
        context["may_copy"] = role is not None and self._may_copy(request, role)
        return super().render_change_form(request, context, *args, **kwargs)

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
        """Tell the form who fills it in."""
        form: Any = super().get_form(request, obj, change, **kwargs)
        form.author = request.user
        return form

    def save_model(self, request: HttpRequest, obj: Role, form: Any, change: bool) -> None:
        """Give a new role its identifier, which never changes."""
        if not change:
            obj.slug = services.free_slug(obj.name)
        super().save_model(request, obj, form, change)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Show the permissions in groups."""
        if db_field.name == "permissions":
            return field_for(db_field)
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
        if not self._may_copy(request, role):
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
