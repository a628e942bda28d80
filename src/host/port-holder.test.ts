import { expect, test } from "bun:test";
import { portHolder } from "./port-holder.ts";

test("portHolder names the process that listens, and finds the port free once it stopped", () => {
  const server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response() });
  const port = server.port ?? 0;
  const holder = portHolder(port);
  expect(holder).toBeDefined();
  if (process.platform === "linux") expect(holder?.pid).toBe(process.pid);
  expect(holder?.name ?? "x").toMatch(/^[ -~]+$/);
  void server.stop(true);
  expect(portHolder(port)).toBeUndefined();
});

test("portHolder sees a listener on every address, which keeps us off loopback too", () => {
  const server = Bun.listen({ hostname: "0.0.0.0", port: 0, socket: { data: () => undefined } });
  expect(portHolder(server.port)).toBeDefined();
  server.stop(true);
});
