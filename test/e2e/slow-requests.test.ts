/** Hundreds of connections that never finish asking, against both pages of the executable, while others are served. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { type Socket, connect } from "node:net";
import { type Home, type Running, freshHome, startWirken, wirken } from "../support/binary.ts";

setDefaultTimeout(60_000);

const CONNECTIONS = 200;
const BOUND_S = 20; // ten for a head or a body, and a machine that is busy
const GROWTH_KIB = 40_960;
const PAGES = [
  ["webchat", "WIRKEN_WEBCHAT_PORT"],
  ["console", "WIRKEN_CONSOLE_PORT"],
] as const;

describe("slow requests", () => {
  let home: Home;
  let running: Running;
  beforeAll(async () => {
    home = freshHome();
    running = await startWirken(home);
  });
  afterAll(async () => {
    await running[Symbol.asyncDispose]();
    home[Symbol.dispose]();
  });

  test.concurrent.each(PAGES)(
    "%s ends trickled heads and bodies, answers others meanwhile and stays small",
    async (name, variable) => {
      const port = Number(home.env[variable]);
      const pid = await pidOf(home, name);
      const before = residentKib(pid);
      const own = `127.0.0.1:${port}`;
      const head = `POST /api/register HTTP/1.1\r\nHost: ${own}\r\n`;
      const body = `${head}Origin: http://${own}\r\nContent-Type: application/json\r\nContent-Length: 9000\r\n\r\n{`;
      using slow = new Trickle(port, [`${head}X-Slow: `, body]);
      await slow.begun;
      const end = performance.now() + BOUND_S * 1_000;
      let worstMs = 0;
      while (slow.open > 0 && performance.now() < end) {
        const asked = performance.now();
        const response = await fetch(`http://${own}/`);
        await response.text();
        expect(response.status).toBe(200);
        worstMs = Math.max(worstMs, performance.now() - asked);
        await Bun.sleep(250);
      }
      expect(slow.most).toBe(CONNECTIONS);
      expect(slow.open).toBe(0);
      expect(worstMs).toBeLessThan(2_000);
      expect(residentKib(pid) - before).toBeLessThan(GROWTH_KIB);
    },
  );
});

/** Connections that begin one of the given requests each, and go on with a byte a second for as long as they may. */
class Trickle implements Disposable {
  readonly #sockets: Socket[] = [];
  readonly #timer: ReturnType<typeof setInterval>;
  /** All connections stand and have begun. */
  readonly begun: Promise<void>;
  open = 0;
  most = 0;

  constructor(port: number, begins: readonly string[]) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.begun = promise;
    for (let at = 0; at < CONNECTIONS; at += 1) {
      const socket = connect(port, "127.0.0.1", () => {
        this.open += 1;
        this.most = Math.max(this.most, this.open);
        if (this.most === CONNECTIONS) resolve();
        socket.write(begins[at % begins.length] ?? "");
        socket.once("close", () => (this.open -= 1));
      });
      socket.on("error", () => undefined); // the other side may reset what it ends
      socket.resume();
      this.#sockets.push(socket);
    }
    this.#timer = setInterval(() => {
      for (const socket of this.#sockets) if (socket.writable) socket.write(" ");
    }, 1_000);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    for (const socket of this.#sockets) socket.destroy();
  }
}

async function pidOf(home: Home, name: string): Promise<number> {
  const { roles } = JSON.parse((await wirken(home, ["status", "--json"])).stdout);
  const found = roles.find((one: { role: string; peerId: string; pid: number }) =>
    [one.role, one.peerId].includes(name),
  );
  return found.pid;
}

/** Memory of a process in KiB. */
function residentKib(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
}
