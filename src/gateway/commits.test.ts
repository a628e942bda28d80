/**
 * What is durable when. Every state that a crash could leave between two commits is made from the log's write-ahead
 * file, cut after each commit (sqlite.org/fileformat2.html, "The Write-Ahead Log"), and read.
 */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readLog } from "#audit/log-reader.ts";
import { GatewayLab, inbound } from "./lab.case.ts";

const WAL_HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;
/** Rows of lanes and seals come in between as the signer answers: they are none of a message's. */
const SQL = `SELECT kind FROM session_events WHERE id > ? AND kind NOT IN ('chain_head', 'checkpoint')
  AND (session_id NOT LIKE '\\_%' ESCAPE '\\' OR kind = 'conversation_seen') ORDER BY id`;

let lab: GatewayLab;
let folder: string;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "wirken-commits-"));
  lab = new GatewayLab();
  await lab.start();
});
afterEach(async () => {
  await lab.stop();
  lab.dispose();
  rmSync(folder, { recursive: true, force: true });
});

test("gateway reaches the model after three commits, each durable before what follows it is begun", async () => {
  const chat = await lab.peer("webchat");
  const answers = () => chat.of("outbound").filter((each) => each.outbound.purpose === "answer").length;

  const first = mark();
  chat.connection.send(inbound({ text: "list files" }));
  await lab.until(() => answers() === 1, "an answer");
  expect(commitsAfter(first).slice(0, 3)).toEqual([
    ["conversation_seen", "inbound"],
    ["turn_started", "user_message", "blob", "blob"],
    ["llm_request"],
  ]);

  const second = mark();
  chat.connection.send(inbound({ text: "list files" }));
  await lab.until(() => answers() === 2, "another answer");
  const commits = commitsAfter(second).filter((kinds) => !kinds.includes("delivery"));
  expect(commits.slice(0, 3)).toEqual([["inbound"], ["turn_started", "user_message"], ["llm_request"]]);
});

/** The log as it is: how many commits its write-ahead file holds, and the newest row. */
function mark(): { readonly commits: number; readonly id: number } {
  return {
    commits: commitEnds(readFileSync(walOf(lab.paths.auditDb))).length,
    id: lab.rows().at(-1)?.id ?? 0,
  };
}

/** The kinds that each commit since `from` added, without commits that added none. */
function commitsAfter(from: {
  readonly commits: number;
  readonly id: number;
}): readonly (readonly string[])[] {
  const wal = readFileSync(walOf(lab.paths.auditDb));
  const copy = join(folder, "audit.db");
  copyFileSync(lab.paths.auditDb, copy);
  let before = 0;
  return commitEnds(wal)
    .slice(from.commits)
    .map((end) => {
      writeFileSync(walOf(copy), wal.subarray(0, end));
      const kinds = readLog(copy, (log) => log.database.query(SQL).values(from.id).map(String));
      if (!kinds.ok) throw new Error(kinds.error.message);
      const added = kinds.value.slice(before);
      before = kinds.value.length;
      return added;
    })
    .filter((added) => added.length > 0);
}

/** Where each commit ends, in bytes: a frame that names the size of the database ends one. */
function commitEnds(wal: Buffer): readonly number[] {
  const frameBytes = FRAME_HEADER_BYTES + wal.readUInt32BE(8);
  const ends: number[] = [];
  for (let at = WAL_HEADER_BYTES; at + frameBytes <= wal.length; at += frameBytes) {
    const isOfThisRun = wal.subarray(at + 8, at + 16).equals(wal.subarray(16, 24));
    if (isOfThisRun && wal.readUInt32BE(at + 4) > 0) ends.push(at + frameBytes);
  }
  return ends;
}

function walOf(path: string): string {
  return `${path}-wal`;
}
