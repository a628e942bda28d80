/**
 * The console's answers: approvals of all channels, the record as a timeline, single rows, raw rows for
 * verification.
 */
import type { ApprovalAnswer } from "#contracts/approval.ts";
import type { Row } from "#contracts/audit-event.ts";
import { type Fault, fail } from "#contracts/fault.ts";
import { GATEWAY_LANE } from "#contracts/ids.ts";
import type { ConsoleApprovals, RecordLine, TimelineAct } from "#contracts/page-api.ts";
import { ok, type Result } from "#contracts/result.ts";
import { visible } from "#contracts/visible.ts";
import { closedPrompt } from "./approval-rows.ts";
import type { Parts } from "./compose.ts";
import type { PageLinks } from "./page-links.ts";
import { recordLine } from "#session/record-line.ts";
import { inView, timelineActs, type TimelineView } from "./timeline.ts";

/** Rows that are folded for one page of acts: an act has a handful of rows. */
const ROWS_PER_PAGE = 5_000;

export type RawRow = { readonly [column: string]: string | number | null };

export interface ConsolePorts {
  readonly parts: Parts;
  readonly links: PageLinks;
  /** Number of rows of the log, which is the newest row's id. */
  readonly rows: () => number;
  /** Raw rows as they lie in the file. */
  readonly rawRows: (after: number, limit: number) => Result<readonly RawRow[], Fault>;
}

export class ConsolePages {
  readonly #ports: ConsolePorts;

  constructor(ports: ConsolePorts) {
    this.#ports = ports;
  }

  approvals(): ConsoleApprovals {
    const { prompts } = this.#ports.parts;
    const waiting = prompts.prompts().map((prompt) => ({ ...prompt, answerable: true, elsewhere: "" }));
    return { waiting, ended: prompts.ended() };
  }

  async answer(body: {
    readonly approvalId: string;
    readonly verdict: "approve" | "deny";
    readonly remember: boolean;
    readonly why: string;
  }): Promise<Result<{ readonly ok: boolean; readonly detail: string }, Fault>> {
    const { approvals, people, prompts, world } = this.#ports.parts;
    const shown = prompts.prompts().find((prompt) => prompt.approvalId === body.approvalId);
    const by = { person: people.owner, surface: "console", instance: undefined } as const;
    const answer: ApprovalAnswer =
      body.verdict === "approve"
        ? { verdict: "approve", remember: body.remember }
        : { verdict: "deny", why: body.why };
    const taken = await approvals.answer(body.approvalId, by, answer);
    if (!taken.ok) return ok({ ok: false, detail: taken.error.message });
    const reader = { names: people, surface: "console", atMs: world.clock.now() };
    return ok({
      ok: true,
      detail: shown === undefined ? "" : closedPrompt(shown, taken.value, reader).outcome,
    });
  }

  /** Asks once more for what a request that expired was about; the request is a new one. */
  async again(approvalId: string): Promise<Result<{ readonly ok: boolean; readonly detail: string }, Fault>> {
    const { prompts, reception, people } = this.#ports.parts;
    const session = prompts.sessionOf(approvalId);
    if (session === undefined) return ok({ ok: false, detail: "the program does not remember this request" });
    const asked = await reception.again(session, { person: people.owner, surface: "console" });
    return ok(asked.ok ? { ok: true, detail: "" } : { ok: false, detail: asked.error.message });
  }

  timeline(query: {
    readonly before?: number | undefined;
    readonly limit: number;
    readonly view: TimelineView;
    readonly query: string;
  }): readonly TimelineAct[] {
    const { parts } = this.#ports;
    const end = query.before ?? this.#lastId() + 1;
    const rows = parts.world.journal
      .readAfter(Math.max(0, end - 1 - ROWS_PER_PAGE), ROWS_PER_PAGE)
      .filter((row) => row.id < end);
    const byId = new Map<number, Row>(rows.map((row) => [row.id, row]));
    const wanted = query.query.toLowerCase();
    return timelineActs(rows, parts.people)
      .filter((act) => inView(act, byId, query.view))
      .filter((act) => wanted === "" || textOf(act).includes(wanted))
      .slice(0, query.limit);
  }

  /** One row whole. That its text was read is a row itself, written before the text is given out. */
  async row(
    id: number,
  ): Promise<
    Result<{ readonly line: RecordLine; readonly payload: string; readonly content: string }, Fault>
  > {
    const { journal } = this.#ports.parts.world;
    const [row] = journal.readAfter(id - 1, 1);
    if (row === undefined || row.id !== id) return fail("not_found", "the log has no such row");
    const payload = { row: id, of: row.session, surface: "console" };
    await journal.append([{ session: GATEWAY_LANE, kind: "record_read", trust: "user", payload }]);
    const text = (value: Row["payload"]): string =>
      value === undefined ? "" : visible(JSON.stringify(value, null, 2));
    return ok({
      line: recordLine(row, this.#ports.parts.people),
      payload: text(row.payload),
      content: text(row.content),
    });
  }

  /** Raw rows carry text, so the first page of them is a `record_read` row. */
  async raw(after: number, limit: number): Promise<Result<readonly RawRow[], Fault>> {
    if (after === 0) {
      const payload = { row: 0, of: "all", surface: "console" };
      const { journal } = this.#ports.parts.world;
      await journal.append([{ session: GATEWAY_LANE, kind: "record_read", trust: "user", payload }]);
    }
    return this.#ports.rawRows(after, limit);
  }

  openChat(): { readonly link: string } {
    return { link: this.#ports.links.mint("chat").link };
  }

  #lastId(): number {
    return this.#ports.rows();
  }
}

function textOf(act: TimelineAct): string {
  return [act.who, act.what, act.outcome, act.channel, ...act.lines.map((line) => line.summary)]
    .join(" ")
    .toLowerCase();
}
