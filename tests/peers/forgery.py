"""Changes to a signed SAML response, and signing it anew with a provider's key."""

from __future__ import annotations

import base64
import subprocess
import zlib
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from .saml import make_key

NAMES = {
    "samlp": "urn:oasis:names:tc:SAML:2.0:protocol",
    "saml": "urn:oasis:names:tc:SAML:2.0:assertion",
    "ds": "http://www.w3.org/2000/09/xmldsig#",
}
for prefix, uri in NAMES.items():
    ElementTree.register_namespace(prefix, uri)
Element = ElementTree.Element
Change = Callable[[Element], None]


def opened(message: str) -> str:
    return base64.b64decode(message).decode()


def sealed(xml: str | bytes) -> str:
    return base64.b64encode(xml.encode() if isinstance(xml, str) else xml).decode()


def changed(message: str, change: Change) -> str:
    """Return a message with its document changed, the signatures left as they are."""
    root = ElementTree.fromstring(opened(message))
    change(root)
    return sealed(ElementTree.tostring(root, encoding="unicode"))


def find(root: Element, path: str) -> Element:
    found = root.find(path, NAMES)
    assert found is not None, path
    return found


def signed(message: str, folder: Path, key: str = "idp") -> str:
    """Return a message with the signatures that it has made anew, from inside out."""
    path = folder / "message.xml"
    path.write_text(opened(message))
    for kind in ("assertion:Assertion", "protocol:Response"):
        name = kind.rpartition(":")[2]
        xpath = f"//*[local-name()='{name}']/*[local-name()='Signature']"
        if f"{name}>" not in path.read_text() or not _has_signature(path, name):
            continue
        command = ["xmlsec1", "--sign", "--privkey-pem", f"{folder}/{key}.key"]
        command += ["--id-attr:ID", f"urn:oasis:names:tc:SAML:2.0:{kind}", "--node-xpath", xpath]
        command += ["--output", f"{path}.new", str(path)]
        subprocess.run(command, check=True, capture_output=True)
        Path(f"{path}.new").replace(path)
    return sealed(path.read_text())


def sent_along(
    xml: str, folder: Path, algorithm: str, digest: hashes.HashAlgorithm
) -> dict[str, str]:
    """Return the signed query that a request travels in (SAML bindings 3.4.4.1)."""
    squeezed = zlib.compress(xml.encode())[2:-4]
    query = {"SAMLRequest": base64.b64encode(squeezed).decode(), "SigAlg": algorithm}
    key: Any = load_pem_private_key((folder / "idp.key").read_bytes(), None)
    signature = key.sign(urlencode(query).encode(), padding.PKCS1v15(), digest)
    return query | {"Signature": base64.b64encode(signature).decode()}


def _has_signature(path: Path, name: str) -> bool:
    root = ElementTree.fromstring(path.read_text())
    holder = root if name == "Response" else root.find("saml:Assertion", NAMES)
    return holder is not None and holder.find("ds:Signature", NAMES) is not None


def foreign_key(folder: Path) -> None:
    """Make a key that nobody trusts."""
    if not (folder / "foreign.key").exists():
        make_key(folder / "foreign")


# Changes, by what they do.


def text(path: str, value: str) -> Change:
    def change(root: Element) -> None:
        find(root, path).text = value

    return change


def attribute(path: str, name: str, value: str | None) -> Change:
    def change(root: Element) -> None:
        element = root if path == "." else find(root, path)
        if value is None:
            del element.attrib[name]
        else:
            element.set(name, value)

    return change


def without(*paths: str) -> Change:
    """Remove elements, each the child of what its path names before the last slash."""

    def change(root: Element) -> None:
        for path in paths:
            parent, _, child = path.rpartition("/")
            holder = find(root, parent) if parent else root
            holder.remove(find(holder, child))

    return change


def _forged(root: Element) -> tuple[Element, Element]:
    """Return the assertion, and an unsigned copy of it about somebody else."""
    genuine = find(root, "saml:Assertion")
    forged = deepcopy(genuine)
    forged.remove(find(forged, "ds:Signature"))
    forged.set("ID", "_forged")
    find(forged, "saml:Subject/saml:NameID").text = "bob"
    return genuine, forged


def wrapped_beside(root: Element) -> None:
    """A forged assertion before the signed one."""
    _, forged = _forged(root)
    root.insert(list(root).index(find(root, "saml:Assertion")), forged)


def wrapped_around(root: Element) -> None:
    """A forged assertion whose signature holds the signed one."""
    genuine, forged = _forged(root)
    root.remove(genuine)
    signature = deepcopy(find(genuine, "ds:Signature"))
    holder = ElementTree.SubElement(signature, f"{{{NAMES['ds']}}}Object")
    holder.append(genuine)
    forged.insert(1, signature)
    root.append(forged)


def wrapped_in_advice(root: Element) -> None:
    """A forged assertion with the signed one as its advice, and its signature."""
    genuine, forged = _forged(root)
    root.remove(genuine)
    forged.insert(1, deepcopy(find(genuine, "ds:Signature")))
    advice = ElementTree.Element(f"{{{NAMES['saml']}}}Advice")
    advice.append(genuine)
    forged.insert(4, advice)
    root.append(forged)


def with_stylesheet(root: Element) -> None:
    """A transform that runs code in careless verifiers."""
    transforms = find(root, "saml:Assertion/ds:Signature/ds:SignedInfo/ds:Reference/ds:Transforms")
    name = f"{{{NAMES['ds']}}}Transform"
    element = ElementTree.SubElement(
        transforms, name, Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116"
    )
    sheet = "http://www.w3.org/1999/XSL/Transform"
    ElementTree.SubElement(element, f"{{{sheet}}}stylesheet", version="1.0")


def twice_referenced(root: Element) -> None:
    """A signature of two things."""
    info = find(root, "saml:Assertion/ds:Signature/ds:SignedInfo")
    info.append(deepcopy(find(info, "ds:Reference")))


def encrypted(root: Element) -> None:
    """An assertion that claims to be encrypted."""
    find(root, "saml:Assertion").tag = f"{{{NAMES['saml']}}}EncryptedAssertion"
