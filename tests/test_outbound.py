"""What this site asks other servers: only public ones, over the address that was checked."""

from __future__ import annotations

import socket
import ssl
from datetime import UTC, datetime, timedelta
from threading import Event

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from scim_provisioning import outbound
from scim_provisioning.outbound import ForbiddenUrl, OutboundError
from tests.local_server import LocalServer, after, dripping, redirect, send

pytestmark = pytest.mark.once


@pytest.fixture
def dns(monkeypatch):
    """Names and the addresses they lead to; each question is answered once, in turn."""
    answers, real = {}, socket.getaddrinfo

    def getaddrinfo(host, port, *args, **kwargs):
        if host not in answers:
            return real(host, port, socket.AF_UNSPEC, socket.SOCK_STREAM, 0, socket.AI_NUMERICHOST)
        found = answers[host]
        addresses = found.pop(0) if isinstance(found[0], list) else found
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (a, port)) for a in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return answers


PRIVATE = [
    *("127.0.0.1", "127.8.8.8", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254"),
    *("0.0.0.0", "100.64.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "192.0.2.1"),
    *("::1", "::", "fe80::1", "fe80::1%1", "fc00::1", "fd12::1", "ff02::1", "2001:db8::1"),
    *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a00:1"),
    *("::127.0.0.1", "::ffff:0:127.0.0.1", "64:ff9b:1::a00:1", "fec0::1", "5f00::1", "192.0.0.8"),
    *("2002:7f00:1::", "2002:a00:1::1", "2001:0:4136:e378:8000:63bf:80ff:fffe"),
]


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_that_is_not_public_is_refused_after_resolution(dns, address):
    dns["idp.example.com"] = ["93.184.215.14", address]
    with pytest.raises(ForbiddenUrl, match="not public"):
        outbound.check_url("https://idp.example.com/")


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:4700::1111", "64:ff9b::5db8:d70e"])
def test_public_addresses_are_followed(dns, address):
    dns["idp.example.com"] = [address]
    assert outbound.check_url("https://idp.example.com/x").addresses == (address,)


BAD = {
    "http": "http://idp.example.com/",
    "file": "file:///etc/passwd",
    "no scheme": "idp.example.com",
    "no host": "https:///x",
    "user": "https://admin@idp.example.com/",
    "empty user": "https://@idp.example.com/",
    "fragment": "https://idp.example.com/#x",
    "port": "https://idp.example.com:99999/",
    "brackets": "https://[::1/",
    "newline": "https://idp.example.com/\r\nX: y",
    "space": "https://idp.example.com/a b",
    "backslash": "https://idp.example.com\\@evil.example.com/",
    "not ASCII": "https://idp.example.com/é",
    "unknown host": "https://nowhere.example.com/",
    "empty": "",
}


@pytest.mark.parametrize("url", BAD.values(), ids=BAD.keys())
def test_what_is_no_such_url_is_refused(dns, url):
    dns["idp.example.com"] = ["93.184.215.14"]
    with pytest.raises(ForbiddenUrl):
        outbound.check_url(url)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "127.1", "0x7f000001", "2130706433", "[::1]", "0"]
)
def test_loopback_is_refused_however_it_is_written(server, host):
    port = server.url.rpartition(":")[2]
    with pytest.raises(ForbiddenUrl):
        outbound.get(f"https://{host}:{port}/")
    assert server.requests == []


def test_a_second_answer_of_the_dns_changes_nothing(dns, server, local, monkeypatch):
    port = server.url.rpartition(":")[2]
    dns["idp.example.com"] = [["127.0.0.1"], ["203.0.113.9"]]
    server.routes["/keys?x=1"] = {"keys": []}
    assert outbound.get(f"http://idp.example.com:{port}/keys?x=1").json() == {"keys": []}
    assert server.requests[0].headers["host"] == f"idp.example.com:{port}"
    assert dns["idp.example.com"] == [["203.0.113.9"]]


def test_the_next_address_is_tried(dns, server, local):
    dns["idp.example.com"] = ["127.0.0.2", "127.0.0.1"]
    server.routes["/"] = {}
    port = server.url.rpartition(":")[2]
    assert outbound.get(f"http://idp.example.com:{port}").status == 200


def test_tls_asks_for_the_name_and_a_trusted_certificate(dns, server, local):
    dns["idp.example.com"] = ["127.0.0.1"]
    port = server.url.rpartition(":")[2]
    with pytest.raises(OutboundError, match=r"certificate|not speak HTTP"):
        outbound.get(f"https://idp.example.com:{port}/")


def test_redirects_are_not_followed(server, local):
    server.routes = {"/": redirect("/other"), "/other": {}}
    with pytest.raises(OutboundError, match="redirects"):
        outbound.get(server.url + "/")
    assert [request.path for request in server.requests] == ["/"]


def test_large_answers_are_refused(server, local):
    server.routes = {"/most": b"x" * outbound.MOST_BYTES, "/": b"x" * (outbound.MOST_BYTES + 1)}
    assert len(outbound.get(server.url + "/most").body) == outbound.MOST_BYTES
    with pytest.raises(OutboundError, match="larger"):
        outbound.get(server.url + "/")


def test_compressed_answers_are_not_unpacked(server, local):
    def packed(handler, request):
        send(handler, b"\x1f\x8b junk", **{"Content-Encoding": "gzip"})

    server.routes["/"] = packed
    assert outbound.get(server.url + "/").body == b"\x1f\x8b junk"
    assert server.requests[0].headers["accept-encoding"] == "identity"


@pytest.mark.parametrize("slow", [after(3, {}), dripping], ids=["late", "dripping"])
def test_slow_answers_are_cut_off(server, local, monkeypatch, slow):
    monkeypatch.setattr(outbound, "TIMEOUT", 0.2)
    server.routes["/"] = slow
    with pytest.raises(OutboundError, match="longer than"):
        outbound.get(server.url + "/")


def test_a_resolver_that_never_answers_is_not_waited_for(monkeypatch):
    done = Event()
    monkeypatch.setattr(outbound, "TIMEOUT", 0.2)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **options: done.wait(30) and [])
    try:
        for ask in (outbound.get, outbound.check_url):
            with pytest.raises(ForbiddenUrl, match="longer than"):
                ask("https://idp.example.com/")
    finally:
        done.set()


def test_a_dead_server_is_told(local, server):
    url = server.url.replace("127.0.0.1", "127.0.0.3")
    with pytest.raises(OutboundError, match="cannot be reached"):
        outbound.get(url)


@pytest.mark.parametrize("status", [204, 404, 500])
def test_other_statuses_are_told(server, local, status):
    server.routes["/"] = lambda handler, request: send(handler, b"secret", status)
    with pytest.raises(OutboundError, match=str(status)) as caught:
        outbound.get(server.url + "/")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("body", [b"[]", b"", b"\xff", b"[" * 100_000, b"NULL"], ids=str)
def test_what_is_no_object_is_told(server, local, body):
    server.routes["/"] = body
    with pytest.raises(OutboundError, match="JSON"):
        outbound.get(server.url + "/").json()


def test_a_form_is_sent_with_basic(server, local):
    server.routes["/token"] = lambda h, r: send(h, {"error": "invalid_client"}, 401)
    reply = outbound.post(server.url + "/token", {"scope": "a b&c"}, ("client", "s:1"))
    assert (reply.status, reply.json()["error"]) == (401, "invalid_client")
    assert server.requests[0].form == {"scope": "a b&c"}
    assert server.requests[0].headers["authorization"] == "Basic Y2xpZW50OnMlM0Ex"


@pytest.fixture
def certificate(tmp_path):
    """A certificate of ``idp.example.com``, and a context that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "idp.example.com")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("idp.example.com")]), False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "pem"
    path.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        + made.public_bytes(Encoding.PEM)
    )
    return path


@pytest.mark.parametrize(
    ("host", "answer"), [("idp.example.com", 200), ("other.example.com", "certificate")]
)
def test_tls_is_for_the_name_though_the_connection_is_to_the_address(
    dns, local, monkeypatch, certificate, host, answer
):
    dns[host] = ["127.0.0.1"]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    monkeypatch.setattr(outbound, "_tls", lambda: ssl.create_default_context(cafile=certificate))
    found = LocalServer({"/": {}})
    stop = found.start(context)
    try:
        url = f"https://{host}:{found.url.rpartition(':')[2]}/"
        if answer == 200:
            assert outbound.get(url).status == 200
        else:
            with pytest.raises(OutboundError, match=answer):
                outbound.get(url)
    finally:
        stop()
