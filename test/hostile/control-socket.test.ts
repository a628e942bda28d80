/** Whoever is not admitted to control.sock is not heard, however early and half-closed they speak. */
import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CONTROL_PARAMS } from "#contracts/control.ts";
import { ok } from "#contracts/result.ts";
import { listenControl } from "#gateway/control.ts";

test("listenControl runs nothing for a client that is not admitted", async () => {
  const folder = mkdtempSync(join(tmpdir(), "wk-"));
  const path = join(folder, "c.sock");
  let ran = 0;
  const entry = () => {
    ran += 1;
    return Promise.resolve(ok({}));
  };
  const table = Object.fromEntries(Object.keys(CONTROL_PARAMS).map((method) => [method, entry]));
  let admit = false;
  const server = listenControl({
    path,
    table: table as never,
    admits: () => admit,
    onError: () => undefined,
  });
  const line = '{"id":1,"method":"status","params":{}}\n';
  const speak = (): Promise<string> =>
    new Promise((resolve) => {
      let heard = "";
      const socket = connect({ path, allowHalfOpen: true }, () => socket.end(line.repeat(50)));
      socket.on("data", (bytes) => {
        heard += bytes.toString();
        if (heard.includes("\n")) socket.destroy();
      });
      socket.on("error", () => undefined);
      socket.on("close", () => resolve(heard));
    });
  try {
    const heard = await Promise.all(Array.from({ length: 20 }, speak));
    await Bun.sleep(50);
    expect(heard.join("")).toBe("");
    expect(ran).toBe(0);
    admit = true;
    expect(await speak()).toContain('"ok":true'); // the test can fail: an admitted client is served
  } finally {
    if (server.ok) server.value[Symbol.dispose]();
    rmSync(folder, { recursive: true, force: true });
  }
});
