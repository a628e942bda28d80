/** R: the record's triggers, what the signer signs, and what the vault's seals bind. */
import type { Defence } from "./defence.ts";

const schema = { attack: "R", file: "src/audit/schema.sql", tests: ["src/audit/schema.test.ts"] } as const;
const signer = {
  attack: "R",
  file: "src/signer/signer-core.ts",
  tests: ["src/signer/signer-core.test.ts"],
} as const;
const entry = { attack: "R", file: "src/vault/entry.ts", tests: ["src/vault/vault.test.ts"] } as const;
const header = { attack: "R", file: "src/vault/header.ts", tests: ["src/vault/header.test.ts"] } as const;

const VERIFY = ["src/audit/verify-log.test.ts", "src/audit/verify-session.test.ts"] as const;
const verify = { attack: "R", file: "src/chain/verify/log-verifier.ts", tests: VERIFY } as const;
const chains = { attack: "R", file: "src/chain/verify/session-chains.ts", tests: VERIFY } as const;

/** Columns whose change the trigger refuses. */
const COLUMNS = [
  "session_id",
  "seq",
  "ts_ms",
  "kind",
  "trust",
  "payload_hash",
  "content_hash",
  "prev_hash",
  "hash",
];

export const RECORD: readonly Defence[] = [
  {
    ...schema,
    keeps: "a row is never deleted",
    text: "SELECT RAISE(ABORT, 'rows of the audit log are never deleted');",
    without: "SELECT 1;",
  },
  {
    ...schema,
    keeps: "a row's number never changes",
    text: "WHEN NEW.id IS NOT OLD.id\n  OR",
    without: "WHEN",
  },
  ...COLUMNS.map(
    (name): Defence => ({
      ...schema,
      keeps: `a row's ${name} never changes`,
      text: `  OR NEW.${name} IS NOT OLD.${name}\n`,
      without: "",
    }),
  ),
  ...["payload", "content", "salt"].map(
    (name): Defence => ({
      ...schema,
      keeps: `a row's ${name} is erased or stays`,
      text: `  OR (NEW.${name} IS NOT OLD.${name} AND NEW.${name} IS NOT NULL)\n`,
      without: "",
    }),
  ),
  {
    ...schema,
    keeps: "a row is not put over another by its number",
    text: "WHEN EXISTS (SELECT 1 FROM session_events WHERE id = NEW.id)\n  OR EXISTS",
    without: "WHEN EXISTS",
  },
  {
    ...schema,
    keeps: "a row is not put over another by its place",
    text: "\n  OR EXISTS (SELECT 1 FROM session_events WHERE session_id = NEW.session_id AND seq = NEW.seq)",
    without: "",
  },
  {
    ...signer,
    keeps: "a head continues the session's last one",
    text: "if (request.seqStart !== seqStart || request.seqEnd < seqStart) {",
    without: "if (request.seqEnd < 0) {",
  },
  {
    ...signer,
    keeps: "a checkpoint's tree contains the last one",
    text: "proof.length === 0 : verifyConsistency(crypto, first, second, proof);",
    without: "proof.length === 0 : true;",
  },
  {
    ...signer,
    keeps: "the first checkpoint continues nothing",
    text: "first.size === 0 ? proof.length === 0 :",
    without: "first.size === 0 ? true :",
  },
  {
    ...signer,
    keeps: "a signature leaves after its head is on the disk",
    text: "return saved.ok ? ok(signed) : saved;",
    without: "return ok(signed);",
  },
  {
    ...signer,
    keeps: "a signed checkpoint leaves after its tree is on the disk",
    text: "if (!saved.ok) return saved;\n    return ok({ note",
    without: "return ok({ note",
  },
  {
    ...signer,
    keeps: "a state is accepted when the operator named exactly it",
    text: "if (accepted === undefined || accepted.size !== request.size || accepted.root !== request.root) {",
    without: "if (accepted === null) {",
  },
  {
    ...signer,
    keeps: "another log is not signed",
    text: "if (tree === undefined ? fresh : tree.size === 0) {",
    without: "if (tree?.logId !== logId) {",
  },
  {
    ...signer,
    keeps: "a damaged memory does not pass for none",
    file: "src/signer/signer-memory.ts",
    text: 'if (tree === undefined) return fail("damaged", "the signer\'s memory of the tree does not parse");',
    without: "if (tree === undefined) return ok(new SignerMemory(store, crypto, undefined));",
  },
  {
    ...entry,
    keeps: "an entry's kind is sealed",
    text: "lp(info.kind),",
    without: "",
  },
  {
    ...entry,
    keeps: "an entry's age is sealed",
    text: "i64(info.createdMs),",
    without: "",
  },
  {
    ...entry,
    keeps: "an entry's end is sealed",
    text: "i64(info.expiresMs),",
    without: "",
  },
  {
    ...entry,
    keeps: "where an entry may be sent is sealed",
    text: "lp(jcs(info.origins)),",
    without: "",
  },
  {
    ...entry,
    keeps: "an entry that was put back or taken out is seen",
    file: "src/vault/mac.ts",
    text: "const sorted = [...rows]",
    without: "const sorted = [...rows].slice(rows.length)",
  },
  {
    ...entry,
    keeps: "an expired value is not lent",
    file: "src/vault/vault.ts",
    text: "if (row.expiresMs !== 0 && row.expiresMs <= this.#clock.now()) {",
    without: "if (row.expiresMs < 0) {",
  },
  {
    ...header,
    keeps: "a header's every byte counts",
    text: "if (!same(check, sha256(bytes.subarray(0, before))) || ",
    without: "if (",
  },
  {
    ...header,
    keeps: "a passphrase's cost is not lowered",
    text: "if (log2N < LOG2_N_MIN || ",
    without: "if (",
  },
  {
    ...header,
    attack: "F2",
    keeps: "a passphrase's cost is bounded",
    text: "|| log2N > LOG2_N_MAX ||",
    without: "||",
  },
  {
    ...header,
    keeps: "an adapter's document is bound to its name and place",
    file: "src/runtime/state-seal.ts",
    text: "decipher.setAAD(associatedData(scope, name));",
    without: 'decipher.setAAD(associatedData("", ""));',
    tests: ["adapters/kit/state.test.ts"],
  },
  {
    ...verify,
    keeps: "a row that is missing is seen",
    text: "if (row.id !== this.#last.id + (this.rows === 1 ? 0 : 1)) {",
    without: "if (row.id < 0) {",
  },
  {
    ...verify,
    keeps: "rows that were cut off at the end are seen",
    text: "if (this.rows > 0 && end.sequence !== this.#last.id) {",
    without: "if (this.rows < 0) {",
  },
  {
    ...verify,
    keeps: "a changed text is seen",
    text: "if (contentHash === null || !equalBytes(digest, contentHash)) {",
    without: "if (digest.length === 0) {",
  },
  {
    ...verify,
    keeps: "a changed payload is seen",
    text: "if (!equalBytes(this.#crypto.sha256(payload, this.#digest), row.payloadHash)) {",
    without: "if (payload === '') {",
  },
  {
    ...verify,
    keeps: "a changed row is seen",
    text: "if (!equalBytes(digest, row.hash))",
    without: "if (digest.length === 0)",
  },
  {
    ...verify,
    keeps: "time that runs back is seen",
    text: 'if (row.tsMs < this.#newestMs - slack) this.problems.add(row, "clock", "is older than a row before it");',
    without: "void slack;",
  },
  {
    ...chains,
    keeps: "a row that joins no other is seen",
    text: "} else if (!equalBytes(row.prevHash, walk.lastHash)) {",
    without: "} else if (row.prevHash.length === 0) {",
  },
  {
    ...chains,
    keeps: "a head over other rows is seen",
    text: "if (covered === undefined || !equalBytes(covered, head.headHash))",
    without: "if (covered === undefined)",
  },
  {
    ...chains,
    keeps: "a head that joins no other is seen",
    text: 'if (!equalBytes(head.prevHeadHash, walk.headHash)) return "does not join the head before it";',
    without: "",
  },
  {
    ...chains,
    keeps: "a forged head is seen",
    text: "const valid = this.#crypto.verify(key, message, head.signature);",
    without: "const valid = message.length > 0;",
  },
  {
    ...verify,
    keeps: "a forged checkpoint is seen",
    file: "src/chain/verify/tree-judge.ts",
    text: "const signed = key !== undefined && isSignedBy(this.#crypto, note, key);",
    without: "const signed = key !== undefined;",
  },
  {
    ...verify,
    keeps: "a checkpoint of another log is seen",
    file: "src/chain/verify/tree-judge.ts",
    text: "const origin = note.origin === originOf(this.#logIdHex, this.#restored);",
    without: "const origin = note.origin !== '';",
  },
  {
    ...verify,
    keeps: "rows under a checkpoint that were changed are seen",
    file: "src/chain/verify/tree-judge.ts",
    text: "if (equalBytes(this.#frontier.root(), note.root)) return whole;",
    without: "if (note.root.length > 0) return whole;",
  },
  {
    ...verify,
    keeps: "a key that nobody vouched for is seen",
    file: "src/chain/verify/key-ring.ts",
    text: "if (voucher === undefined || !this.#crypto.verify(voucher, message, payload.signature)) return false;",
    without: "if (voucher === undefined || message.length === 0) return false;",
  },
];
