"""Reads ticket codes as docs/ticket-format.md describes them, with nothing of the engine: base32 from the standard
library, Ed25519 from the package `cryptography`."""

from __future__ import annotations

import base64
import binascii
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

PREFIX = b"eventcore-ticket-v1\0"
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
FIELDS = struct.Struct(">BH16s16s16sHII")
CHARACTERS = 200


@dataclass(frozen=True)
class TicketCode:
    version: int
    key_id: int
    event: UUID
    ticket: UUID
    category: UUID
    serial: int
    valid_from: int
    valid_until: int
    signed: bytes
    signature: bytes


def parse(text: str) -> TicketCode | None:
    """The code in a canonical text of version 1; None for any other text."""
    if len(text) != CHARACTERS or any(character not in ALPHABET for character in text):
        return None
    try:
        raw = base64.b32decode(text)
    except binascii.Error:
        return None
    version, key_id, event, ticket, category, serial, valid_from, valid_until = FIELDS.unpack_from(raw)
    if version != 1:
        return None
    return TicketCode(
        version,
        key_id,
        UUID(bytes=event),
        UUID(bytes=ticket),
        UUID(bytes=category),
        serial,
        valid_from,
        valid_until,
        raw[: FIELDS.size],
        raw[FIELDS.size :],
    )


def verify(text: str, event: UUID, keys: Mapping[int, bytes]) -> str:
    """`genuine`, `forged` or `wrong_event`, knowing the event at this gate and its public keys by their ids."""
    code = parse(text)
    if code is None:
        return "forged"
    if code.event != event:
        return "wrong_event"
    key = keys.get(code.key_id)
    if key is None:
        return "forged"
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(code.signature, PREFIX + code.signed)
    except InvalidSignature:
        return "forged"
    return "genuine"
