"""Request bodies: read under their limit, however they come, and refused when broken."""

from __future__ import annotations

import json
from io import BytesIO
from unittest.mock import patch

import pytest

from scim_provisioning.http.negotiation import wants_plain
from scim_provisioning.models import ScimUser
from tests.scim_client import ERROR, GROUP, PREFIX, USER

pytestmark = pytest.mark.django_db

LIMITS = {"MAX_BODY_SIZE": 1000, "MAX_GROUP_BODY_SIZE": 5000}


def body(**attributes):
    return json.dumps({"schemas": [USER], "userName": "ada", **attributes}).encode()


def send(scim, path="/Users", content=b"", content_type="application/scim+json", **environ):
    headers = {"authorization": scim.bearer}
    response = scim.http.generic(
        "POST", PREFIX + path, content, content_type, headers=headers, **environ
    )
    return response.status_code, json.loads(response.content)


def chunked(stream):
    """Return what a server passes on for a chunked body: no length, and an input that ends."""
    return {
        "wsgi.input": stream,
        "wsgi.input_terminated": True,
        "HTTP_TRANSFER_ENCODING": "chunked",
    }


class Trickle(BytesIO):
    """Gives less than is asked for, as a socket may."""

    def read(self, size=-1):
        return super().read(min(size, 7))


class Broken(BytesIO):
    """Breaks off with the server's own kind of exception."""

    def read(self, size=-1):
        raise EOFError("bad chunk")


@pytest.mark.parametrize("stream", [BytesIO, Trickle], ids=["at once", "trickling"])
def test_chunked_bodies_are_read_to_their_end(scim, stream):
    assert send(scim, **chunked(stream(body())))[0] == 201


@pytest.mark.parametrize("stream", [BytesIO, Trickle], ids=["at once", "trickling"])
def test_chunked_bodies_over_the_limit_are_413_and_read_no_further(scim, settings, stream):
    settings.SCIM_PROVISIONING = LIMITS
    content = stream(body(title="x" * 100_000))
    status, answer = send(scim, **chunked(content))
    assert (status, answer["schemas"]) == (413, [ERROR])
    assert "1000 bytes" in answer["detail"]
    assert content.tell() == 1001


def test_a_body_that_breaks_off_is_invalid_syntax(scim):
    status, answer = send(scim, **chunked(Broken()))
    assert (status, answer["scimType"]) == (400, "invalidSyntax")


def test_a_declared_length_over_the_limit_is_413_without_reading(scim, settings):
    settings.SCIM_PROVISIONING = LIMITS
    status, answer = send(scim, content=body(), CONTENT_LENGTH="1001", **{"wsgi.input": Broken()})
    assert status == 413
    assert "1000 bytes" in answer["detail"]


def test_groups_have_a_limit_of_their_own(scim, settings):
    settings.SCIM_PROVISIONING = LIMITS
    group = {"schemas": [GROUP], "displayName": "Ops", "externalId": "x" * 4000}
    assert send(scim, "/Groups", json.dumps(group).encode())[0] == 201
    group["externalId"] *= 2
    status, answer = send(scim, "/Groups", json.dumps(group).encode())
    assert status == 413
    assert "5000 bytes" in answer["detail"]


def test_a_group_may_be_larger_than_what_django_keeps_in_memory(scim, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    group = {"schemas": [GROUP], "displayName": "Ops", "unknown": "x" * 3_000_000}
    assert send(scim, "/Groups", json.dumps(group).encode())[0] == 201


@pytest.mark.parametrize("length", ["²", "-1", "1e3", "9" * 5000], ids=["²", "-1", "1e3", "9…"])
def test_a_length_that_is_none_is_invalid_syntax(scim, length):
    assert send(scim, content=body(), CONTENT_LENGTH=length)[0] == 400


@pytest.mark.parametrize(("size", "status"), [(10, 201), (5000, 413)])
def test_a_body_that_another_layer_has_read_is_read_under_the_limit(scim, settings, size, status):
    settings.SCIM_PROVISIONING = LIMITS
    target = "django.middleware.common.CommonMiddleware.process_request"
    environ = chunked(BytesIO(b""))
    with patch(target, side_effect=lambda request: setattr(request, "_body", body(t="x" * size))):
        assert send(scim, **environ)[0] == status


def test_a_body_without_a_content_type_is_json(scim):
    assert send(scim, content=body(), content_type="")[0] == 201


@pytest.mark.parametrize("name", ["\ud800", "a\x00b", "x\udfff"], ids=["high", "NUL", "low"])
@pytest.mark.parametrize("client", ["scim", "strict"])
def test_names_that_nothing_can_hold_are_invalid_syntax(request, client, name):
    sender = request.getfixturevalue(client)
    for attributes in ({name: 1}, {"name": {name: 1}}, {"emails": [{name: 1}]}):
        status, answer = send(sender, content=body(**attributes))
        assert (status, answer["scimType"]) == (400, "invalidSyntax")
    assert not ScimUser.objects.filter(user_name="ada").exists()


@pytest.mark.parametrize("number", [b"1e400", b"-1e999", b"NaN", b"-Infinity"])
def test_numbers_that_are_not_finite_are_invalid_syntax(scim, number):
    content = body(x=0).replace(b'"x": 0', b'"x": ' + number)
    status, answer = send(scim, content=content)
    assert (status, answer["scimType"]) == (400, "invalidSyntax")


def test_numbers_with_a_fraction_are_json(scim):
    assert send(scim, content=body(unknown=1.5))[0] == 201


def test_what_an_error_quotes_never_breaks_the_error(scim):
    operation = {"op": "replace", "path": "\ud800", "value": "x"}
    user = scim.user()
    answer = scim.patch(f"/Users/{user['id']}", operation)
    assert (answer.status, answer.body["schemas"]) == (400, [ERROR])


@pytest.mark.parametrize(
    ("accept", "plain"),
    [
        ("application/json", True),
        ("application/json, text/plain, */*", True),
        ("application/json;q=0.9, */*;q=0.8", True),
        ("application/json;q=0.5, */*", False),
        ("application/json;q=0.5, application/*", False),
        ("application/json;q=0", False),
        ("application/json, application/scim+json", False),
        ("*/*;q=0.1, application/scim+json;q=0.1, application/json", True),
    ],
)
def test_plain_json_only_where_accept_prefers_it(accept, plain):
    assert wants_plain(accept) is plain
