# SPDX-License-Identifier: Apache-2.0
"""Condenses the ML-DSA-44 suites of Wycheproof into known answers for MlDsa44SigningKeyTest.

Keeps pure signatures with an empty context, because no other kind is used here. A signature that
is to be computed is kept as its SHA-256. Of each kind of signature to verify, three are kept.

    python3 ml_dsa_44_known_answers.py WYCHEPROOF/testvectors_v1 FILE
"""

import base64
import collections
import hashlib
import json
import pathlib
import sys


def cases(suite):
    for group in suite["testGroups"]:
        for test in group["tests"]:
            if "msg" in test and test.get("ctx", "") == "" and "rnd" not in test:
                yield group, test


def short(text):
    return base64.b64encode(bytes.fromhex(text)).decode()


def digest(text):
    return hashlib.sha256(bytes.fromhex(text)).hexdigest()


def main(suites, out):
    lines = ["# ML-DSA-44, from C2SP/wycheproof testvectors_v1 (Apache-2.0)"]
    lines.append("# sign id seed sha256(key) message sha256(signature)")
    sign = json.loads((suites / "mldsa_44_sign_seed_test.json").read_text())
    for group, test in cases(sign):
        if test["result"] == "valid":
            key, signature = digest(group["publicKey"]), digest(test["sig"])
            seed, message = group["privateSeed"], test["msg"] or "-"
            lines.append(f"sign {test['tcId']} {seed} {key} {message} {signature}")
    lines.append("# verify id kind result key message signature")
    kept = collections.Counter()
    verify = json.loads((suites / "mldsa_44_verify_test.json").read_text())
    for group, test in cases(verify):
        kind = "+".join(test["flags"]) or "Other"
        kept[kind, test["result"]] += 1
        if kept[kind, test["result"]] <= 3:
            key, signature = short(group["publicKey"]), short(test["sig"])
            message = test["msg"] or "-"
            lines.append(
                f"verify {test['tcId']} {kind} {test['result']} {key} {message} {signature}"
            )
    out.write_text("\n".join(lines) + "\n")


main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
