"""Password sign-in to pages, and what all backends share."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.backends import ModelBackend
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from scim_provisioning.auth import throttle
from scim_provisioning.http.limits import client_address
from scim_provisioning.protocol.errors import TooManyRequests

from .events import Refused, record
from .rule import Reason, Way, judge
from .sessions import SignIn

REALM = "pages"


class Accounts:
    """What every backend shares: the account of a session, with all that the rule asks."""

    def get_user(self, user_id: Any) -> Any:
        """Return the account in one query, None where it is gone."""
        accounts = get_user_model()._default_manager.select_related("scim", "scim_connection")
        return accounts.filter(pk=user_id).first()


class PortalBackend(Accounts, ModelBackend):
    """User name and password: throttled, and for those whom the rule lets in that way."""

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **kwargs: Any,
    ) -> Any:
        """Return the user; None for wrong and for refused ones, which look the same.

        Raises PermissionDenied where too many attempts failed.
        """
        if request is None or username is None or password is None:
            return None
        address = client_address(request)
        try:
            throttle.check(address, username, realm=REALM)
        except TooManyRequests:
            raise PermissionDenied from None
        user: Any = super().authenticate(request, username, password)
        refusal = Refused(Reason.CREDENTIALS) if user is None else self._refusal(user)
        if refusal is None:
            user.sign_in = SignIn(Way.PASSWORD)
            return user
        throttle.fail(address, username, realm=REALM)
        record(request, Way.PASSWORD, user=refusal.user, refusal=refusal)
        return None

    @staticmethod
    def _refusal(user: Any) -> Refused | None:
        reason = judge(user, Way.PASSWORD)
        return Refused(reason, user=user) if reason else None

    def user_can_authenticate(self, user: Any) -> bool:
        """Whether a right password counts: the rule decides, and the record keeps why not."""
        return True
