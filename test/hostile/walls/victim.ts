/** The program as people run it, beside which the attackers stand: every role up, a vault, a record, two agents. */
import { createSocket } from "node:dgram";
import { mkdirSync, readlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { freshHome, startWirken, wirken } from "#test/support/binary.ts";
import type { Facts } from "./facts.ts";

export interface Victim extends AsyncDisposable {
  readonly facts: Omit<Facts, "own" | "program">;
  /** What `wirken status --json` said. */
  status(): Promise<unknown>;
  /** What `wirken doctor` says. */
  doctor(): Promise<string>;
  readonly webchatPort: number;
  readonly consolePort: number;
}

/** Starts the victim; `WIRKEN_TEST_BINARY` names the executable. Disposing ends it. */
export async function startVictim(): Promise<Victim> {
  const home = freshHome({ WIRKEN_VAULT_PASSPHRASE: "correct horse" });
  const running = await startWirken(home);
  const put = (path: string, text: string): void => {
    mkdirSync(join(path, ".."), { recursive: true, mode: 0o700 });
    writeFileSync(path, text, { mode: 0o600 });
  };
  put(join(home.folder, ".ssh", "id_ed25519"), "a private key");
  put(join(home.folder, ".profile"), "# start-up\n");
  put(join(home.data, "config.json"), "{}\n");
  const otherWorkspace = join(home.data, "agents", "other", "workspace");
  put(join(otherWorkspace, "diary.md"), "private");
  const status = async (): Promise<unknown> => JSON.parse((await wirken(home, ["status", "--json"])).stdout);
  const bystander = Bun.spawn(["/bin/sleep", "600"], { env: { SECRET: "of another program" } });
  const net = await listeners(home.folder);
  return {
    facts: {
      root: home.data,
      home: home.folder,
      pids: { ...pidsOf(await status()), keeper: running.pid, bystander: bystander.pid },
      otherWorkspace,
      network: readlinkSync("/proc/self/ns/net"),
      ...net.facts,
    },
    status,
    doctor: async () => (await wirken(home, ["doctor"])).stdout,
    webchatPort: Number(home.env["WIRKEN_WEBCHAT_PORT"]),
    consolePort: Number(home.env["WIRKEN_CONSOLE_PORT"]),
    [Symbol.asyncDispose]: async () => {
      net.close();
      bystander.kill("SIGKILL");
      await running.stop();
      home[Symbol.dispose]();
    },
  };
}

/** What somebody who wants out would call: TCP, UDP, a bus by path and an abstract one. */
async function listeners(folder: string) {
  const abstractBus = `wirken-walls-${process.pid}`;
  const bus = join(folder, "bus");
  const servers = [createServer(), createServer(), createServer()];
  const [tcp, path, abstract] = servers;
  for (const server of servers) server.on("connection", (socket) => socket.on("error", () => undefined));
  await listening(tcp, (server, done) => server.listen(0, "127.0.0.1", done));
  await listening(path, (server, done) => server.listen(bus, done));
  await listening(abstract, (server, done) => server.listen(`\0${abstractBus}`, done));
  const echo = createSocket("udp4");
  echo.on("message", (bytes, from) => echo.send(bytes, from.port, from.address));
  const bound = Promise.withResolvers<void>();
  echo.bind(0, "127.0.0.1", bound.resolve);
  await bound.promise;
  const address = tcp?.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    facts: { bus, abstractBus, tcp: port, udp: echo.address().port },
    close: () => {
      for (const server of servers) server.close();
      echo.close();
    },
  };
}

function listening<T>(server: T | undefined, listen: (server: T, done: () => void) => void): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (server === undefined) throw new Error("no server");
  listen(server, resolve);
  return promise;
}

function pidsOf(status: unknown): Record<string, number> {
  const roles = typeof status === "object" && status !== null && "roles" in status ? status.roles : [];
  const pids: Record<string, number> = {};
  for (const role of Array.isArray(roles) ? roles : [])
    pids[`${String(role.role)} ${String(role.peerId)}`] = Number(role.pid);
  return pids;
}
