# SPDX-License-Identifier: Apache-2.0
"""Checks a log's rows with Python's own JSON and SHA-256 and the package cryptography's Ed25519.

    python3 check_rows.py ROWS KEYS CHECKPOINT

ROWS has all that `indelible log list --output json` prints, KEYS all that `indelible keys export`
prints, and CHECKPOINT is the file of that name in an export, or one that was kept. Each key is
accepted for every row: docs/verification.md says how a row introduces a key or gives one up.
"""
import base64, hashlib, json, re, sys
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

DECISIONS = ("governance.check", "governance.refusal")


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def canonical(record):
    # RFC 8785, of an object whose values are strings and whole numbers. Members are sorted by name,
    # without spaces. In strings the quote, the backslash and what is below U+0020 are escaped:
    # \b \t \n \f \r by their letters, the rest as \u00xx in lower case. All else is plain UTF-8.
    text = json.dumps(record, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode()


def require(holds, what):
    if not holds:
        raise ValueError(what)


def require_signed(keys, key_id, signature, message):
    require(key_id in keys, "signed by none of the keys given")
    try:
        keys[key_id].verify(signature, message)
    except InvalidSignature:
        raise ValueError("not signed by the key that it names") from None


def read_keys(file):
    pem = b"-----BEGIN PUBLIC KEY-----.*?-----END PUBLIC KEY-----"
    keys = [load_pem_public_key(each) for each in re.findall(pem, open(file, "rb").read(), re.S)]
    return {key.public_bytes(Encoding.Raw, PublicFormat.Raw): key for key in keys}


def read_checkpoint(file, keys):
    """Its size and root, signed by one of the keys under the log's name (C2SP signed-note)."""
    text, _, signatures = open(file, "rb").read().decode().rpartition("\n\n")
    name, size, root = (text + "\n").split("\n")[:3]
    ids = {sha256(name.encode(), b"\n\1", raw)[:4]: key for raw, key in keys.items()}
    lines = [line.split(" ") for line in signatures.split("\n")[:-1]]
    signed = [base64.b64decode(line[2]) for line in lines if line[1] == name]
    own = next((each for each in signed if each[:4] in ids), b"")
    require_signed(ids, own[:4], own[4:], (text + "\n").encode())
    return int(size), base64.b64decode(root)


def read_row(line):
    """A record, and its payload as the bytes that were hashed; none once it was erased."""
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
        require(record["sequence"] == self.rows + 1, f"stands behind row {self.rows}")
        require(record["prev_hash"] == self.head.hex(), "does not hold the hash of the row before")
        self.check_signature(record)
        if payload is None:
            require(record["event_type"] in DECISIONS, "has no payload, and is no decision")
            self.gone[record["sequence"]] = (record["id"], record["payload_hash"])
        else:
            require(record["payload_hash"] == sha256(payload).hex(), "its payload is another")
            if "signature" in record:
                self.read_note(record["event_type"], payload)
        self.rows += 1
        self.head = sha256(b"\0", canonical(record))  # a leaf of the tree, too
        self.peaks.append((1, self.head))
        while len(self.peaks) > 1 and self.peaks[-2][0] == self.peaks[-1][0]:
            (width, left), (_, right) = self.peaks[-2:]
            self.peaks[-2:] = [(2 * width, sha256(b"\1", left, right))]

    def check_signature(self, record):
        if record["attest_level"] == "unsigned" and not record.keys() & {"key_id", "signature"}:
            require(self.may_be_unsigned, "unsigned, and no signed row says that rows are")
            self.last_unsigned = record["sequence"]
            return
        covered = {name: record[name] for name in record.keys() - {"prev_hash", "signature"}}
        message = b"indelible/row/v1\n" + canonical(covered)
        require_signed(
            self.keys, record["key_id"], base64.b64decode(record["signature"]), message
        )

    def read_note(self, event_type, payload):
        """What the log says of itself, in a signed row."""
        if event_type == "audit.row_signatures":
            self.may_be_unsigned = json.loads(payload)["details"]["row_signatures"] == "off"
        if event_type == "payload.erased":
            said = json.loads(payload)["details"]
            if self.gone.get(said["sequence"]) == (said["event_id"], said["payload_hash"]):
                del self.gone[said["sequence"]]
                self.erased += 1

    def root(self):
        """The tree head of RFC 6962 over the rows so far."""
        node = self.peaks[-1][1] if self.peaks else sha256()
        for _, left in reversed(self.peaks[:-1]):
            node = sha256(b"\1", left, node)
        return node


def main(rows, keys, checkpoint):
    at = "the checkpoint"
    try:
        given = read_keys(keys)
        size, root = read_checkpoint(checkpoint, given)
        chain = Chain(given)
        for line in open(rows, encoding="utf-8", newline="\n"):
            at = f"row {chain.rows + 1}"
            chain.add(*read_row(line))
            if chain.rows == size:
                require(chain.root() == root, "the checkpoint is over other rows")
        at = "the chain"
        require(chain.rows >= size, f"{chain.rows} rows; the checkpoint is over {size}")
        require(chain.last_unsigned <= size, f"row {chain.last_unsigned} is covered by nothing")
        require(not chain.gone, f"payloads are gone without a word: {list(chain.gone)}")
    except (ValueError, LookupError, TypeError, AttributeError) as e:
        sys.exit(f"check_rows: {at}: {e}")
    print(f"verified {chain.rows} rows, {size} under the checkpoint, {chain.erased} erased")


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit("usage: check_rows.py ROWS KEYS CHECKPOINT")
    main(*sys.argv[1:])
