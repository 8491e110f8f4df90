# SPDX-License-Identifier: Apache-2.0
"""Writes a policy with an ML-DSA-44 witness, and a checkpoint that it cosigned.

A separate implementation of C2SP tlog-cosignature, based on the package cryptography (48 or later).
Its output is in the test resources, in dev/indelible/checkpoint/ml-dsa-44.

    python3 ml_dsa_44_vector.py DIRECTORY
"""

import base64
import hashlib
import pathlib
import struct
import sys

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

ORIGIN = "log.example/pq"
WITNESS = "witness.example/pq"
SIZE = 20852163
TIME = 1679315147
ED25519, ML_DSA_44_COSIGNATURE = 0x01, 0x06


def key_id(name, kind, public):
    return hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + public).digest()[:4]


def vkey(name, kind, public):
    material = base64.b64encode(bytes([kind]) + public).decode()
    return f"{name}+{key_id(name, kind, public).hex()}+{material}"


def line(name, kind, public, signature):
    return f"\u2014 {name} {base64.b64encode(key_id(name, kind, public) + signature).decode()}\n"


def short(text):
    return bytes([len(text.encode())]) + text.encode()


def main(directory):
    log = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"log").digest())
    log_public = log.public_key().public_bytes_raw()
    witness = MLDSA44PrivateKey.from_seed_bytes(hashlib.sha256(b"witness").digest())
    witness_public = witness.public_key().public_bytes_raw()

    root = hashlib.sha256(b"root").digest()
    text = f"{ORIGIN}\n{SIZE}\n{base64.b64encode(root).decode()}\n"
    message = (
        b"subtree/v1\n\0"
        + short(WITNESS)
        + struct.pack(">Q", TIME)
        + short(ORIGIN)
        + struct.pack(">QQ", 0, SIZE)
        + root
    )
    cosignature = struct.pack(">Q", TIME) + witness.sign(message)
    note = (
        text
        + "\n"
        + line(ORIGIN, ED25519, log_public, log.sign(text.encode()))
        + line(WITNESS, ML_DSA_44_COSIGNATURE, witness_public, cosignature)
    )
    policy = (
        f"log {vkey(ORIGIN, ED25519, log_public)}\n"
        + f"witness pq {vkey(WITNESS, ML_DSA_44_COSIGNATURE, witness_public)}\n"
        + "quorum pq\n"
    )
    (directory / "checkpoint").write_text(note, encoding="utf-8")
    (directory / "policy").write_text(policy, encoding="utf-8")


main(pathlib.Path(sys.argv[1]))
