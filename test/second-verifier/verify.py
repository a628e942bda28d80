#!/usr/bin/env python3
"""A second verifier of the audit log, written from docs/formats/audit.md alone.

It shares no code with the program, uses only Python's standard library, and judges a log by itself:

    verify.py FILE  ->  {"ok": bool, "rows": n, "sessions": n, "heads": n, "checkpoints": n, "problems": [...]}

exit 0 intact, 1 not, 2 cannot read. Ed25519 is RFC 8032 section 5.1.7 without cofactor, with the strict rules of the
format: S < L, canonical A and R, 8A is not the identity. It is slow on purpose: plain integers, one method.
"""
import base64
import hashlib
import json
import re
import sqlite3
import struct
import sys

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = (-121665 * pow(121666, P - 2, P)) % P
SQRT_M1 = pow(2, (P - 1) // 4, P)
ZERO32 = bytes(32)
SAFE = 2**53 - 1


# --- Ed25519 in extended coordinates -----------------------------------------------------------------------------
def decompress(data):
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    if y >= P:
        return None
    u, v = (y * y - 1) % P, (D * y * y + 1) % P
    x = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    if (v * x * x - u) % P:
        x = x * SQRT_M1 % P
    if (v * x * x - u) % P:
        return None
    if x == 0 and sign:
        return None
    if x & 1 != sign:
        x = P - x
    return (x, y, 1, x * y % P)


def add(p, q):
    a = (p[1] - p[0]) * (q[1] - q[0]) % P
    b = (p[1] + p[0]) * (q[1] + q[0]) % P
    c = 2 * p[3] * q[3] * D % P
    d = 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def mul(n, p):
    result = (0, 1, 1, 0)
    while n:
        if n & 1:
            result = add(result, p)
        p = add(p, p)
        n >>= 1
    return result


def compress(p):
    z = pow(p[2], P - 2, P)
    x, y = p[0] * z % P, p[1] * z % P
    return (y | ((x & 1) << 255)).to_bytes(32, "little")


def is_identity(p):
    return p[0] % P == 0 and (p[1] - p[2]) % P == 0


BASE = decompress((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def ed25519(key, message, signature):
    if len(key) != 32 or len(signature) != 64:
        return False
    a, r = decompress(key), decompress(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= L or is_identity(mul(8, a)):
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % L
    negative = (P - a[0], a[1], a[2], P - a[3])
    return compress(add(mul(s, BASE), mul(k, negative))) == signature[:32]


# --- bytes -------------------------------------------------------------------------------------------------------
def sha(data):
    return hashlib.sha256(data).digest()


def lp(data):
    return struct.pack(">I", len(data)) + data


def tag(text):
    return text.encode() + b"\0"


def u64(value):
    return struct.pack(">Q", value)


def i64(value):
    return struct.pack(">q", value)


# --- RFC 6962 ----------------------------------------------------------------------------------------------------
class Tree:
    """Append-only Merkle tree kept as the roots of its complete subtrees, left to right."""

    def __init__(self):
        self.size, self.stack = 0, []

    def append(self, data):
        node, size = sha(b"\0" + data), self.size
        while size & 1:
            node = sha(b"\1" + self.stack.pop() + node)
            size >>= 1
        self.stack.append(node)
        self.size += 1

    def root(self):
        if not self.stack:
            return sha(b"")
        node = self.stack[-1]
        for left in reversed(self.stack[:-1]):
            node = sha(b"\1" + left + node)
        return node


# --- I-JSON ------------------------------------------------------------------------------------------------------
def strict_object(text):
    def pairs(items):
        names = [name for name, _ in items]
        if len(set(names)) != len(names):
            raise ValueError("duplicate name")
        return dict(items)

    def integer(word):
        value = int(word)
        if abs(value) > SAFE:
            raise ValueError("integer out of range")
        return value

    def refuse(word):
        raise ValueError("number is no integer")

    value = json.loads(text, object_pairs_hook=pairs, parse_int=integer, parse_float=refuse, parse_constant=refuse)
    if not isinstance(value, dict):
        raise ValueError("not an object")
    json.dumps(value, ensure_ascii=False).encode("utf-8")  # a lone surrogate cannot be encoded
    return value


class Log:
    def __init__(self, path):
        self.problems = []
        self.db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        self.db.text_factory = bytes
        self.heads = self.checkpoints = 0
        self.last = {}  # session -> (seq, hash)
        self.covered = {}  # session -> (seq_end, head_hash)
        self.hashes = {}  # session -> {seq: hash} of rows after the last head
        self.keys = {}  # holder -> key in force
        self.open = {}  # session -> rows not covered by a head: [(id, ts)]
        self.turns = {}  # session -> seq of the first row of a turn that has not ended
        self.tree = Tree()
        self.restored = 0
        self.log_id = ZERO32[:16]
        self.log_key = ZERO32
        self.signed_rows = 0
        self.after_stopped = None
        self.effective = []

    def problem(self, row, reason, detail=""):
        self.problems.append({"session": row["session"], "seq": row["seq"], "id": row["id"], "reason": reason, "detail": detail})

    def rows(self):
        names = "id session_id seq ts_ms kind trust payload payload_hash content salt content_hash prev_hash hash".split()
        for values in self.db.execute(f"SELECT {', '.join(names)} FROM session_events ORDER BY id"):
            row = dict(zip(names, values))
            for name in ("session_id", "kind", "trust"):
                row[name] = row[name].decode("utf-8", "replace") if isinstance(row[name], bytes) else str(row[name])
            row["session"] = row["session_id"]
            yield row

    def verify(self):
        expected, row, newest, all_rows = 1, None, 0, []
        for row in self.rows():
            if row["id"] != expected:
                self.problem(row, "gap", f"id {expected} is missing")
                expected = row["id"]
            expected += 1
            newest = max(newest, row["ts_ms"])
            self.judge(row)
            all_rows.append((row["id"], row["kind"], row["session"], row["seq"], row["payload"] is None))
        if row is None:
            self.problems.append({"session": "_log", "seq": 0, "id": 1, "reason": "schema", "detail": "no rows"})
            return
        sequence = self.db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'session_events'").fetchone()
        if sequence is None or sequence[0] != row["id"]:
            self.problem(row, "gap", "sqlite_sequence is not the last id")
        self.tail(newest)

    def judge(self, row):
        session, seq = row["session"], row["seq"]
        if row["id"] == 1:
            self.begin(row)
        self.shape(row)
        before_seq, before_hash = self.last.get(session, (-1, sha(tag("wirken/audit/session/v1") + self.log_id + lp(session.encode()))))
        if seq != before_seq + 1:
            self.problem(row, "gap", f"seq {before_seq + 1} is missing")
        if row["prev_hash"] != before_hash:
            self.problem(row, "prev_hash")
        payload = self.payload(row)
        self.content(row)
        digest = sha(
            tag("wirken/audit/row/v1") + lp(session.encode()) + u64(seq) + i64(row["ts_ms"]) + lp(row["kind"].encode())
            + lp(row["trust"].encode()) + row["payload_hash"] + lp(row["content_hash"] or b"") + row["prev_hash"]
        )
        if digest != row["hash"]:
            self.problem(row, "row_hash")
        self.last[session] = (seq, row["hash"])
        self.hashes.setdefault(session, {})[seq] = row["hash"]
        if payload is not None:
            self.special(row, payload)
        self.tree.append(row["hash"])
        if row["kind"] not in ("chain_head", "checkpoint"):
            self.open.setdefault(session, []).append((row["id"], row["ts_ms"]))
            if row["kind"] == "turn_started":
                self.turns[session] = seq
            if row["kind"] == "turn_ended":
                self.turns.pop(session, None)
        self.stopped(row)

    def begin(self, row):
        try:
            payload = strict_object(row["payload"])
            assert row["session"] == "_log" and row["seq"] == 0 and row["kind"] == "log_created"
            assert re.fullmatch("[0-9a-f]{32}", payload["log_id"]) and re.fullmatch("[0-9a-f]{64}", payload["log_key"])
            self.log_id = bytes.fromhex(payload["log_id"])
            self.log_key = bytes.fromhex(payload["log_key"])
        except (AssertionError, KeyError, TypeError, ValueError) as error:
            self.problem(row, "schema", f"row 1: {error}")
            self.log_key = ZERO32

    def shape(self, row):
        sizes = {"payload_hash": 32, "prev_hash": 32, "hash": 32}
        bad = [name for name, size in sizes.items() if not isinstance(row[name], bytes) or len(row[name]) != size]
        if row["content_hash"] is not None and (not isinstance(row["content_hash"], bytes) or len(row["content_hash"]) != 32):
            bad.append("content_hash")
        if row["trust"] not in ("system", "user", "tool", "external") or row["seq"] < 0:
            bad.append("trust or seq")
        if bad:
            self.problem(row, "schema", ", ".join(bad))
        for name in ("payload_hash", "prev_hash", "hash"):
            if not isinstance(row[name], bytes):
                row[name] = b""

    def payload(self, row):
        if row["payload"] is None:
            self.problem(row, "payload_missing")
            return None
        if sha(row["payload"]) != row["payload_hash"]:
            self.problem(row, "payload_hash")
        try:
            return strict_object(row["payload"])
        except (ValueError, UnicodeError, RecursionError) as error:
            self.problem(row, "schema", str(error))
            return None

    def content(self, row):
        if row["content"] is None:
            if row["content_hash"] is not None:
                self.problem(row, "content_missing")
            elif row["salt"] is not None:
                self.problem(row, "schema", "salt without content")
            return
        digest = sha(tag("wirken/audit/content/v1") + lp(row["salt"] or b"") + row["content"])
        if row["content_hash"] is None or digest != row["content_hash"]:
            self.problem(row, "content_mismatch")
        try:
            strict_object(row["content"])
        except (ValueError, UnicodeError, RecursionError) as error:
            self.problem(row, "schema", str(error))

    def special(self, row, payload):
        try:
            if row["kind"] == "key_continuity":
                self.key(row, payload)
            elif row["kind"] == "chain_head":
                self.head(row, payload)
            elif row["kind"] == "checkpoint":
                self.checkpoint(row, payload)
            elif row["kind"] in ("pruned", "content_erased"):
                self.problem(row, "prune_invalid" if row["kind"] == "pruned" else "erase_invalid", "not judged here")
            elif row["kind"] == "restored":
                self.restored += 1
        except (KeyError, TypeError, ValueError) as error:
            self.problem(row, "schema", f"{row['kind']}: {error}")

    def key(self, row, payload):
        holder, key, previous = payload["holder"], bytes.fromhex(payload["key"]), bytes.fromhex(payload["prev_key"])
        message = tag("wirken/audit/key/v1") + self.log_id + lp(holder.encode()) + key + previous
        known = self.keys.get(holder)
        if holder == "log" and known is None:
            signer, joined = self.log_key, previous == ZERO32 and key == self.log_key
        else:
            signer, joined = known or self.keys.get("log", ZERO32), previous == (known or ZERO32)
        if row["session"] != "_log" or not joined or not ed25519(signer, message, bytes.fromhex(payload["signature"])):
            self.problem(row, "key_break", holder)
            return
        self.keys[holder] = key

    def head(self, row, payload):
        session = row["session"]
        self.heads += 1
        start, end = payload["seq_start"], payload["seq_end"]
        head_hash, previous = bytes.fromhex(payload["head_hash"]), bytes.fromhex(payload["prev_head_hash"])
        before_end, before_hash = self.covered.get(session, (-1, ZERO32))
        covered = self.hashes.get(session, {}).get(end)
        if start != before_end + 1 or end < start or end >= row["seq"] or previous != before_hash or covered != head_hash:
            self.problem(row, "head_range")
        holder = "log" if session.startswith("_") else f"agent:{session.split('/')[0]}"
        key = self.keys.get(holder)
        message = (
            tag("wirken/audit/head/v1") + self.log_id + lp(session.encode()) + u64(start) + u64(end) + head_hash
            + i64(row["ts_ms"]) + previous + lp(payload["reason"].encode())
        )
        if key is None:
            self.problem(row, "unknown_key")
        elif not ed25519(key, message, bytes.fromhex(payload["signature"])):
            self.problem(row, "head_signature")
        self.covered[session] = (end, head_hash)
        self.hashes[session] = {seq: value for seq, value in self.hashes[session].items() if seq > end}
        first_open = row["id"] - 1
        self.open[session] = [one for one in self.open.get(session, []) if one[0] > first_open]

    def checkpoint(self, row, payload):
        self.checkpoints += 1
        origin = f"wirken/{self.log_id.hex()}" + (f"/{self.restored}" if self.restored else "")
        body, _, signatures = payload["note"].partition("\n\n")
        lines = body.split("\n")
        if row["session"] != "_log" or len(lines) != 3 or lines[0] != origin or not re.fullmatch("0|[1-9][0-9]*", lines[1]):
            self.problem(row, "tree_signature", "not a checkpoint of this log")
            return
        if int(lines[1]) != row["id"] - 1:
            self.problem(row, "tree_size")
        if base64.b64decode(lines[2], validate=True) != self.tree.root():
            self.problem(row, "tree_root")
        frontier = payload["frontier"]
        if frontier != [node.hex() for node in self.tree.stack]:
            self.problem(row, "tree_root", "frontier")
        key = self.keys.get("log", self.log_key)
        note = (body + "\n").encode()
        if not any(self.note_signature(line, origin, key, note) for line in signatures.split("\n")):
            self.problem(row, "tree_signature")
        self.signed_rows = row["id"]

    @staticmethod
    def note_signature(line, name, key, note):
        match = re.fullmatch("\u2014 (\\S+) (\\S+)", line)
        if match is None or match[1] != name:
            return False
        data = base64.b64decode(match[2], validate=True)
        return data[:4] == sha(name.encode() + b"\n\x01" + key)[:4] and ed25519(key, note, data[4:])

    def stopped(self, row):
        if row["kind"] == "started":
            self.after_stopped = None
        elif row["kind"] == "stopped":
            self.after_stopped = []
        elif self.after_stopped is not None:
            self.after_stopped.append((row["kind"], row["session"]))
            allowed = [("chain_head", row["session"]), ("chain_head", "_log"), ("checkpoint", "_log")]
            if row["kind"] not in ("chain_head", "checkpoint") or len(self.after_stopped) > len(allowed):
                self.problem(row, "unsigned_tail", "after stopped")

    def tail(self, newest):
        for session, rows in self.open.items():
            if not rows:
                continue
            if session in self.turns and len(rows) <= 1000 and newest - rows[0][1] <= 300_000:
                continue
            if session.startswith("_") and len(rows) <= 1000 and newest - rows[0][1] <= 300_000 and self.after_stopped is None:
                continue
            self.problems.append({"session": session, "seq": -1, "id": rows[0][0], "reason": "unsigned_tail", "detail": f"{len(rows)} rows"})


def main():
    try:
        log = Log(sys.argv[1])
        log.verify()
    except (sqlite3.Error, IndexError, OSError) as error:
        print(json.dumps({"ok": False, "error": str(error)}))
        return 2
    report = {
        "ok": not log.problems, "rows": log.tree.size, "sessions": len(log.last), "heads": log.heads,
        "checkpoints": log.checkpoints, "problems": log.problems[:100],
    }
    print(json.dumps(report))
    return 0 if report["ok"] else 1


sys.exit(main())
