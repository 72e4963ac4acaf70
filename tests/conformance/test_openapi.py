"""The OpenAPI document, and schemathesis with it: what others make of our own word."""

from __future__ import annotations

import json
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from tests.scim_client import PREFIX
from tests.scim_fixtures import make_client

CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,"
    "negative_data_rejection,use_after_free,ensure_resource_availability"
)


@pytest.mark.django_db
def test_it_is_printed_and_whole():
    out = StringIO()
    call_command("scim_openapi", base_url="https://example.com/scim", stdout=out)
    document = json.loads(out.getvalue())
    assert document["servers"] == [{"url": "https://example.com/scim"}]
    assert set(document["paths"]["/Users/{id}"]) == {"get", "put", "patch", "delete"}
    user = document["components"]["schemas"]["User"]["properties"]
    assert "password" not in user
    assert user["active"]["type"] == "boolean"


@pytest.mark.once
@pytest.mark.django_db(transaction=True)
def test_schemathesis_finds_nothing(live_server, scim, tmp_path):
    client = make_client("strict", profile="strict")
    base = f"{live_server.url}{PREFIX}"
    with (tmp_path / "openapi.json").open("w") as file:
        call_command("scim_openapi", base_url=base, stdout=file)
    command = [
        str(Path(sys.executable).with_name("st")), "run", "openapi.json", "--url", base, "--seed", "7",
        "--max-examples", "6", "--checks", CHECKS, "--phases", "fuzzing", "--no-color",
        "--header", f"Authorization: {client.bearer}", "--generation-deterministic",
    ]  # fmt: skip
    ran = subprocess.run(
        command, capture_output=True, text=True, cwd=tmp_path, timeout=300, check=False
    )
    assert ran.returncode == 0, ran.stdout[-5000:] + ran.stderr[-2000:]
