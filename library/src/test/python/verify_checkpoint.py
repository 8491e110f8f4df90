# SPDX-License-Identifier: Apache-2.0
"""Verifies that each key of a list signed a checkpoint.

A separate implementation of C2SP signed-note and tlog-cosignature, for keys of the types 0x01
(Ed25519) and 0x06 (ML-DSA-44), based on the package cryptography (48 or later). Ends with status 1
and a reason if a key did not sign.

    python3 verify_checkpoint.py CHECKPOINT VKEYS
"""

import base64
import hashlib
import pathlib
import struct
import sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey


def short(text):
    return bytes([len(text.encode())]) + text.encode()


def cosigned_message(name, time, text):
    origin, size, root = text.split("\n")[:3]
    return (
        b"subtree/v1\n\0"
        + short(name)
        + struct.pack(">Q", time)
        + short(origin)
        + struct.pack(">QQ", 0, int(size))
        + base64.b64decode(root)
    )


def verify(name, material, signature, text):
    if material[0] == 0x01:
        Ed25519PublicKey.from_public_bytes(material[1:]).verify(signature, text.encode())
    elif material[0] == 0x06:
        time = struct.unpack(">Q", signature[:8])[0]
        message = cosigned_message(name, time, text)
        MLDSA44PublicKey.from_public_bytes(material[1:]).verify(signature[8:], message)
    else:
        raise ValueError(f"type {material[0]} of {name}")


def main(checkpoint, vkeys):
    text, lines = checkpoint.read_text(encoding="utf-8").rsplit("\n\n", 1)
    text += "\n"
    signatures = {}
    for line in lines.splitlines():
        dash, name, encoded = line.split(" ")
        if dash != "\u2014":
            raise ValueError("a signature line does not begin with a dash")
        signature = base64.b64decode(encoded)
        signatures[name, signature[:4]] = signature[4:]
    for vkey in vkeys.read_text(encoding="utf-8").splitlines():
        name, key_id, encoded = vkey.split("+", 2)
        material = base64.b64decode(encoded)
        expected = hashlib.sha256(name.encode() + b"\n" + material).digest()[:4]
        if expected.hex() != key_id:
            raise ValueError(f"a vkey of {name} has another id than its key")
        if (name, expected) not in signatures:
            raise ValueError(f"a key of {name} of type 0x{material[0]:02x} did not sign")
        verify(name, material, signatures[name, expected], text)
        print(f"type 0x{material[0]:02x} of {name}: valid")


if len(sys.argv) != 3:
    sys.exit("usage: verify_checkpoint.py CHECKPOINT VKEYS")
try:
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
except InvalidSignature:
    sys.exit("verify_checkpoint: a signature is not valid")
except (OSError, ValueError, LookupError, struct.error) as e:
    sys.exit(f"verify_checkpoint: {e}")
