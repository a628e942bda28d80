/** A listener is handed to another descriptor table entry over a socket pair, and served from there. */
import { describe, expect, test } from "bun:test";
import { connect, createServer } from "node:net";
import { closeSync } from "node:fs";
import { receiveDescriptor, sendDescriptor } from "./descriptor-passing.ts";
import { loadLibc } from "./libc.ts";
import { loopbackListener } from "./loopback.ts";
import { socketPair } from "./socket-pair.ts";

const libc = loadLibc();

describe.skipIf(libc === undefined)("on Linux (needs Linux)", () => {
  if (libc === undefined) return;
  const pair = (): readonly [number, number] => socketPair() ?? [-1, -1];

  test("receiveDescriptor takes what sendDescriptor sent, and a listener keeps its port", async () => {
    const [near, far] = pair();
    expect(receiveDescriptor(libc, far)).toBeUndefined(); // nothing yet, and no waiting
    const listener = loopbackListener(libc);
    if (listener === undefined) throw new Error("no loopback");
    expect(sendDescriptor(libc, near, listener.descriptor, 4_000_000_000)).toBe(true);
    closeSync(listener.descriptor);
    const taken = receiveDescriptor(libc, far);
    if (taken === undefined) throw new Error("no descriptor");
    expect(taken.tag).toBe(4_000_000_000);
    const server = createServer((socket) => void socket.end("hello")).listen({ fd: taken.descriptor });
    const answer = await new Promise((resolve) => {
      const socket = connect(listener.port, "127.0.0.1");
      socket.once("data", (bytes) => resolve(bytes.toString()));
      socket.once("error", () => resolve("error"));
    });
    expect(answer).toBe("hello");
    server.close();
    for (const end of [near, far]) closeSync(end);
  });

  test("receiveDescriptor takes no plain byte for a descriptor", async () => {
    const [near, far] = pair();
    await Bun.write(Bun.file(near), "x");
    expect(receiveDescriptor(libc, far)).toBeUndefined();
    expect(receiveDescriptor(libc, far)).toBeUndefined();
    for (const end of [near, far]) closeSync(end);
  });
});
