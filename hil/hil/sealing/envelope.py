"""DSSE envelopes (https://github.com/secure-systems-lab/dsse, protocol 1.0.2): a payload and its signatures."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Any

from .keys import PrivateKey, PublicKey, public_of


def signed_bytes(kind: str, payload: bytes) -> bytes:
    """What is signed: the pre-authentication encoding (PAE) of a payload.

    >>> signed_bytes("http://example.com/HelloWorld", b"hello world")
    b'DSSEv1 29 http://example.com/HelloWorld 11 hello world'
    """
    return b"DSSEv1 %d %s %d %s" % (len(kind.encode()), kind.encode(), len(payload), payload)


@dataclass(frozen=True, slots=True)
class Envelope:
    """A payload of the media type ``kind``, with the key's identifier and signature of each who signed it."""

    kind: str
    payload: bytes
    signatures: tuple[tuple[str, bytes], ...]

    def content(self) -> dict[str, Any]:
        """The payload, which is a JSON object.

        :raises ValueError: if it is none.
        """
        found = json.loads(self.payload)
        if not isinstance(found, dict):
            raise ValueError("the payload is not a JSON object")  # noqa: TRY004 (it is data, not an argument)
        return found

    def text(self) -> str:
        """The envelope as a file holds it."""
        content = {
            "payloadType": self.kind,
            "payload": base64.b64encode(self.payload).decode(),
            "signatures": [{"keyid": k, "sig": base64.b64encode(s).decode()} for k, s in self.signatures],
        }
        return json.dumps(content, indent=1) + "\n"

    def signed_by(self, key: PublicKey) -> bool:
        """Whether ``key`` signed it."""
        data = signed_bytes(self.kind, self.payload)
        return any(key.verifies(signature, data) for _, signature in self.signatures)


def enclosed(kind: str, content: dict[str, Any], key: PrivateKey | None) -> Envelope:
    """``content`` in an envelope, signed where there is a key; the payload carries the public key as ``signer``."""
    signer = None if key is None else base64.b64encode(key.public.der).decode()
    text = json.dumps({**content, "signer": signer}, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    payload = text.encode()
    if key is None:
        return Envelope(kind, payload, ())
    return Envelope(kind, payload, ((key.public.identifier, key.sign(signed_bytes(kind, payload))),))


def read_envelope(text: str, kind: str) -> Envelope:
    """The envelope in ``text``.

    :raises ValueError: if it is none, or one of another kind.
    """
    try:
        found = json.loads(text)
        signatures = tuple((str(one["keyid"]), _decoded(one["sig"])) for one in found["signatures"])
        envelope = Envelope(found["payloadType"], _decoded(found["payload"]), signatures)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ValueError(f"it is not an envelope ({type(error).__name__}: {error})") from error
    if envelope.kind != kind:
        raise ValueError(f"its payload is {envelope.kind!r}, not {kind!r}")
    if envelope.text() != text:
        raise ValueError("it is not the text that was written")
    envelope.content()
    return envelope


def _decoded(text: object) -> bytes:
    if not isinstance(text, str):
        raise TypeError("no text in base 64")
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError(str(error)) from error


def claimed_signer(envelope: Envelope) -> PublicKey | None:
    """The public key that the payload names as its signer's, whoever that is.

    :raises ValueError: if it is none.
    """
    claimed = envelope.content().get("signer")
    return None if claimed is None else public_of(_decoded(claimed))


def fault_of(envelope: Envelope, key: PublicKey | None) -> str:
    """Why the signature does not hold; empty where it does.

    :param key: whose signature is wanted; ``None`` for whoever the payload names.
    """
    try:
        claimed = claimed_signer(envelope)
    except (ValueError, TypeError) as error:
        return f"names a signer that is none ({error})"
    wanted = key or claimed
    if not envelope.signatures:
        return "" if wanted is None else "is not signed, though a signature is wanted"
    if wanted is None:
        return "is signed, but names no signer"
    if not envelope.signed_by(wanted):
        whose = f"by the key {wanted.identifier[:16]}…" if key else "by the key that it names"
        return f"is not signed {whose}: it was altered, or somebody else signed it"
    return ""


def told(envelope: Envelope, key: PublicKey | None) -> str:
    """Who signed it, in words."""
    if not envelope.signatures:
        return "NOT SIGNED"
    identifier = envelope.signatures[0][0][:16]
    if key is not None:
        return f"signed by the key {identifier}… that was given"
    return f"signed by the key {identifier}…, which nothing here vouches for (give it with --key)"
