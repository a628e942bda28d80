import { afterAll, expect, test } from "bun:test";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseFromKeeper } from "#contracts/keeper-link.ts";
import { SecretBytes, SecretString } from "#contracts/secret.ts";
import { writeHandoff } from "#host/handoff.ts";
import { HANDOFF_NAMES } from "#contracts/handoff.ts";
import { spawnChild } from "#host/spawn.ts";
import { systemClock } from "#runtime/clock.ts";
import { systemRandom } from "#runtime/random.ts";
import { type MemoryKeychain, memoryKeychain } from "#vault/keychain.ts";
import { Vault } from "#vault/vault.ts";
import type { KeeperEvent } from "./events.ts";
import { runKeeper } from "./keeper.ts";
import type { RoleStarter } from "./launch.ts";
import { nameOf } from "./roster.ts";

const ROOT = mkdtempSync(join(tmpdir(), "wk-"));
afterAll(() => rmSync(ROOT, { recursive: true }));
const FIXTURE = join(import.meta.dir, "role-program.case.ts");
let count = 0;

test("runKeeper without a vault: keys for one run, chat and console alone, an orderly stop", async () => {
  const keeper = begin({ keychain: absentKeychain() });
  await keeper.ready();
  const gateway = keeper.got("gateway");
  expect(Object.keys(gateway.values).sort()).toEqual([
    "accept-state",
    "accept-tail",
    "console-port",
    "data-dir",
    "ephemeral",
    "executable-sha256",
    "gateway-seed",
    "log-begins",
    "registry",
    "user-name",
    "webchat-port",
  ]);
  expect([gateway.values["ephemeral"], gateway.values["webchat-port"]]).toEqual(["1", "18790"]);
  expect(Object.keys(keeper.got("signer").values).sort()).toEqual([
    "ephemeral",
    "gateway-key",
    "log-begins",
    "peer-id",
    "peer-seed",
    "seed:agent:default",
    "seed:log",
    "state-folder",
    "state-key",
  ]);
  expect(Object.keys(keeper.got("webchat").values).sort()).toEqual([
    "channel",
    "gateway-key",
    "origins",
    "peer-id",
    "peer-seed",
    "port",
    "spool-folder",
    "state-folder",
    "state-key",
  ]);
  expect(existsSync(join(keeper.data, "vault", "vault.db"))).toBe(false);
  const seeds = ["signer", "console", "webchat"].map((name) => keeper.got(name).values["peer-seed"]);
  expect(new Set([...seeds, gateway.values["gateway-seed"]]).size).toBe(4);
  expect(await keeper.stop()).toEqual({ ok: true, value: undefined });
  expect(keeper.ended().at(-1)).toBe("signer");
  expect(keeper.ended().at(-2)).toBe("gateway");
  expect(keeper.ended()).toHaveLength(4);
  expect(keeper.events.at(-1)).toEqual({ kind: "stopped", sealed: true, ended: 0 });
  expect(keeper.events.some((event) => event.kind === "vault" && event.keeping.kind === "none")).toBe(true);
  expect(statSync(join(keeper.data, "sockets")).mode & 0o777).toBe(0o700);
}, 20_000);

test("runKeeper gives each role its own secrets, and no canary to any other way", async () => {
  const keychain = memoryKeychain();
  const data = folder();
  await stocked(data, keychain);
  writeFileSync(
    join(data, "config.json"),
    JSON.stringify({ channels: { telegram: { api_base: "http://127.0.0.1:4444" } } }),
  );
  const keeper = begin({ data, keychain });
  await keeper.ready();
  const holders = (canary: string): string[] =>
    keeper
      .roles()
      .filter((name) => Object.values(keeper.got(name).values).some((value) => value.includes(canary)));
  expect(holders("canary-provider")).toEqual(["gateway"]);
  expect(holders("canary-telegram")).toEqual(["telegram"]);
  expect(holders("canary-other")).toEqual([]);
  expect(keeper.got("gateway").values["provider-origins:openai"]).toBe('["https://api.example"]');
  expect(keeper.got("telegram").values["api-base"]).toBe("http://127.0.0.1:4444");
  expect(keeper.got("gateway").values["ephemeral"]).toBe("0");
  const log = keeper.got("signer").values["seed:log"] ?? "";
  expect([log.length, holders(log)]).toEqual([32, ["signer"]]);
  const stateKeys = ["signer", "console", "webchat", "telegram"].map(
    (name) => keeper.got(name).values["state-key"],
  );
  expect(new Set(stateKeys).size).toBe(4);
  for (const name of keeper.roles()) {
    const { argv, environ } = keeper.got(name);
    expect(`${argv.join(" ")} ${environ}`).not.toContain("canary");
  }
  expect(JSON.stringify(keeper.events)).not.toContain("canary");
  await keeper.stop();

  const again = begin({ data, keychain });
  await again.ready();
  expect(again.got("signer").values["seed:log"]).toBe(log);
  expect(again.got("telegram").values["state-key"]).toBe(stateKeys[3] ?? "");
  await again.stop();
}, 20_000);

test("runKeeper starts what died again, and tells the gateway", async () => {
  const keeper = begin({ keychain: absentKeychain() });
  await keeper.ready();
  const first = keeper.got("webchat");
  process.kill(first.pid, "SIGKILL");
  await until(() => keeper.got("webchat").pid !== first.pid);
  expect(keeper.got("webchat").values["peer-seed"]).toBe(first.values["peer-seed"]);
  await until(
    () =>
      keeper
        .heard()
        .filter((message) => message.peerId === "webchat")
        .at(-1)?.state === "running",
  );
  const states = keeper.heard().filter((message) => message.peerId === "webchat");
  expect(states.map((message) => message.state)).toContain("backoff");
  expect(states.at(-1)?.restarts).toBe(1);
  await keeper.stop();
}, 20_000);

test("runKeeper reports what confines a role once it has become it", async () => {
  const keeper = begin({ keychain: absentKeychain() });
  await keeper.ready();
  const walls = (): unknown[] =>
    keeper
      .heard()
      .flatMap((message) =>
        message.kind === "role" && message.peerId === "signer" && message.state === "running"
          ? [message.confinement.length]
          : [],
      );
  await until(() => walls().length > 1);
  expect([walls()[0], walls().at(-1)]).toEqual([0, 1]);
  await keeper.stop();
}, 20_000);

test("runKeeper starts a dead gateway again and holds peers back until it listens", async () => {
  const keeper = begin({ keychain: absentKeychain() });
  await keeper.ready();
  const first = keeper.got("gateway");
  rmSync(join(keeper.notes, "heard"), { force: true });
  process.kill(first.pid, "SIGKILL");
  await until(() => keeper.got("gateway").pid !== first.pid && keeper.heard().length >= 4);
  const told = keeper.heard().map((message) => message.peerId);
  expect(["gateway", "signer", "console", "webchat"].every((name) => told.includes(name))).toBe(true);
  await keeper.stop();
}, 20_000);

test("runKeeper does what the gateway may ask, and nothing else", async () => {
  const keychain = memoryKeychain();
  const data = folder();
  const keeper = begin({ data, keychain });
  await keeper.ready();
  await keeper.say({ kind: "start", role: "telegram" });
  await until(() => keeper.faults().length === 1);
  expect(keeper.faults()).toEqual([["telegram", "refused"]]);
  expect(keeper.roles()).not.toContain("telegram");

  await stocked(data, keychain);
  writeFileSync(join(data, "config.json"), JSON.stringify({ channels: { telegram: {} } }));
  await keeper.say({ kind: "start", role: "telegram" });
  await until(() => keeper.roles().includes("telegram"));
  expect(keeper.heard().some((message) => message.kind === "peer" && message.peerId === "telegram")).toBe(
    true,
  );

  const before = keeper.got("telegram");
  const rotated = unwrap(
    await Vault.open(vaultOptions(data), { keychain, passphrase: async () => undefined }),
  );
  rotated.put({ scope: "channel/telegram", name: "token", kind: "token", value: bytes("canary-rotated") });
  rotated[Symbol.dispose]();
  await keeper.say({ kind: "restart", role: "telegram" });
  await until(() => keeper.got("telegram").pid !== before.pid);
  expect(keeper.got("telegram").values["secret:token"]).toBe("canary-rotated");

  await keeper.say({ kind: "stop", role: "telegram" });
  await until(() => keeper.ended().filter((name) => name === "telegram").length === 2);
  const faults = keeper.faults().length;
  for (const role of ["signer", "gateway", "console", "webchat"]) await keeper.say({ kind: "stop", role });
  await keeper.say({ kind: "restart", role: "slack" });
  await keeper.say({ kind: "start", role: "keeper" });
  await until(() => keeper.faults().length === faults + 6);
  expect(keeper.faults().length).toBe(faults + 6);
  await keeper.stop();
  expect(keeper.events.at(-1)).toEqual({ kind: "stopped", sealed: true, ended: 0 });
}, 20_000);

test("runKeeper hears a gateway that asks for restarts without end within bounds, and still stops in time", async () => {
  const keeper = begin({ keychain: absentKeychain() });
  await keeper.ready();
  const first = keeper.got("webchat");
  const asks = Array.from({ length: 1_000 }, () => ({ kind: "restart", role: "webchat" }));
  await keeper.say(...asks, ...Array.from({ length: 1_000 }, () => ({ kind: "start", role: "nobody" })));
  await until(() => keeper.faults().length > 0 && keeper.got("webchat").pid !== first.pid);
  expect(keeper.faults()).toEqual([["gateway", "refused"]]);
  expect(keeper.ended().filter((name) => name === "webchat").length).toBeLessThan(4);
  expect(await keeper.stop()).toEqual({ ok: true, value: undefined });
  expect(keeper.events.at(-1)).toEqual({ kind: "stopped", sealed: true, ended: 0 });
}, 20_000);

test("runKeeper ends a gateway that breaks the vocabulary", async () => {
  const keeper = begin({ keychain: absentKeychain() });
  await keeper.ready();
  const first = keeper.got("gateway");
  await keeper.say({ kind: "exec", role: "sh" });
  await until(() => keeper.got("gateway").pid !== first.pid);
  expect(alive(first.pid)).toBe(false);
  expect(keeper.faults()).toContainEqual(["gateway", "refused"]);
  await keeper.stop();
}, 20_000);

test("runKeeper stops within its time when nobody obeys, and leaves no process", async () => {
  const keeper = begin({ keychain: absentKeychain(), stopMsMax: 2_000 });
  await keeper.ready();
  writeFileSync(join(keeper.notes, "stubborn"), "");
  const pids = keeper.roles().map((name) => keeper.got(name).pid);
  const begun = performance.now();
  await keeper.stop();
  expect(performance.now() - begun).toBeLessThan(2_000);
  expect(pids.filter(alive)).toEqual([]);
  expect(keeper.events.at(-1)).toEqual({ kind: "stopped", sealed: false, ended: 0 });
}, 20_000);

test("runKeeper refuses a second keeper of the folder and names the first", async () => {
  const keeper = begin({ keychain: absentKeychain() });
  await keeper.ready();
  const second = begin({ data: keeper.data, keychain: absentKeychain() });
  const result = await second.result;
  expect(
    result.ok ? "ran" : [result.error.reason, result.error.message.includes(String(process.pid))],
  ).toEqual(["already_running", true]);
  await keeper.stop();
}, 20_000);

test.each([
  ["a vault whose key is missing", "vault_key_missing", undefined],
  ["a configuration with an unknown key", undefined, '{"modle":{}}'],
  ["a configuration that is no JSON", undefined, "{"],
])("runKeeper does not start with %s", async (_, reason, config) => {
  const data = folder();
  if (reason !== undefined) await stocked(data, memoryKeychain());
  if (config !== undefined) writeFileSync(join(data, "config.json"), config);
  const keeper = begin({ data, keychain: memoryKeychain() });
  const result = await keeper.result;
  expect(result.ok ? "ran" : (result.error.reason ?? result.error.code)).toBe(reason ?? "config");
  expect(keeper.roles()).toEqual([]);
});

test("runKeeper makes a vault under a passphrase that was given, and opens it with the same one", async () => {
  const data = folder();
  const first = begin({ data, keychain: absentKeychain(), passphrase: "long enough" });
  await first.ready();
  const seed = first.got("signer").values["seed:log"];
  await first.stop();
  const wrong = await begin({ data, keychain: absentKeychain(), passphrase: "not the one" }).result;
  expect(wrong.ok ? "ran" : wrong.error.reason).toBe("wrong_passphrase");
  const second = begin({ data, keychain: absentKeychain(), passphrase: "long enough" });
  await second.ready();
  expect(second.got("signer").values["seed:log"]).toBe(seed ?? "");
  await second.stop();
}, 30_000);

test("runKeeper keeps state of a vault that is gone, and drops state that was sealed for one run", async () => {
  const keychain = memoryKeychain();
  const data = folder();
  const kept = begin({ data, keychain });
  await kept.ready();
  mkdirSync(join(data, "state", "signer"), { recursive: true });
  writeFileSync(join(data, "state", "signer", "memory"), "sealed");
  await kept.stop();
  renameSync(join(data, "vault"), join(data, "vault-away"));
  const run = begin({ data, keychain: absentKeychain() });
  await run.ready();
  expect(run.events.some((event) => event.kind === "state_aside")).toBe(true);
  const [aside = ""] = readdirSync(data).filter((name) => name.startsWith("state-aside-"));
  expect(readFileSync(join(data, aside, "signer", "memory"), "utf8")).toBe("sealed");
  mkdirSync(join(data, "state", "console"), { recursive: true });
  writeFileSync(join(data, "state", "console", "memory"), "for one run");
  await run.stop();
  const next = begin({ data, keychain: absentKeychain() });
  await next.ready();
  expect(existsSync(join(data, "state", "console", "memory"))).toBe(false);
  await next.stop();
}, 20_000);

interface Got {
  readonly pid: number;
  readonly argv: readonly string[];
  readonly environ: string;
  readonly values: Readonly<Record<string, string>>;
}

/** Runs a keeper over the fixture's roles. */
function begin(options: {
  data?: string;
  keychain: MemoryKeychain;
  passphrase?: string;
  stopMsMax?: number;
}) {
  const data = options.data ?? folder();
  const notes = mkdtempSync(join(ROOT, "notes-"));
  const events: KeeperEvent[] = [];
  const controller = new AbortController();
  const { passphrase } = options;
  const result = runKeeper({
    environment: {
      dataDir: data,
      webchatPort: 18_790,
      consolePort: 18_791,
      passphrase:
        passphrase === undefined ? undefined : SecretString.take(new TextEncoder().encode(passphrase)),
    },
    askPassphrase: async () => undefined,
    keychain: options.keychain,
    executableSha256: "00".repeat(32),
    clock: systemClock,
    random: systemRandom,
    starter: fixtureStarter(notes),
    holderOf: () => undefined,
    missingWalls: () => [],
    self: { protect: () => undefined, endLeftovers: async () => 0, endDescendants: async () => 0 },
    signal: controller.signal,
    stopMsMax: options.stopMsMax ?? 10_000,
    onEvent: (event) => events.push(event),
  });
  const lines = (name: string): string[] =>
    existsSync(join(notes, name)) ? readFileSync(join(notes, name), "utf8").trim().split("\n") : [];
  const roles = (): string[] =>
    readdirSync(notes)
      .filter((name) => name.endsWith(".json"))
      .map((name) => name.slice(0, -5))
      .sort();
  const got = (name: string): Got => JSON.parse(readFileSync(join(notes, `${name}.json`), "utf8"));
  return {
    data,
    notes,
    events,
    result,
    roles,
    got,
    ended: () => lines("ended"),
    heard: () =>
      lines("heard").map((line) => {
        const parsed = parseFromKeeper(line);
        if (!parsed.ok) throw new Error(line);
        return { peerId: "", state: "", restarts: 0, ...parsed.value };
      }),
    faults: () => events.flatMap((event) => (event.kind === "fault" ? [[event.role, event.fault.code]] : [])),
    ready: async () => {
      await until(() => events.some((event) => event.kind === "ready"));
      await until(() => ["gateway", "signer", "console", "webchat"].every((name) => roles().includes(name)));
      await systemClock.sleep(30);
    },
    say: async (...messages: readonly { kind: string; role: string }[]) => {
      const file = join(notes, "say");
      writeFileSync(`${file}.new`, messages.map((message) => `${JSON.stringify(message)}\n`).join(""));
      renameSync(`${file}.new`, file);
      await until(() => !existsSync(file));
    },
    stop: async () => {
      controller.abort(new Error("stopped by the test"));
      return await result;
    },
  };
}

function fixtureStarter(notes: string): RoleStarter {
  return {
    start: async (role, handoff, { extraFds }) => {
      const child = spawnChild({
        argv: [process.execPath, FIXTURE, role.kind, nameOf(role), notes],
        env: {},
        cwd: "/",
        stdin: "pipe",
        stderr: "inherit",
        extraFds,
      });
      if (!child.ok) return child;
      const handed = await writeHandoff(child.value, handoff, HANDOFF_NAMES[role.kind]);
      return handed.ok ? child : handed;
    },
    dials: true,
    walls: () => [{ name: "seccomp", inForce: true, detail: "1 filters" }],
  };
}

async function stocked(data: string, keychain: MemoryKeychain): Promise<void> {
  const options = vaultOptions(data);
  const opened = existsSync(options.path)
    ? await Vault.open(options, { keychain, passphrase: async () => undefined })
    : await Vault.create(options, { kind: "keychain", keychain });
  using vault = unwrap(opened);
  const origins = ["https://api.example"];
  vault.put({ scope: "provider", name: "openai", kind: "api_key", value: bytes("canary-provider"), origins });
  vault.put({ scope: "channel/telegram", name: "token", kind: "token", value: bytes("canary-telegram") });
  vault.put({ scope: "channel/slack", name: "token", kind: "token", value: bytes("canary-other") });
}

function vaultOptions(data: string) {
  return { path: join(data, "vault", "vault.db"), clock: systemClock, random: systemRandom };
}

function folder(): string {
  count += 1;
  const data = join(ROOT, `data-${count}`);
  mkdirSync(data, { mode: 0o700 });
  return data;
}

function absentKeychain(): MemoryKeychain {
  const keychain = memoryKeychain();
  keychain.failure = "keychain_absent";
  return keychain;
}

function bytes(text: string): SecretBytes {
  return SecretBytes.take(new TextEncoder().encode(text));
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function unwrap<T>(result: { ok: true; value: T } | { ok: false; error: { message: string } }): T {
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
}

async function until(done: () => boolean): Promise<void> {
  for (let turn = 0; turn < 600; turn++) {
    try {
      if (done()) return;
    } catch {
      // a note that is just being written
    }
    await systemClock.sleep(10);
  }
  throw new Error("it did not happen in time");
}
