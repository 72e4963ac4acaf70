"""Adapters as a site writes them for django-scim2; nothing here knows of another engine."""

from __future__ import annotations

from django_scim.adapters import SCIMGroup, SCIMUser
from django_scim.exceptions import BadRequestError, IntegrityError

URN = "urn:example:params:scim:schemas:extension:paint:2.0:User"


class AccountAdapter(SCIMUser):
    """A colour, by a name of its own; a tenant from the client; deletion is soft."""

    def to_dict(self):
        found = super().to_dict()
        found["favoriteColor"] = self.obj.color
        found["schemas"] = [*found["schemas"], URN]
        found[URN] = {"tenant": self.obj.tenant}
        return found

    def validate_dict(self, d):
        super().validate_dict(d)
        if d.get("favoriteColor") == "beige":
            raise BadRequestError("Nobody likes beige.")
        if d.get("favoriteColor") == "taken":
            raise IntegrityError("The colour is taken.")

    def from_dict(self, d):
        super().from_dict(d)
        self.obj.color = d.get("favoriteColor") or ""
        self.obj.tenant = "south" if self.request.user.username.startswith("south") else "north"
        self.obj.last_name = self.obj.last_name.upper()

    def handle_replace(self, path, value, operation):
        if path.first_path == ("favoriteColor", None, None):
            if value == "beige":
                raise BadRequestError("Nobody likes beige.")
            self.obj.color = value
            self.obj.save()
        else:
            super().handle_replace(path, value, operation)

    def delete(self):
        self.obj.gone = True
        self.obj.is_active = False
        self.obj.save()


class TeamAdapter(SCIMGroup):
    """Teams stand beside Django's groups."""

    def to_dict(self):
        return {**super().to_dict(), "size": self.obj.user_set.count()}
