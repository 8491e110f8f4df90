# SPDX-License-Identifier: Apache-2.0
"""Checks the rows of a log with Python's JSON and SHA-256, and Ed25519 of the package cryptography.

    python3 check_rows.py ROWS KEYS CHECKPOINT

ROWS is the output of `indelible log list --output json`, KEYS the output of `indelible keys
export`, and CHECKPOINT the file `checkpoint` of an export, or a kept copy of it. Each key is accepted
for every row; docs/verification.md describes how a row introduces or revokes a key.
"""
import base64, hashlib, json, re, sys
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

DECISIONS = ("governance.check", "governance.refusal")


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def canonical(record):
    # RFC 8785 for an object of strings and whole numbers. Members are sorted by name, without
    # spaces. In strings the quote, the backslash and characters below U+0020 are escaped:
    # \b \t \n \f \r by their letters, the others as \u00xx in lower case. The rest is plain UTF-8.
    text = json.dumps(record, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode()


def require(holds, what):
    if not holds:
        raise ValueError(what)


def require_signed(keys, key_id, signature, message):
    require(key_id in keys, "signed by none of the given keys")
    try:
        keys[key_id].verify(signature, message)
    except InvalidSignature:
        raise ValueError("not signed by the key that it names") from None


def read_keys(file):
    pem = b"-----BEGIN PUBLIC KEY-----.*?-----END PUBLIC KEY-----"
    keys = [load_pem_public_key(each) for each in re.findall(pem, open(file, "rb").read(), re.S)]
    return {key.public_bytes(Encoding.Raw, PublicFormat.Raw): key for key in keys}


def read_checkpoint(file, keys):
    """Returns size and root, which a key signed under the log's name (C2SP signed-note)."""
    text, _, signatures = open(file, "rb").read().decode().rpartition("\n\n")
    name, size, root = (text + "\n").split("\n")[:3]
    ids = {sha256(name.encode(), b"\n\1", raw)[:4]: key for raw, key in keys.items()}
    lines = [line.split(" ") for line in signatures.split("\n")[:-1]]
    signed = [base64.b64decode(line[2]) for line in lines if line[1] == name]
    own = next((each for each in signed if each[:4] in ids), b"")
    require_signed(ids, own[:4], own[4:], (text + "\n").encode())
    return int(size), base64.b64decode(root)


def read_row(line):
    """Returns a record and the hashed bytes of its payload, or None if it is erased."""
    record = json.loads(line)
    record.pop("payload")
    at = line.index(',"payload":') + len(',"payload":')
    payload = line[at : json.JSONDecoder().raw_decode(line, at)[1]]
    before, after = canonical(record).decode().split(',"payload_hash":', 1)
    whole = f'{before},"payload":{payload},"payload_hash":{after}\n'
    require(line == whole, "not as log list prints it")
    return record, None if payload == "null" else payload.encode()


class Chain:
    def __init__(self, keys):
        self.keys = {sha256(raw)[:8].hex(): key for raw, key in keys.items()}
        self.rows, self.head, self.peaks = 0, bytes(32), []
        self.may_be_unsigned, self.last_unsigned, self.gone, self.erased = False, 0, {}, 0

    def add(self, record, payload):
        require(record["sequence"] == self.rows + 1, f"follows row {self.rows}")
        require(record["prev_hash"] == self.head.hex(), "does not have the hash of the row before")
        self.check_signature(record)
        if payload is None:
            require(record["event_type"] in DECISIONS, "has no payload, and is no decision")
            self.gone[record["sequence"]] = (record["id"], record["payload_hash"])
        else:
            require(record["payload_hash"] == sha256(payload).hex(), "its payload has another hash")
            if "signature" in record:
                self.read_note(record["event_type"], payload)
        self.rows += 1
        self.head = sha256(b"\0", canonical(record))  # also a leaf of the tree
        self.peaks.append((1, self.head))
        while len(self.peaks) > 1 and self.peaks[-2][0] == self.peaks[-1][0]:
            (width, left), (_, right) = self.peaks[-2:]
            self.peaks[-2:] = [(2 * width, sha256(b"\1", left, right))]

    def check_signature(self, record):
        if record["attest_level"] == "unsigned" and not record.keys() & {"key_id", "signature"}:
            require(self.may_be_unsigned, "unsigned, but no signed row states that rows are")
            self.last_unsigned = record["sequence"]
            return
        covered = {name: record[name] for name in record.keys() - {"prev_hash", "signature"}}
        message = b"indelible/row/v1\n" + canonical(covered)
        require_signed(
            self.keys, record["key_id"], base64.b64decode(record["signature"]), message
        )

    def read_note(self, event_type, payload):
        """Reads a signed row in which the log reports unsigned rows or an erasure."""
        if event_type == "audit.row_signatures":
            self.may_be_unsigned = json.loads(payload)["details"]["row_signatures"] == "off"
        if event_type == "payload.erased":
            note = json.loads(payload)["details"]
            if self.gone.get(note["sequence"]) == (note["event_id"], note["payload_hash"]):
                del self.gone[note["sequence"]]
                self.erased += 1

    def root(self):
        """Returns the tree head of RFC 6962 over the rows so far."""
        node = self.peaks[-1][1] if self.peaks else sha256()
        for _, left in reversed(self.peaks[:-1]):
            node = sha256(b"\1", left, node)
        return node


def main(rows, keys, checkpoint):
    at = "the keys"
    try:
        given = read_keys(keys)
        require(given, f"no public key in {keys}")
        at = "the checkpoint"
        size, root = read_checkpoint(checkpoint, given)
        chain = Chain(given)
        for line in open(rows, encoding="utf-8", newline="\n"):
            at = f"row {chain.rows + 1}"
            chain.add(*read_row(line))
            if chain.rows == size:
                require(chain.root() == root, "the checkpoint is over other rows")
        at = "the chain"
        require(chain.rows >= size, f"{chain.rows} rows; the checkpoint is over {size}")
        unproven = f"row {chain.last_unsigned} has neither signature nor checkpoint"
        require(chain.last_unsigned <= size, unproven)
        gone = f"payloads are missing, and no row records the erasure: {list(chain.gone)}"
        require(not chain.gone, gone)
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as e:
        sys.exit(f"check_rows: {at}: {e}")
    print(f"verified {chain.rows} rows, {size} under the checkpoint, {chain.erased} erased")


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit("usage: check_rows.py ROWS KEYS CHECKPOINT")
    main(*sys.argv[1:])
