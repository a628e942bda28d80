import { expect, test } from "bun:test";
import type { EgressVerdict } from "#broker/broker.ts";
import type { NewRow } from "#contracts/audit-event.ts";
import { GATEWAY_LANE } from "#contracts/ids.ts";
import { LIMITS } from "#contracts/limits.ts";
import { EgressLog } from "./egress-log.ts";

const verdict = (host: string, over: Partial<EgressVerdict> = {}): EgressVerdict => ({
  verdict: "refuse",
  reason: "host",
  method: "GET",
  host,
  port: 80,
  credential: "",
  ...over,
});

function log(append?: (row: NewRow) => Promise<unknown>) {
  const rows: NewRow[] = [];
  const rowOf = ({ host, ...payload }: EgressVerdict): NewRow => ({
    session: GATEWAY_LANE,
    kind: "egress",
    trust: "system",
    payload,
    content: { host },
  });
  return { rows, log: new EgressLog(append ?? (async (row) => rows.push(row)), rowOf) };
}

test("EgressLog writes a verdict once and counts it at the end", async () => {
  const { rows, log: egress } = log();
  for (let n = 0; n < 1_000; n++) await egress.note(verdict("a.example"));
  await egress.note(verdict("a.example", { verdict: "allow", reason: "granted" }));
  expect(rows.map(({ payload }) => payload["more"])).toEqual([undefined, undefined]);
  await egress.end();
  expect(rows.slice(2)).toMatchObject([
    { payload: { reason: "host", more: 999 }, content: { host: "a.example" } },
  ]);
});

test("EgressLog lets nothing out whose first row could not be written, nor the same again", async () => {
  const { log: egress } = log(() => Promise.reject(new Error("the log is full")));
  await expect(egress.note(verdict("a.example"))).rejects.toThrow("the log is full");
  await expect(egress.note(verdict("a.example"))).rejects.toThrow("the log is full");
});

test("EgressLog ends a call's way out after so many different requests", async () => {
  const { rows, log: egress } = log();
  for (let n = 0; n < LIMITS.egress_verdicts_max; n++) await egress.note(verdict(`h${n}.example`));
  await expect(egress.note(verdict("one.more.example"))).rejects.toThrow();
  await egress.note(verdict("h0.example"));
  expect(rows.length).toBe(LIMITS.egress_verdicts_max);
});
