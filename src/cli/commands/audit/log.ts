/** `wirken audit log`: rows of the record, newest that fit, oldest first. */
import { auditLog } from "#audit/log-views.ts";
import { type EventKind, isEventKind } from "#contracts/audit-event.ts";
import { type Fault, fail } from "#contracts/fault.ts";
import { type SessionId, parseSessionId } from "#contracts/ids.ts";
import { type Result, ok } from "#contracts/result.ts";
import type { Arguments, Leaf } from "../../command.ts";
import { DB_ARG, logFile } from "../../log-file.ts";
import { rowLines } from "../../row-lines.ts";

const LIMIT_MAX = 100_000;

export const log: Leaf = {
  description: "list rows of the record",
  args: {
    ...DB_ARG,
    session: { type: "string", description: "only this session", valueHint: "ID" },
    kind: { type: "string", description: "only this kind; may be given more than once", valueHint: "KIND" },
    since: { type: "string", description: "from this time on (ISO 8601)", valueHint: "TIME" },
    until: { type: "string", description: "up to this time (ISO 8601)", valueHint: "TIME" },
    limit: { type: "string", description: "how many rows", valueHint: "N", default: "50" },
  },
  json: true,
  run: async (context, args) => {
    const filter = filterOf(args);
    if (!filter.ok) return filter;
    const rows = auditLog(logFile(context, args), filter.value);
    if (!rows.ok) return rows;
    context.out.data(rows.value, () => rowLines(rows.value));
    return ok(0);
  },
};

function filterOf(args: Arguments): Result<Parameters<typeof auditLog>[1], Fault> {
  const limit = Number(args.text("limit"));
  if (!Number.isSafeInteger(limit) || limit < 1 || limit > LIMIT_MAX) {
    return fail("usage", `\`--limit\` is a number from 1 to ${LIMIT_MAX}`);
  }
  const given = args.text("session");
  const session = given === undefined ? undefined : parseSessionId(given);
  if (session?.ok === false)
    return fail("usage", "this is not a session's id", { hint: "`wirken session list`" });
  const kinds: EventKind[] = [];
  for (const kind of args.all("kind")) {
    if (!isEventKind(kind))
      return fail("usage", "there is no such kind of row", { hint: "docs/audit-cli.md lists them" });
    kinds.push(kind);
  }
  const since = timeOf(args.text("since"));
  const until = timeOf(args.text("until"));
  if (since === "wrong" || until === "wrong")
    return fail("usage", "a time is written as 2026-01-31T12:00:00Z");
  return ok({
    limit,
    ...sessionOf(session),
    ...(kinds.length === 0 ? {} : { kinds }),
    ...(since === undefined ? {} : { sinceMs: since }),
    ...(until === undefined ? {} : { untilMs: until }),
  });
}

function sessionOf(session: Result<SessionId, string> | undefined): { session?: SessionId } {
  return session?.ok === true ? { session: session.value } : {};
}

function timeOf(text: string | undefined): number | "wrong" | undefined {
  if (text === undefined) return undefined;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? "wrong" : ms;
}
