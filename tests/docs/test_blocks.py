"""Every code block of the documentation holds: shell and Python are run, JSON is checked."""

from __future__ import annotations

import json

import pytest
from django.template import Context, Template

from onboarding import conf
from onboarding import schema as first_login_actions
from scim_provisioning.protocol import patch, validation
from scim_provisioning.protocol.bulk import parse as parse_bulk
from scim_provisioning.protocol.policy import TOLERANT
from scim_provisioning.resources import registry
from tests.docs.blocks import BLOCKS, PAGES, ROOT, run

pytestmark = pytest.mark.once

SHOWN = {"", "text", "caddy", "ini", "nginx", "yaml"}
"""What is shown and never run: output, and files of other programs."""
CHECKED = {"sh", "python", "json", "html"}
ROLES = ("Administrator", "Designer", "Business User", "End User")
FEW = 15
"""Most blocks that may say that they cannot be run."""
SCRIPTS = {page: [b for b in run("sh", "python") if b.page == page] for page in PAGES}


@pytest.mark.parametrize(
    "sitting", [page for page in PAGES if SCRIPTS[page]], ids=lambda page: page.name
)
def test_commands_and_code_run_as_they_are_printed(sitting, terminal):
    """A page is one sitting at one portal, from its first block to its last."""
    lines = ["set -v"]
    for block in SCRIPTS[sitting]:
        text = as_typed(block.text, terminal)
        lines.append(f": {block}")
        lines.append(text if block.language == "sh" else f"python3 - <<'PYTHON'\n{text}PYTHON")
    terminal.run("\n".join(lines))


def as_typed(text: str, terminal) -> str:
    """Put what a reader sees on the own screen in the place of what stands for it."""
    for shown, own in {
        "http://127.0.0.1:8000": terminal.url,
        "https://portal.example.com": terminal.url,
        "kvp_…": terminal.token,
        "<tenant>": "3f2504e0-4f89-41d3-9a0c-0305e82c3301",
        "<org>": "example",
    }.items():
        text = text.replace(shown, own)
    return text


@pytest.mark.parametrize("block", run("json"), ids=str)
def test_json_is_what_the_apps_take_and_give(block):
    document = json.loads(block.text)
    if "roleName" in document:
        first_login_actions.parse(block.text, roles=ROLES, kinds=conf.STOCK_KINDS)
    for urn in document.get("schemas", ()):
        if urn.startswith("urn:ietf:params:scim:"):
            check(urn.rpartition(":")[2], document)


def check(kind: str, document: dict) -> None:
    """Read a SCIM document as the service would."""
    match kind:
        case "PatchOp":
            patch.parse(document, registry.mapping("User").resource_type, TOLERANT, [])
        case "BulkRequest":
            parse_bulk(document, max_operations=100)
        case "Error":
            assert document["status"].isdigit()
        case "ListResponse":
            assert document["totalResults"] >= len(document["Resources"])
        case "User" | "Group" if "meta" not in document:
            notes: list[str] = []
            kinds = registry.mapping(kind).resource_type
            validation.clean(document, kinds, TOLERANT, notes)
            assert notes == []


@pytest.mark.parametrize("block", run("html"), ids=str)
def test_templates_are_templates(block):
    Template(block.text.replace("{{ block.super }}", "")).render(Context())


def test_every_block_says_what_it_is_and_few_are_not_run():
    assert {block.language for block in BLOCKS} <= SHOWN | CHECKED
    assert len([block for block in BLOCKS if block.reason]) <= FEW


def test_the_readme_is_short():
    lines = (ROOT / "README.md").read_text().splitlines()
    assert len(lines) <= 85
    assert max(map(len, lines)) <= 120
