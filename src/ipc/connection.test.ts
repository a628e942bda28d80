/** Connections over a real Unix socket, both sides in this process. */
import { afterEach, describe, expect, test } from "bun:test";
import { statSync } from "node:fs";
import { ok } from "#contracts/result.ts";
import { verifyInboundEvidence } from "./evidence.ts";
import { listenTo } from "./lab.case.ts";
import { SAMPLE_INBOUND, SAMPLE_PAYLOADS } from "./samples.case.ts";
import { Cleanup, socketLab, until } from "./socket-lab.case.ts";

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

async function pair() {
  const parts = await socketLab(cleanup);
  const dialled = await parts.dial();
  if (!dialled.ok) throw new Error(dialled.error.message);
  await until(() => parts.peers.length === 1);
  const [there] = parts.peers;
  if (there === undefined) throw new Error("no connection");
  return { ...parts, here: dialled.value, there };
}

describe("connection", () => {
  test("carries payloads both ways over a socket with mode 0700", async () => {
    const { here, there, path } = await pair();
    const got = listenTo(there.connection);
    const back = listenTo(here);
    for (const payload of SAMPLE_PAYLOADS) {
      if (["inbound", "delivery", "adapterState"].includes(payload.kind)) here.send(payload);
    }
    there.connection.send({ kind: "stop" });
    await until(() => got.payloads.length === 3 && back.payloads.length === 1);
    expect(got.payloads.map((payload) => payload.kind)).toEqual(["inbound", "delivery", "adapterState"]);
    expect(back.payloads).toEqual([{ kind: "stop" }]);
    expect(statSync(path).mode & 0o777).toBe(0o700);
    expect(there.channel?.channel).toBe("telegram");
  });

  test("cuts a long payload into chunks and keeps evidence of each", async () => {
    const { here, there, peerKey } = await pair();
    const got = listenTo(there.connection);
    const inbound = { ...SAMPLE_INBOUND, parts: [{ kind: "text" as const, text: "é".repeat(100_000) }] };
    expect(here.send({ kind: "inbound", inbound })).toEqual(ok(undefined));
    await until(() => got.payloads.length === 1);
    expect(got.payloads[0]).toEqual({ kind: "inbound", inbound });
    const [evidence] = got.evidence;
    if (evidence === undefined) throw new Error("no evidence");
    expect(evidence.earlier.length).toBe(4);
    expect(verifyInboundEvidence(evidence, peerKey.publicKey)).toEqual(ok({ kind: "inbound", inbound }));
  });

  test("call gives the response, and a fault with its code", async () => {
    const { here, there } = await pair();
    listenTo(here);
    there.connection.listen({
      onPayload: () => {},
      onClose: () => {},
      onRequest: async (method, body) =>
        method === "echo" ? ok(body) : { ok: false, error: { code: "not_found", message: "no such method" } },
    });
    expect(await here.call("echo", '{"a":1}', 1_000)).toEqual(ok('{"a":1}'));
    expect(await here.call("other", "{}", 1_000)).toEqual({
      ok: false,
      error: { code: "not_found", message: "no such method" },
    });
  });

  test("ends on both sides, and open calls end with it", async () => {
    const { here, there, gateway } = await pair();
    const got = listenTo(there.connection);
    const back = listenTo(here);
    const call = here.call("slow", "{}", 10_000);
    await until(() => got.payloads.length === 1);
    there.connection.close();
    const answer = await call;
    expect(answer.ok ? "" : answer.error.code).toBe("unavailable");
    expect(back.closed).toEqual(["closed_there"]);
    expect(got.closed).toEqual(["closed_here"]);
    expect(gateway.peers.size).toBe(0);
  });
});
