/** The runtime's WebSocket behind the port: text in and out, one end, and what is too large. */
import { expect, test } from "bun:test";
import { platformSocket } from "./platform-socket.ts";

const PLAIN = { setting: () => undefined };

/** Connects to a server of this test; what it heard, and the code of its end. */
async function visit(greet: (socket: Bun.ServerWebSocket<undefined>) => void) {
  const server = Bun.serve<undefined>({
    port: 0,
    hostname: "127.0.0.1",
    fetch: (request, self) => (self.upgrade(request) ? undefined : new Response("no", { status: 400 })),
    websocket: { open: greet, message: (socket, text) => void socket.send(`you said ${String(text)}`) },
  });
  const heard: string[] = [];
  const ends: number[] = [];
  await new Promise<void>((resolve) => {
    const socket = platformSocket(PLAIN)(`ws://127.0.0.1:${server.port}/`, {
      open: () => socket.send("hello"),
      text: (text) => {
        heard.push(text.slice(0, 40));
        if (text.startsWith("you said")) socket.close(1000);
      },
      closed: (code) => {
        ends.push(code);
        resolve();
      },
    });
  });
  await server.stop(true);
  await Bun.sleep(20);
  return { heard, ends };
}

test("platformSocket carries text both ways and ends once", async () => {
  const { heard, ends } = await visit((socket) => void socket.send("welcome"));
  expect(heard.toSorted()).toEqual(["welcome", "you said hello"]);
  expect(ends).toEqual([1000]);
});

test("platformSocket gives the other side's code on", async () => {
  expect((await visit((socket) => socket.close(4004, "secret words"))).ends).toEqual([4004]);
});

test("platformSocket ends a connection that sends bytes, or more than any event", async () => {
  for (const hostile of [new Uint8Array([0, 255]), "x".repeat(5 * 1_048_576)]) {
    const { heard, ends } = await visit((socket) => void socket.send(hostile));
    expect(heard.some((text) => text.startsWith("xxx"))).toBe(false);
    expect(ends).toHaveLength(1);
  }
});

test("platformSocket tells of a ping, which nobody has to answer", async () => {
  const pongs: string[] = [];
  using server = Bun.serve<undefined>({
    port: 0,
    hostname: "127.0.0.1",
    fetch: (request, self) => (self.upgrade(request) ? undefined : new Response("no", { status: 400 })),
    websocket: {
      sendPings: false,
      open: (socket) => void socket.ping("are you there"),
      message: () => undefined,
      pong: (_socket, data) => void pongs.push(data.toString()),
    },
  });
  const beats = await new Promise<number>((resolve) => {
    let count = 0;
    const socket = platformSocket(PLAIN)(`ws://127.0.0.1:${server.port}/`, {
      open: () => undefined,
      text: () => undefined,
      beat: () => {
        count += 1;
        setTimeout(() => socket.close(1000), 50);
      },
      closed: () => resolve(count),
    });
  });
  expect({ beats, pongs }).toEqual({ beats: 1, pongs: ["are you there"] });
});

test("platformSocket says closed where nobody listens", async () => {
  const ended = new Promise<number>((resolve) => {
    platformSocket(PLAIN)("ws://127.0.0.1:1/", { open: () => {}, text: () => {}, closed: resolve });
  });
  expect(await ended).toBe(1006);
});
