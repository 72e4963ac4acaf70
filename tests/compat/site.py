"""The site of django-scim2 in processes of its own, as it was before the move and after."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import requests

ROOT = Path(__file__).resolve().parents[2]
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
LOOK = """
import django; django.setup()
import json, sys
from tests.compat_site.models import Account, Team
row = Account.objects.values(*sys.argv[2:]).get(username=sys.argv[1])
print(json.dumps(row))
"""
TEAMS = """
import django; django.setup()
import json
from tests.compat_site.models import Team
print(json.dumps(list(Team.objects.order_by("name").values_list("name", flat=True))))
"""


class Site:
    """The site's database, and commands and servers on it, before the move or after."""

    def __init__(self, database):
        self.database = database
        self.headers = {}

    def run(self, when, *arguments, code=0):
        done = subprocess.run(
            [sys.executable, *arguments], cwd=ROOT, env=self._environment(when),
            capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        assert done.returncode == code, done.stderr
        return done.stdout or done.stderr

    def manage(self, *arguments, code=0):
        return self.run("settings", "-m", "django", *arguments, code=code)

    def _environment(self, when):
        return {
            **os.environ,
            "COMPAT_DATABASE": self.database,
            "DJANGO_SETTINGS_MODULE": f"tests.compat_site.{when}",
        }

    @contextmanager
    def served(self, when):
        server = subprocess.Popen(
            [sys.executable, "-m", "tests.compat_site.serve"],
            cwd=ROOT, env=self._environment(when), stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        try:
            self.url = f"http://127.0.0.1:{int(server.stdout.readline())}/rest/scim/v2"
            yield self
        finally:
            server.terminate()
            server.wait()
            server.stdout.close()

    def send(self, method, path, body=None, **headers):
        headers = {"Content-Type": "application/scim+json", **self.headers, **headers}
        data = json.dumps(body) if body is not None else None
        answer = requests.request(method, self.url + path, data=data, headers=headers, timeout=10)
        return answer.status_code, answer.json() if answer.content else None

    def patch(self, path, *operations):
        return self.send("PATCH", path, {"schemas": [PATCH_OP], "Operations": list(operations)})

    def teams(self):
        return json.loads(self.run("settings", "-c", TEAMS))

    def account(self, name, *columns):
        return json.loads(self.run("settings", "-c", LOOK, name, *columns))
