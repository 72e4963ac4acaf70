"""Connections made, updated and paused: what the command, the admin and the portal share."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify

from scim_provisioning import conf
from scim_provisioning.auth import personal_tokens, portal_tokens
from scim_provisioning.auth.principals import parse_scopes
from scim_provisioning.directory import brake
from scim_provisioning.models import Connection, Profile, State


class ConnectionProblem(ValueError):
    """A connection that cannot be made as asked; the message is one line for people."""


@dataclass(frozen=True, slots=True)
class CreatedConnection:
    """A connection; ``token`` is there only where a new one was made, and never again."""

    connection: Connection
    token: str | None
    created: bool

    @property
    def username(self) -> str:
        """The acting user's name, which goes with the token in HTTP Basic."""
        return str(self.connection.acting_user.get_username())


def base_url(site: str | None = None) -> str:
    """Return the base URL to paste into an identity provider.

    ``site`` is where the site is, as far as the caller knows; ``PUBLIC_URL`` knows better.
    """
    return _absolute(reverse("scim:root").rstrip("/"), site)


def token_endpoint(site: str | None = None) -> str | None:
    """Return the URL of the token endpoint, None where the site has none."""
    path = portal_tokens.endpoint()
    return _absolute(path, site) if path else None


def _absolute(path: str, site: str | None) -> str:
    found = conf.current().public_url or site or "http://127.0.0.1:8000"
    return found.rstrip("/") + path


@transaction.atomic
def create_connection(
    name: str, *, profile: str | None = None, username: str | None = None, scopes: str = "scim"
) -> CreatedConnection:
    """Make a connection with its acting user and a token, or update the one of that name.

    What is not named stays as it is; a new connection has the profile ``auto``. Raises
    ConnectionProblem.
    """
    _check(name, profile, scopes)
    found = Connection.objects.select_related("acting_user").filter(name=name).first()
    if found is not None:
        return _update(found, profile, username)
    user = _acting_user(username) if username else new_acting_user(name)
    connection = Connection.objects.create(
        name=name, profile=profile or Profile.AUTO, acting_user=user
    )
    return CreatedConnection(connection, first_token(connection, scopes), created=True)


def _check(name: str, profile: str | None, scopes: str) -> None:
    if profile is not None and profile not in Profile.values:
        raise ConnectionProblem(f"The profile is one of {', '.join(Profile.values)}.")
    if not name.strip() or len(name) > 100 or not name.isprintable():
        raise ConnectionProblem("A connection needs a name of at most 100 printable characters.")
    if not parse_scopes(scopes):
        raise ConnectionProblem("The scopes are scim, scim.read or scim.write.")


def first_token(connection: Connection, scopes: str = "scim") -> str:
    """Make the token of a new connection; those its user had for something else end."""
    end_tokens(connection)
    _, token = personal_tokens.create(
        connection.acting_user, description=f"Connection {connection.name}", scopes=scopes
    )
    return token


def end_tokens(connection: Connection) -> None:
    """End what the account of a new connection could be used by before."""
    tokens = connection.acting_user.personal_access_tokens
    tokens.filter(revoked=None).update(revoked=timezone.now())


def _update(found: Connection, profile: str | None, username: str | None) -> CreatedConnection:
    if username and username != found.acting_user.get_username():
        raise ConnectionProblem(f"The connection {found.name} acts as another user.")
    if profile is not None and found.profile != profile:
        found.profile = profile
        found.save(update_fields=["profile"])
    return CreatedConnection(found, None, created=False)


def _free_username(name: str) -> str:
    """Return a name that no account has: one that a person owns is never taken over."""
    model: Any = get_user_model()
    field = model._meta.get_field(model.USERNAME_FIELD)
    domain = "@scim.invalid" if isinstance(field, models.EmailField) else ""
    room = (field.max_length or 150) - len(domain) - len("-9999")
    word = f"scim-{slugify(name) or 'connection'}"[:room]
    candidates = (f"{word}{f'-{n}' if n > 1 else ''}{domain}" for n in count(1))
    lookup, rows = f"{model.USERNAME_FIELD}__iexact", model._default_manager
    return next(c for c in candidates if not rows.filter(**{lookup: c}).exists())


def new_acting_user(name: str) -> Any:
    """Make the service account of a connection of that name; raise ConnectionProblem."""
    return _new_user(get_user_model(), _free_username(name))


def _acting_user(username: str) -> Any:
    """Return the service account of that name, made where there is none."""
    model: Any = get_user_model()
    user = model._default_manager.filter(**{model.USERNAME_FIELD: username}).first()
    if user is None:
        return _new_user(model, username)
    check_acting_user(user)
    return user


def check_acting_user(user: Any) -> None:
    """Raise ConnectionProblem where an account cannot act for a new connection."""
    username = user.get_username()
    if Connection.objects.filter(acting_user=user).exists():
        raise ConnectionProblem(f"Another connection acts as {username}.")
    if getattr(user, "is_staff", False) or getattr(user, "is_superuser", False):
        raise ConnectionProblem(f"{username} is staff: a connection needs an account of its own.")
    if getattr(user, "scim", None) is not None and user.scim.connection_id is not None:
        raise ConnectionProblem(f"{username} was provisioned by SCIM and cannot act for it.")
    if not user.is_active:
        raise ConnectionProblem(f"{username} is disabled: nothing could sign in as it.")


def _new_user(model: Any, username: str) -> Any:
    user = model(**{model.USERNAME_FIELD: username})
    user.set_unusable_password()
    try:
        user.clean_fields(
            exclude=[f.name for f in model._meta.fields if f.name != model.USERNAME_FIELD]
        )
    except ValidationError as error:
        raise ConnectionProblem(f"{username}: {' '.join(error.messages)}") from None
    try:
        with transaction.atomic():
            user.save()
    except IntegrityError:
        raise ConnectionProblem(
            f"{username} needs more than a name here: make the account first, then name it."
        ) from None
    return user


def set_state(connection: Connection, state: State) -> None:
    """Pause or resume: a paused connection reads, and its writes answer 429.

    One that the brake stopped is let go on, and counted anew.
    """
    if state == State.ACTIVE and brake.release(connection.pk):
        connection.refresh_from_db()
        return
    connection.state = state
    connection.save(update_fields=["state"])
