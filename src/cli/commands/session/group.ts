/** `wirken session`: the sessions of the record; one of them, shown or checked. */
import { auditCrypto } from "#audit/node-crypto.ts";
import { type SessionSummary, sessionList, sessionShow } from "#audit/log-views.ts";
import { verifySession } from "#audit/verify-session.ts";
import { FAULT_EXIT, type Fault, fail } from "#contracts/fault.ts";
import { type SessionId, parseSessionId } from "#contracts/ids.ts";
import { type Result, ok } from "#contracts/result.ts";
import { visible } from "#contracts/visible.ts";
import type { Arguments, Group, Leaf } from "../../command.ts";
import { DB_ARG, logFile, publishedKeys } from "../../log-file.ts";
import { moment, table } from "../../output.ts";
import { replayRow } from "../../replay-row.ts";
import { rowLines } from "../../row-lines.ts";

const NOT_INTACT = 1;
const CANNOT_READ = 2;
const ID = {
  id: { type: "positional", description: "the session's id", required: true },
  ...DB_ARG,
} as const;

const list: Leaf = {
  description: "list the sessions of the record",
  args: DB_ARG,
  json: true,
  run: async (context, args) => {
    const sessions = sessionList(logFile(context, args));
    if (!sessions.ok) return sessions;
    context.out.data(sessions.value, () =>
      table(["session", "rows", "signed", "first", "last"], sessions.value.map(row)),
    );
    return ok(0);
  },
};

const show: Leaf = {
  description: "show a session's rows",
  args: ID,
  json: true,
  run: async (context, args) => {
    const id = sessionOf(args);
    if (!id.ok) return id;
    const rows = sessionShow(logFile(context, args), id.value);
    if (!rows.ok) return rows;
    context.out.data(rows.value, () => rowLines(rows.value));
    return ok(0);
  },
};

const verify: Leaf = {
  description: "check one session: chain, heads, what the model was sent, tools run again",
  args: ID,
  json: true,
  run: async (context, args) => {
    const id = sessionOf(args);
    if (!id.ok) return id;
    const published = args.text("db") === undefined ? publishedKeys(context.paths.root) : [];
    const options = { anchors: [], published, signerState: undefined };
    const verdict = verifySession(logFile(context, args), id.value, options, auditCrypto(), replayRow);
    if (!verdict.ok) {
      context.out.fault(verdict.error);
      return ok(verdict.error.code === "not_found" ? FAULT_EXIT.not_found : CANNOT_READ);
    }
    const { report, requests, replayed, limit } = verdict.value;
    context.out.data({ ...report, requests, replayed }, () => [
      report.ok
        ? `intact: ${report.rows} rows, ${report.heads} heads`
        : `NOT INTACT: ${report.problems.length} problems`,
      `${requests} model requests hashed again, ${replayed} tool results computed again`,
      ...report.problems.map((one) => `row ${one.id} (#${one.seq}): ${one.reason}: ${visible(one.detail)}`),
      limit,
    ]);
    return ok(report.ok ? 0 : NOT_INTACT);
  },
};

export const session: Group = {
  description: "look at the conversations of the record",
  children: {
    list: () => Promise.resolve(list),
    show: () => Promise.resolve(show),
    verify: () => Promise.resolve(verify),
  },
};

function sessionOf(args: Arguments): Result<SessionId, Fault> {
  const id = parseSessionId(args.text("id") ?? "");
  if (id.ok) return id;
  return fail("not_found", "there is no such session", { hint: "`wirken session list` shows what there is" });
}

function row(summary: SessionSummary): readonly string[] {
  const { session: id, rows, covered, firstMs, lastMs } = summary;
  return [id, String(rows), String(covered), moment(firstMs), moment(lastMs)];
}
