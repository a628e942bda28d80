/**
 * The bare baseline of verification: reads every column of the log named in argv and hashes as many bytes as a verifier
 * must (payload, content, and three inputs of 33, 65 and 200 bytes a row: leaf, node, row), compares nothing. Prints
 * `{rows, seconds, rows_per_s}`. One thread, chunks of 2,000 rows.
 */
import { openDatabase } from "#host/sqlite.ts";

const database = openDatabase(process.argv[2] ?? "", { readonly: true });
database.run("PRAGMA mmap_size = 4294967296");
const query = database.query(
  `SELECT id, session_id, seq, ts_ms, kind, trust, payload, payload_hash, content, salt, content_hash, prev_hash, hash
   FROM session_events WHERE id > ? ORDER BY id LIMIT 2000`,
);
const digest = new Uint8Array(32);
const inputs = [33, 65, 200].map((size) => new Uint8Array(size));
const start = Bun.nanoseconds();
let rows = 0;
for (let after = 0; ; ) {
  const chunk = query.values(after);
  if (chunk.length === 0) break;
  for (const values of chunk) {
    const [payload, content] = [values[6], values[8]];
    if (typeof payload === "string") Bun.SHA256.hash(payload, digest);
    if (typeof content === "string") Bun.SHA256.hash(content, digest);
    for (const input of inputs) Bun.SHA256.hash(input, digest);
  }
  rows += chunk.length;
  after = Number(chunk.at(-1)?.[0]);
}
const seconds = (Bun.nanoseconds() - start) / 1e9;
process.stdout.write(`${JSON.stringify({ rows, seconds, rows_per_s: Math.round(rows / seconds) })}\n`);
