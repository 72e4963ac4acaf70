"""What a site without provisioning does with onboarding; run by ``test_alone``."""

from __future__ import annotations

import sys

import django
from django.apps import apps
from django.core.management import call_command

django.setup()
call_command("check", fail_level="WARNING")
call_command("migrate", verbosity=0)

from django.contrib.auth.models import User  # noqa: E402
from django.contrib.auth.signals import user_logged_in  # noqa: E402

from onboarding import services  # noqa: E402

services.publish(
    '{"roleName": "Designer", "sendWelcomeMailToUser": true, "defaultEntities": {"folder": "A"}}',
    None,
)
ada = User.objects.create(username="ada", email="ada@example.com")
services.onboard(ada, source="ldap")
user_logged_in.send(User, request=None, user=ada)
assert ada.has_perm("onboarding.design_entities")
assert [entity.name for entity in services.describe(ada).entities] == ["A"]
assert services.describe(ada).mail.state == "sent"
assert not apps.is_installed("scim_provisioning")
assert not [name for name in sys.modules if name.startswith(("scim_provisioning", "kyvos_portal"))]
call_command("migrate", "onboarding", "zero", verbosity=0)
