import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SecretBytes, SecretString } from "#contracts/secret.ts";
import { systemClock } from "#runtime/clock.ts";
import { systemRandom } from "#runtime/random.ts";
import {
  addCredential,
  credentialFromFile,
  credentialFromStream,
  listCredentials,
  removeCredential,
  rotateCredential,
} from "./credentials.ts";
import { memoryKeychain } from "./keychain.ts";
import { lockInMemory } from "./locked.ts";
import { openOrCreate, vaultStatus } from "./operator.ts";
import type { Vault, VaultOptions } from "./vault.ts";

const ROOT = mkdtempSync(join(tmpdir(), "wirken-operator-"));
afterAll(() => rmSync(ROOT, { recursive: true }));
let count = 0;

test("openOrCreate prefers the keychain and asks nothing", async () => {
  const options = fresh();
  const keychain = memoryKeychain();
  let asked = 0;
  const ask = async (): Promise<SecretString | undefined> => {
    asked += 1;
    return undefined;
  };
  using vault = unwrap(await openOrCreate(options, { keychain, passphrase: ask, newPassphrase: ask }));
  expect([vault.keptIn, asked]).toEqual(["keychain", 0]);
  expect(vaultStatus(options.path)).toEqual({
    ok: true,
    value: { keptIn: "keychain", generation: 1, scopes: {} },
  });
});

test("openOrCreate asks for a passphrase where there is no keychain, and then for the same one", async () => {
  const options = fresh();
  const keychain = memoryKeychain();
  keychain.failure = "keychain_absent";
  const refused = await openOrCreate(options, sources(keychain, undefined));
  expect(refused.ok ? "made" : refused.error.reason).toBe("passphrase_needed");
  expect(vaultStatus(options.path)).toEqual({ ok: true, value: undefined });
  const made = unwrap(await openOrCreate(options, sources(keychain, "long enough")));
  expect(made.keptIn).toBe("passphrase");
  made[Symbol.dispose]();
  const wrong = await openOrCreate(options, sources(keychain, "long enougi"));
  expect(wrong.ok ? "opened" : wrong.error.reason).toBe("wrong_passphrase");
  using again = unwrap(await openOrCreate(options, sources(keychain, "long enough")));
  expect(again.generation).toBe(1);
}, 20_000);

test("openOrCreate makes no second vault when the first one's key is missing", async () => {
  const options = fresh();
  unwrap(await openOrCreate(options, sources(memoryKeychain(), undefined)))[Symbol.dispose]();
  const other = await openOrCreate(options, sources(memoryKeychain(), "long enough"));
  expect(other.ok ? "opened" : other.error.reason).toBe("vault_key_missing");
});

test("credentials are added once, rotated, listed and removed", async () => {
  using vault = unwrap(await openOrCreate(fresh(), sources(memoryKeychain(), undefined)));
  const first = { scope: "provider", name: "openai", kind: "api_key", origins: ["https://api.example"] };
  expect(addCredential(vault, { ...first, value: bytes("one") }).ok).toBe(true);
  const again = addCredential(vault, { ...first, value: bytes("two") });
  expect(again.ok ? "added" : again.error.reason).toBe("exists");
  const rotated = rotateCredential(vault, { scope: "provider", name: "openai", value: bytes("two") });
  expect(rotated.ok && [rotated.value.version, rotated.value.kind, rotated.value.origins]).toEqual([
    2,
    "api_key",
    ["https://api.example"],
  ]);
  const missing = rotateCredential(vault, { scope: "provider", name: "other", value: bytes("x") });
  expect(missing.ok ? "rotated" : missing.error.reason).toBe("no_entry");
  vault.ensureRandom("sign", "log", "seed", 32);
  expect(names(vault, false)).toEqual(["provider/openai"]);
  expect(names(vault, true)).toEqual(["provider/openai", "sign/log"]);
  const own = removeCredential(vault, "sign", "log");
  expect(own.ok ? "removed" : own.error.reason).toBe("own_key");
  expect(removeCredential(vault, "provider", "openai").ok).toBe(true);
  expect(names(vault, true)).toEqual(["sign/log"]);
});

test.each([
  ["token\n", "token"],
  ["token\r\n", "token"],
  ["token", "token"],
  ["two\nlines\n", "two\nlines"],
  ["\n", undefined],
  ["", undefined],
])("a value of %j is taken as %j", async (given, expected) => {
  const file = join(ROOT, "value");
  writeFileSync(file, given);
  const results = [
    await credentialFromStream(new Response(given).body ?? new Blob([]).stream()),
    credentialFromFile(file),
  ];
  for (const result of results) {
    expect(result.ok ? result.value.use((value) => Buffer.from(value).toString()) : undefined).toBe(expected);
  }
});

test("a value over the bound is refused", async () => {
  const result = await credentialFromStream(new Blob([new Uint8Array(40_000).fill(65)]).stream());
  expect(result.ok ? "taken" : result.error.code).toBe("limit");
});

test("lockInMemory locks on Linux and says no elsewhere", () => {
  using secret = SecretBytes.take(new Uint8Array(32).fill(7));
  expect(lockInMemory(secret, undefined)).toBe(process.platform === "linux");
  expect(secret.use((value) => value[31])).toBe(7);
});

function fresh(): VaultOptions {
  count += 1;
  return { path: join(ROOT, `vault-${count}`, "vault.db"), clock: systemClock, random: systemRandom };
}

function sources(keychain: ReturnType<typeof memoryKeychain>, text: string | undefined) {
  const give = async (): Promise<SecretString | undefined> =>
    text === undefined ? undefined : SecretString.take(new TextEncoder().encode(text));
  return { keychain, passphrase: give, newPassphrase: give };
}

function names(vault: Vault, own: boolean): string[] {
  return unwrap(listCredentials(vault, own)).map((info) => `${info.scope}/${info.name}`);
}

function bytes(text: string): SecretBytes {
  return SecretBytes.take(new TextEncoder().encode(text));
}

function unwrap<T>(result: { ok: true; value: T } | { ok: false; error: { message: string } }): T {
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
}
