"""What happens around sign-ins: sessions get their beginning, lost permission its end."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.signals import user_logged_in
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_save
from django.dispatch import receiver
from django.http import HttpRequest

from scim_provisioning.models import OIDCApplication

from .access import Provider, end_for, end_for_provider, way_in
from .events import record
from .models import Identity, SamlProvider
from .rule import Way
from .sessions import SignIn, begin


@receiver(user_logged_in, dispatch_uid="portal_signed_in")
def signed_in(request: HttpRequest, user: Any, **_: object) -> None:
    """Begin the session, and write the sign-in down."""
    sign_in: SignIn = getattr(user, "sign_in", None) or SignIn(Way.PASSWORD)
    begin(request, user, sign_in)
    subject = (sign_in.identity.subject if sign_in.identity else "") or ""
    record(request, sign_in.way, user=user, provider=sign_in.provider, subject=subject)


@receiver(post_delete, sender=Identity, dispatch_uid="portal_identity_removed")
def identity_removed(instance: Identity, origin: Any, **_: object) -> None:
    """An identity that is taken away takes the access along that it gave."""
    # With an account that is deleted, all of it goes anyway.
    if getattr(origin, "model", type(origin)) is Identity:
        end_for([instance.user_id])


@receiver(post_save, sender=OIDCApplication, dispatch_uid="portal_oidc_saved")
@receiver(post_save, sender=SamlProvider, dispatch_uid="portal_saml_saved")
def provider_saved(instance: Provider, created: bool, raw: bool, **_: object) -> None:
    """A provider that is switched off signs nobody in, nor keeps anybody in."""
    *_way, is_on = way_in(instance)
    if not created and not raw and not is_on:
        end_for_provider(instance)


@receiver(pre_save, sender=OIDCApplication, dispatch_uid="portal_oidc_moves")
@receiver(pre_save, sender=SamlProvider, dispatch_uid="portal_saml_moves")
def provider_moves(instance: Provider, raw: bool, **_: object) -> None:
    """A provider that becomes another one keeps nobody in whom the first let in."""
    before = None if raw else type(instance)._default_manager.filter(pk=instance.pk).first()
    if before is not None and way_in(before)[1] != way_in(instance)[1]:
        end_for_provider(before)


@receiver(post_delete, sender=OIDCApplication, dispatch_uid="portal_oidc_deleted")
@receiver(post_delete, sender=SamlProvider, dispatch_uid="portal_saml_deleted")
def provider_deleted(instance: Provider, **_: object) -> None:
    """The same where it is removed."""
    end_for_provider(instance)


def connections_changed(instance: Any, action: str, pk_set: Any, **_: object) -> None:
    """Accounts of a connection that a provider names no more are signed in by it no more."""
    if not isinstance(instance, OIDCApplication | SamlProvider):
        return
    if action == "pre_clear":
        pk_set = list(instance.sign_in_connections.values_list("pk", flat=True))
    if action in ("post_remove", "pre_clear"):
        end_for_provider(instance, pk_set)


for model in (OIDCApplication, SamlProvider):
    m2m_changed.connect(
        connections_changed,
        sender=model.sign_in_connections.through,
        dispatch_uid=f"portal_named_{model.__name__}",
    )
