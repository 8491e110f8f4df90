# SPDX-License-Identifier: Apache-2.0
"""Writes the test vectors of docs/formats.md, with the Ed25519 of the package cryptography.

Usage: python3 vectors.py >../resources/dev/indelible/kafka/vectors.txt
"""

import hashlib
import json
import struct
import uuid

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
RAW = KEY.public_key().public_bytes(
    serialization.Encoding.Raw, serialization.PublicFormat.Raw
)
RUN = uuid.UUID("4a5d6f0e-1c1f-4a3a-9a53-0d8b54c1a001")
LEDGER = uuid.UUID("0e7d1f3a-52b1-4c7e-8a91-b0a1c2d3e4f5")
IDS = ["01890a5d-ac96-774b-bcce-b302099a8057", "01890a5d-ac96-774b-bcce-b302099a8058"]
MICROS = [1795744923456789, 1795744923456790]
TIMES = ["2026-11-27T02:02:03.456789Z", "2026-11-27T02:02:03.456790Z"]


def canonical(value):
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False
    ).encode()


def event(number, kind, agent):
    content = canonical(
        {
            "action": {"command": "rm -rf /", "kind": "bash"},
            "agent_id": agent,
            "decision": {"decision": "refuse", "reason": "not here", "rule_id": "R001"},
            "id": IDS[number],
            "timestamp": TIMES[number],
        }
    )
    nonce_at = content.index(b'"timestamp"')
    return (
        uuid.UUID(IDS[number]).bytes
        + struct.pack(
            ">qiHHi",
            MICROS[number],
            nonce_at,
            len(kind),
            len(agent.encode()),
            len(content),
        )
        + kind.encode()
        + agent.encode()
        + content
    )


def group(settled, first, events):
    body = b"indelible/group\n\x01" + hashlib.sha256(RAW).digest()[:8] + RUN.bytes
    body += struct.pack(">iiqqi", 1, 3, settled, first, len(events))
    for form, text in ((">B", "gate-1"), (">B", "audit"), (">H", "tenant:α")):
        body += struct.pack(form, len(text.encode())) + text.encode()
    body += b"".join(events)
    return body + KEY.sign(b"indelible/group/v1\n" + body)


def position(number):
    body = canonical(
        {
            "gate": "gate-1",
            "ledger_id": str(LEDGER),
            "number": number,
            "partition": 1,
            "partitions": 3,
            "run": str(RUN),
            "topic": "audit",
        }
    )
    return body + KEY.sign(b"indelible/position/v1\n" + body)


def partition(key, count):
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:4], "big") % count


def mark(*lines):
    digest = bytearray(
        hashlib.sha256(("indelible/mark/v1\n" + "\n".join(lines)).encode()).digest()[:16]
    )
    digest[6] = digest[6] & 0x0F | 0x80
    digest[8] = digest[8] & 0x3F | 0x80
    return uuid.UUID(bytes=bytes(digest))


print("group", group(5, 7, [event(0, "governance.refusal", "agent:a"), event(1, "governance.refusal", "agent:β")]).hex())
print("position", position(8).hex())
for key, count in (("agent:a", 3), ("agent:β", 3), ("tenant:α", 3), ("agent:a", 7), ("", 2)):
    print("partition", json.dumps(key), count, partition(key, count))
print("offset", mark("offset", "audit", "1"))
print("number", mark("number", "audit", "1", "gate-1", str(RUN)))
