import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SecretBytes } from "#contracts/secret.ts";
import { manualClock, systemClock } from "#runtime/clock.ts";
import { loadVerified } from "./addon.ts";
import { keychainRole } from "./keychain-child.ts";
import { OPERATIONS, parseAnswer, printRequest } from "./keychain-wire.ts";
import { systemKeychain } from "./system-keychain.ts";

const ROOT = mkdtempSync(join(tmpdir(), "wirken-keychain-"));
afterAll(() => rmSync(ROOT, { recursive: true }));

const ROLE = script(
  "role.ts",
  `import { writeFully } from "#host/files.ts";
   import { keychainRole } from "#vault/keychain-child.ts";
   process.exitCode = await keychainRole({ input: Bun.stdin.stream(), output: (bytes) => writeFully(1, bytes) });`,
);
const DAEMON = Bun.which("gnome-keyring-daemon");
const BUS = Bun.which("dbus-run-session");
const LIVE = DAEMON !== null && BUS !== null;
if (!LIVE)
  console.error("skipped: the real keychain (gnome-keyring-daemon or dbus-run-session is not installed)");

test.skipIf(!LIVE)(
  "systemKeychain keeps, gives and deletes a key in a real Secret Service (needs gnome-keyring, dbus)",
  () => {
    const outcome = underSecretService(`
      const absent = await keychain.get("vault-key/test/1");
      const secret = SecretBytes.take(Uint8Array.from({ length: 32 }, (_, i) => 255 - i));
      const set = await keychain.set("vault-key/test/1", secret);
      const got = await keychain.get("vault-key/test/1");
      const same = got.ok && got.value?.equals(secret);
      const deleted = await keychain.delete("vault-key/test/1");
      const again = await keychain.delete("vault-key/test/1");
      const gone = await keychain.get("vault-key/test/1");
      return [absent.ok && absent.value === undefined, set.ok, same, deleted.ok, again.ok, gone.ok && gone.value === undefined];`);
    expect(outcome).toEqual([true, true, true, true, true, true]);
  },
  30_000,
);

test.skipIf(!LIVE)(
  "a vault is made, opened and rotated with a real Secret Service (needs gnome-keyring, dbus)",
  () => {
    const outcome = underSecretService(`
      const options = { path: ${JSON.stringify(join(ROOT, "live", "vault.db"))}, clock: systemClock, random: systemRandom };
      const made = await Vault.create(options, { kind: "keychain", keychain });
      if (!made.ok) return made.error;
      made.value.put({ scope: "provider", name: "openai", kind: "api_key", value: SecretBytes.take(new Uint8Array([1, 2, 3])) });
      const rotated = await made.value.rotateKey({ kind: "keychain", keychain }, keychain);
      made.value[Symbol.dispose]();
      const opened = await Vault.open(options, { keychain, passphrase: async () => undefined });
      if (!opened.ok) return opened.error;
      const read = opened.value.use("provider", "openai", (value) => value.use((bytes) => [...bytes]));
      return [rotated.ok, opened.value.generation, opened.value.keptIn, read.ok && read.value];`);
    expect(outcome).toEqual([true, 2, "keychain", [1, 2, 3]]);
  },
  30_000,
);

test("systemKeychain says absent where there is no bus", async () => {
  const keychain = at([process.execPath, ROLE], { home: ROOT });
  const result = await keychain.get("vault-key/test/1");
  expect(result.ok ? "answered" : [result.error.code, result.error.reason]).toEqual([
    "unavailable",
    "keychain_absent",
  ]);
});

test("systemKeychain says slow after a second, and ends a child that never answers after twenty", async () => {
  const clock = manualClock();
  let slow = 0;
  const keychain = systemKeychain({
    command: ["sleep", "60"],
    bus: { dbusAddress: undefined, runtimeDir: undefined, home: undefined },
    clock,
    onSlow: () => {
      slow += 1;
    },
  });
  const answer = keychain.get("vault-key/test/1");
  await systemClock.sleep(50);
  await clock.advance(1_000);
  expect(slow).toBe(1);
  await clock.advance(18_999);
  expect(await Promise.race([answer, systemClock.sleep(50).then(() => "waiting")])).toBe("waiting");
  await clock.advance(1);
  const result = await answer;
  expect(result.ok ? "answered" : result.error.reason).toBe("keychain_timeout");
  expect(slow).toBe(1);
});

test.each([
  ["nothing", ["true"]],
  ["noise", ["sh", "-c", "cat >/dev/null; echo noise"]],
  ["an endless answer", ["sh", "-c", "cat >/dev/null; yes"]],
  ["a reason that is none", ["sh", "-c", "cat >/dev/null; printf '\\002\\000\\000\\000\\001x'"]],
] as const)("systemKeychain refuses a child that answers %s", async (_, command) => {
  const result = await at(command, {}).set("vault-key/test/1", SecretBytes.take(new Uint8Array(32)));
  expect(result.ok ? "answered" : result.error.reason).toBe("keychain_failed");
});

test("systemKeychain gives the child no secret by argument or environment", async () => {
  const seen = join(ROOT, "seen");
  const spy = [
    "sh",
    "-c",
    `tr '\\0' '\\n' < /proc/$$/environ > ${seen}; tr '\\0' ' ' < /proc/$$/cmdline >> ${seen}; cat > /dev/null`,
  ] as const;
  const secret = SecretBytes.take(new TextEncoder().encode("canary-canary-canary-canary-0123"));
  await at(spy, { dbusAddress: "unix:path=/nowhere", home: ROOT }).set("vault-key/test/1", secret);
  const text = readFileSync(seen, "utf8");
  expect(text).toContain("DBUS_SESSION_BUS_ADDRESS=unix:path=/nowhere");
  expect(text).not.toContain("canary");
  expect(text).not.toContain("PATH=/usr");
});

test("keychainRole pins the Secret Service, passes errors on as codes alone, and zeroes what it read", async () => {
  const calls: unknown[] = [];
  const failing = async (message: string) => {
    const Entry = class {
      constructor(...words: readonly unknown[]) {
        calls.push(words);
        throw new Error(message);
      }
      getSecret = () => null;
      setSecret = () => undefined;
      deleteCredential = () => false;
    };
    let answer: unknown;
    const request = printRequest({ operation: "get", account: "vault-key/x/1", secret: new Uint8Array() });
    await keychainRole({
      input: new Response(request).body ?? new ReadableStream(),
      output: (bytes) => {
        answer = parseAnswer(bytes);
      },
      load: async () => ({ ok: true, value: { Entry } }),
    });
    return answer;
  };
  const reason = (name: string) => ({ ok: true, value: { status: "failed", reason: name } });
  expect(await failing("Platform failure: DBus error: no bus")).toEqual(reason("keychain_absent"));
  expect(await failing("Secret Service: unlock prompt was dismissed")).toEqual(reason("keychain_locked"));
  expect(await failing("canary in the message")).toEqual(reason("keychain_failed"));
  expect(calls[0]).toEqual(["wirken", "vault-key/x/1", { linux: { store: "secret-service" } }]);
});

test("keychainRole answers nothing to a request that is none", async () => {
  let answered = false;
  const code = await keychainRole({
    input: new Response(Uint8Array.of(OPERATIONS.get, 9, 9)).body ?? new ReadableStream(),
    output: () => {
      answered = true;
    },
  });
  expect([code, answered]).toEqual([76, false]);
});

test("loadVerified refuses an addon with another hash before loading it, and bytes that are none", () => {
  const bytes = new TextEncoder().encode("\x7fELF, or so it says");
  expect(loadVerified(bytes, "00".repeat(32))).toEqual({ ok: false, error: "keychain_tampered" });
  expect(loadVerified(bytes, undefined)).toEqual({ ok: false, error: "keychain_absent" });
  expect(loadVerified(undefined, undefined)).toEqual({ ok: false, error: "keychain_absent" });
});

function at(command: readonly [string, ...string[]], bus: { dbusAddress?: string; home?: string }) {
  return systemKeychain({
    command,
    bus: { dbusAddress: bus.dbusAddress, runtimeDir: undefined, home: bus.home },
    clock: systemClock,
    onSlow: () => undefined,
  });
}

function script(name: string, text: string): string {
  const folder = join(import.meta.dir, "..", "..");
  const path = join(ROOT, name);
  writeFileSync(path, text.replaceAll(/"#(\w+)\//g, `"${folder}/src/$1/`));
  return path;
}

/** Runs `body` in a program of its own on a private bus with an unlocked keyring; gives what it returned. */
function underSecretService(body: string): unknown {
  const program = script(
    `live-${Bun.hash(body)}.ts`,
    `import { SecretBytes } from "#contracts/secret.ts";
     import { systemClock } from "#runtime/clock.ts";
     import { systemRandom } from "#runtime/random.ts";
     import { systemKeychain } from "#vault/system-keychain.ts";
     import { Vault } from "#vault/vault.ts";
     const bus = { dbusAddress: process.env.DBUS_SESSION_BUS_ADDRESS, runtimeDir: process.env.XDG_RUNTIME_DIR, home: process.env.HOME };
     const keychain = systemKeychain({ command: [process.execPath, ${JSON.stringify(ROLE)}], bus, clock: systemClock, onSlow: () => {} });
     const result = await (async () => { ${body} })();
     console.log("RESULT" + JSON.stringify(result));`,
  );
  const home = mkdtempSync(join(ROOT, "home-"));
  // In the foreground of its own job, so that the daemon ends with the test.
  const daemon = `printf 'test-pass\\n' | ${DAEMON} --foreground --unlock --components=secrets >/dev/null 2>&1 &`;
  const run = Bun.spawnSync(
    [BUS ?? "", "--", "bash", "-c", `${daemon} d=$!; sleep 0.4; ${process.execPath} ${program}; kill $d`],
    { env: { HOME: home, XDG_RUNTIME_DIR: home, PATH: process.env["PATH"] ?? "" } },
  );
  const line = run.stdout.toString().split("RESULT")[1];
  if (line === undefined) throw new Error(run.stderr.toString());
  return JSON.parse(line);
}
