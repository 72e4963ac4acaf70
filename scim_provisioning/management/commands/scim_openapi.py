"""``manage.py scim_openapi``: the service as an OpenAPI document."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.urls import reverse

from scim_provisioning import conf
from scim_provisioning.http.openapi import document
from scim_provisioning.resources import custom


class Command(BaseCommand):
    """Print the OpenAPI 3.1 document, custom attributes and further types included."""

    help = "Print the OpenAPI 3.1 document of the SCIM service."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--base-url", help="where the service is; PUBLIC_URL by default")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print it."""
        custom.refresh_from_database()
        site = conf.current().public_url or "http://127.0.0.1:8000"
        base_url = options["base_url"] or site.rstrip("/") + reverse("scim:root").rstrip("/")
        self.stdout.write(json.dumps(document(base_url), indent=2))
