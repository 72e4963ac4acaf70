"""The site after it moved: two apps, one middleware, one include; its own code as it was."""

from __future__ import annotations

from tests.compat_site import settings_before
from tests.compat_site.settings_before import *  # noqa: F403

INSTALLED_APPS = [
    *settings_before.INSTALLED_APPS,
    "rest_framework",
    "scim_provisioning",
    "scim_provisioning.compat",
]
MIDDLEWARE = [
    "scim_provisioning.http.middleware.ScimMiddleware",
    *settings_before.MIDDLEWARE[:2],
]
ROOT_URLCONF = "tests.bare_urls"
SCIM_SERVICE_PROVIDER = {
    **settings_before.SCIM_SERVICE_PROVIDER,
    "GET_OBJECT_POST_PROCESSOR_GETTER": "tests.compat_site.getters.object_processor",
    "GET_IS_AUTHENTICATED_PREDICATE": "tests.compat_site.getters.may_come_in",
}
