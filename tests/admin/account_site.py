"""A site with the stock admin whose users and groups tell what SCIM knows of them."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth import get_user_model
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import AbstractUser, Group
from django.urls import include, path

from scim_provisioning.admin.accounts import ProvisionedGroup, ProvisionedUser

User = get_user_model()


class PlainUserAdmin(admin.ModelAdmin):
    # The stock field asks for each permission's model.
    exclude = ("user_permissions",)


Stock = UserAdmin if issubclass(User, AbstractUser) else PlainUserAdmin


class SiteUserAdmin(ProvisionedUser, Stock):
    pass


class SiteGroupAdmin(ProvisionedGroup, GroupAdmin):
    pass


people, alone = admin.AdminSite(name="people"), admin.AdminSite(name="alone")
for site in (people, alone):
    site.register(User, SiteUserAdmin)
    site.register(Group, SiteGroupAdmin)
for model, page in admin.site._registry.items():
    if model._meta.app_label == "scim_provisioning":
        people.register(model, type(page))

urlpatterns = [
    path("rest/scim/v2/", include("scim_provisioning.urls")),
    path("people/", people.urls),
    path("alone/", alone.urls),
]
