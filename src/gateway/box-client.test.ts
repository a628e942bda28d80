import { expect, test } from "bun:test";
import { parseFromBox, parseToBox } from "#contracts/box-link.ts";
import { BoxClient, noBox } from "./box-client.ts";

const ORDER = {
  agent: "default",
  argv: ["true"],
  cwd: ".",
  program: "/usr/bin/true",
  plan: "a".repeat(64),
} as const;
const END = {
  report: { verdict: "none", code: 0, signal: null },
  changes: "",
  changed: 0,
  lost: "",
} as const;

function lab() {
  const sent: string[] = [];
  const client = new BoxClient((line) => sent.push(line) > 0);
  const watch = {
    signal: new AbortController().signal,
    onOutput: () => undefined,
    onListener: () => undefined,
  };
  const say = (message: object): void => client.receive(JSON.stringify(message));
  return { client, sent, watch, say };
}

test("BoxClient has no box before the role has said so, and none once it is gone", async () => {
  const { client, say, watch } = lab();
  expect(client.enforced).toBe(false);
  say({ kind: "ready", enforced: true, detail: "holds" });
  await client.ready;
  expect([client.enforced, client.detail]).toEqual([true, "holds"]);
  const running = client.run({ ...ORDER, network: false }, watch);
  client.ended();
  expect(await running).toMatchObject({ ok: false, error: { reason: "guard" } });
  expect(client.enforced).toBe(false);
  expect(await client.look("default")).toMatchObject({ fits: false });
  expect((await client.undo("default", "b".repeat(64))).ok).toBe(false);
});

test("BoxClient tells runs apart, passes their output on and stops the one that is stopped", async () => {
  const { client, sent, say, watch } = lab();
  const heard: string[] = [];
  const stop = new AbortController();
  const first = client.run({ ...ORDER, network: false }, watch);
  const second = client.run(
    { ...ORDER, network: false },
    {
      signal: stop.signal,
      onListener: () => undefined,
      onOutput: (bytes) => heard.push(new TextDecoder().decode(bytes)),
    },
  );
  say({ kind: "output", id: 2, base64: btoa("second") });
  say({ kind: "output", id: 77, base64: btoa("nobody") });
  stop.abort();
  expect(sent.at(-1)).toBe('{"kind":"stop","id":2}');
  say({ kind: "ended", id: 2, ...END, report: { ...END.report, verdict: "stopped" } });
  say({ kind: "ended", id: 1, ...END });
  expect(await first).toMatchObject({ ok: true, value: { report: { verdict: "none" } } });
  expect(await second).toMatchObject({ ok: true, value: { report: { verdict: "stopped" } } });
  expect(heard).toEqual(["second"]);
  expect(sent.slice(0, 2).every((line) => parseToBox(line).ok)).toBe(true);
});

test.each([
  "",
  "{",
  "[]",
  '{"kind":"root"}',
  '{"kind":"ready","enforced":1,"detail":""}',
  '{"kind":"ready"}',
])("BoxClient ends at the line %p", async (line) => {
  const { client, say } = lab();
  say({ kind: "ready", enforced: true, detail: "" });
  client.receive(line);
  expect(client.enforced).toBe(false);
  expect(parseFromBox(line).ok).toBe(false);
});

test.each([
  '{"kind":"run","id":1,"agent":"../x","argv":["a"],"cwd":".","program":"/a","plan":"x","network":false}',
  `{"kind":"run","id":1,"agent":"a","argv":[],"cwd":".","program":"/a","plan":"${"a".repeat(64)}","network":false}`,
  `{"kind":"undo","id":1,"agent":"a","changes":"../../vault"}`,
  '{"kind":"look","id":0,"agent":"a"}',
  '{"kind":"look","id":1,"agent":"a","folders":["/"]}',
  '{"kind":"mount","id":1}',
])("parseToBox refuses %p", (line) => {
  expect(parseToBox(line).ok).toBe(false);
});

test("noBox says why there is none", async () => {
  const none = noBox("a reason");
  await none.ready;
  expect([none.enforced, none.detail]).toEqual([false, "a reason"]);
});
