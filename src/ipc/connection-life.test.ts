/** A connection in time: heartbeat, silence, slow peers, early payloads, calls, lies. Without sockets. */
import { describe, expect, test } from "bun:test";
import { LIMITS } from "#contracts/limits.ts";
import { err } from "#contracts/result.ts";
import { Lab, listenTo, pump } from "./lab.case.ts";

describe("a connection", () => {
  test("beats every 15 s and ends after 45 s of silence", async () => {
    const lab = new Lab();
    const { connection, peer, here, there } = lab.connect();
    const heard = listenTo(peer.connection);
    for (let step = 0; step < 10; step += 1) {
      await lab.clock.advance(LIMITS.heartbeat_ms);
      pump(here, there);
    }
    expect(heard.closed).toEqual([]);
    await lab.clock.advance(LIMITS.silence_ms_max - 1); // nothing is pumped now: both hear nothing
    expect(heard.closed).toEqual([]);
    await lab.clock.advance(1);
    expect(heard.closed).toEqual(["silence"]);
    expect(connection.closed).toBe("silence");
  });

  test("drops a peer that does not read, and says so to the sender", () => {
    const lab = new Lab();
    const { peer, there } = lab.connect();
    const heard = listenTo(peer.connection);
    there.wire.takes = 0;
    const body = "x".repeat(1_000_000);
    const sent = Array.from({ length: 20 }, () => peer.connection.send({ kind: "event", name: "e", body }));
    expect(sent.filter((each) => each.ok).length).toBe(16);
    expect(sent[16]).toMatchObject(err({ code: "limit" }));
    expect(sent[17]).toMatchObject(err({ code: "unavailable" }));
    expect(heard.closed).toEqual(["queue_full"]);
    expect(there.wire.ended).toBe(true);
  });

  test("keeps order over a socket that takes seven bytes at a time", () => {
    const lab = new Lab();
    const { connection, peer, here, there } = lab.connect();
    const heard = listenTo(peer.connection);
    here.wire.takes = 7;
    for (const name of ["a", "b", "c"]) connection.send({ kind: "event", name, body: "{}" });
    for (let step = 0; step < 400; step += 1) {
      there.session.receive(here.wire.read());
      here.session.drained();
    }
    expect(heard.payloads.map((payload) => payload.kind === "event" && payload.name)).toEqual([
      "a",
      "b",
      "c",
    ]);
    expect(connection.queuedBytes).toBe(0);
  });

  test("keeps what comes before `listen`, and ends when that grows too large", () => {
    const lab = new Lab();
    const { connection, peer, here, there } = lab.connect();
    connection.send({ kind: "event", name: "early", body: "" });
    pump(here, there);
    expect(listenTo(peer.connection).payloads.length).toBe(1);
    const flooded = lab.connect();
    const body = "x".repeat(1_000_000);
    for (let count = 0; count < 12; count += 1) {
      flooded.connection.send({ kind: "event", name: "flood", body });
      pump(flooded.here, flooded.there);
    }
    expect(flooded.peer.connection.closed).toBe("not_listening");
    expect(listenTo(flooded.peer.connection).closed).toEqual(["not_listening"]);
  });

  test("lets a call time out, and ignores the late response", async () => {
    const lab = new Lab();
    const { connection, peer, here, there } = lab.connect();
    const heard = listenTo(peer.connection);
    const answer = connection.call("slow", "{}", 1_000);
    pump(here, there);
    await lab.clock.advance(1_000);
    expect(await answer).toMatchObject(err({ code: "timeout" }));
    const [request] = heard.payloads;
    if (request?.kind !== "request") throw new Error("no request");
    peer.connection.send({ kind: "response", id: request.id, ok: true, body: "{}" });
    pump(here, there);
    expect(connection.closed).toBeUndefined();
  });

  test("ends in order within 5 s though the peer reads nothing", async () => {
    const lab = new Lab();
    const { peer, there } = lab.connect();
    there.wire.takes = 0;
    peer.connection.send({ kind: "stop" });
    peer.connection.close();
    expect(there.wire.ended).toBe(false);
    await lab.clock.advance(LIMITS.handshake_ms_max);
    expect(there.wire.ended).toBe(true);
  });

  test("is cut off after five lies in a minute, not for five in two", async () => {
    const lab = new Lab();
    const { peer, here, there } = lab.connect();
    const heard = listenTo(peer.connection);
    const lie = () => peer.requireMatch("discord", "discord");
    for (let count = 0; count < 4; count += 1) lie();
    for (let waited = 0; waited < LIMITS.lies_window_ms; waited += LIMITS.heartbeat_ms) {
      await lab.clock.advance(LIMITS.heartbeat_ms);
      pump(here, there);
    }
    expect(lie()).toEqual(
      err({
        code: "channel_mismatch",
        actual: { channel: "telegram", instance: "telegram:home" },
        claimed: { channel: "discord", instance: "discord" },
      }),
    );
    expect(peer.requireMatch("telegram", "telegram")?.ok).toBe(false);
    expect(peer.requireMatch("telegram", "telegram:home")?.ok).toBe(true);
    for (let count = 0; count < 2; count += 1) lie();
    expect(heard.closed).toEqual([]);
    lie();
    expect(heard.closed).toEqual(["lies"]);
  });
});
