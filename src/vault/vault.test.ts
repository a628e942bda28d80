import { afterAll, describe, expect, test } from "bun:test";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SecretBytes, SecretString } from "#contracts/secret.ts";
import { openDatabase } from "#host/sqlite.ts";
import { manualClock } from "#runtime/clock.ts";
import { systemRandom } from "#runtime/random.ts";
import { type MemoryKeychain, memoryKeychain } from "./keychain.ts";
import { Vault, type VaultOptions } from "./vault.ts";

const roots: string[] = [];
afterAll(() => roots.forEach((root) => rmSync(root, { recursive: true })));

describe("a vault whose key is in the keychain", () => {
  test("keeps values, versions and their metadata", async () => {
    const { options, keychain } = fresh();
    using vault = await made(options, keychain);
    const clock = options.clock.now();
    expect(
      vault.put(entry("provider", "openai", "canary-one", { origins: ["https://api.example"] })),
    ).toEqual({
      ok: true,
      value: {
        scope: "provider",
        name: "openai",
        kind: "api_key",
        version: 1,
        createdMs: clock,
        expiresMs: 0,
        origins: ["https://api.example"],
      },
    });
    vault.put(entry("provider", "openai", "canary-two"));
    expect(read(vault, "provider", "openai")).toBe("canary-two");
    const list = vault.list();
    expect(list.ok && list.value.map((info) => [info.scope, info.name, info.version])).toEqual([
      ["provider", "openai", 2],
    ]);
    expect(keychain.accounts()).toHaveLength(1);
  });

  test("opens again, and its file is private and holds no value", async () => {
    const { options, keychain } = fresh();
    (await filled(options, keychain))[Symbol.dispose]();
    using vault = await opened(options, keychain);
    expect(read(vault, "channel/telegram", "token")).toBe("canary-token");
    expect(statSync(options.path).mode & 0o777).toBe(0o600);
    for (const encoding of ["utf8", "base64", "hex", "utf16le"] as const) {
      const needle = Buffer.from("canary-token").toString(encoding === "utf8" ? "utf8" : encoding);
      expect(allBytes(options.path).includes(needle)).toBe(false);
    }
  });

  test("is not made twice, and the first stays as it is", async () => {
    const { options, keychain } = fresh();
    (await filled(options, keychain))[Symbol.dispose]();
    const before = allBytes(options.path);
    const again = await Vault.create(options, { kind: "keychain", keychain });
    expect(again.ok ? "made" : again.error.reason).toBe("vault_exists");
    expect(allBytes(options.path).equals(before)).toBe(true);
    expect(keychain.accounts()).toHaveLength(1);
  });

  test("tells a missing key, another key and a keychain that fails apart, and changes nothing", async () => {
    const { options, keychain } = fresh();
    (await filled(options, keychain))[Symbol.dispose]();
    const before = allBytes(options.path);
    const [account = ""] = keychain.accounts();
    const sources = { keychain, passphrase: async () => undefined };
    const reason = async (): Promise<unknown> => {
      const result = await Vault.open(options, sources);
      return result.ok ? "opened" : [result.error.code, result.error.reason];
    };
    keychain.failure = "keychain_locked";
    expect(await reason()).toEqual(["unavailable", "keychain_locked"]);
    keychain.failure = undefined;
    await keychain.set(account, SecretBytes.take(new Uint8Array(32)));
    expect(await reason()).toEqual(["unavailable", "vault_key_missing"]);
    await keychain.delete(account);
    expect(await reason()).toEqual(["unavailable", "vault_key_missing"]);
    expect(allBytes(options.path).equals(before)).toBe(true);
  });

  test("is not made when the keychain does not keep the key", async () => {
    const { options, keychain } = fresh();
    const forgetful = { ...keychain, set: async () => ({ ok: true, value: undefined }) as const };
    const result = await Vault.create(options, { kind: "keychain", keychain: forgetful });
    expect(result.ok ? "made" : result.error.reason).toBe("keychain_failed");
    const later = await Vault.open(options, { keychain, passphrase: async () => undefined });
    expect(later.ok ? "opened" : later.error.reason).toBe("no_vault");
  });

  test("takes an entry out, and says when there is none", async () => {
    const { options, keychain } = fresh();
    using vault = await filled(options, keychain);
    expect(vault.remove("channel/telegram", "token").ok).toBe(true);
    const again = vault.remove("channel/telegram", "token");
    expect(again.ok ? "removed" : again.error.reason).toBe("no_entry");
    expect(read(vault, "channel/telegram", "token")).toBe("no_entry");
    expect(read(vault, "provider", "openai")).toBe("canary-key");
  });

  test("refuses an expired value", async () => {
    const { options, keychain, clock } = fresh();
    using vault = await made(options, keychain);
    vault.put(entry("provider", "openai", "short-lived", { expiresMs: clock.now() + 1_000 }));
    expect(read(vault, "provider", "openai")).toBe("short-lived");
    await clock.advance(1_000);
    expect(read(vault, "provider", "openai")).toBe("expired");
  });

  test("ends a value's life with the call", async () => {
    const { options, keychain } = fresh();
    using vault = await filled(options, keychain);
    let kept: SecretBytes | undefined;
    vault.use("provider", "openai", (value) => {
      kept = value;
    });
    expect(() => kept?.use((bytes) => bytes.length)).toThrow("disposed");
  });

  test("makes a random secret once", async () => {
    const { options, keychain } = fresh();
    using vault = await made(options, keychain);
    expect(vault.ensureRandom("sign", "agent:default", "seed", 32).ok).toBe(true);
    const first = read(vault, "sign", "agent:default", "hex");
    vault.ensureRandom("sign", "agent:default", "seed", 32);
    expect(read(vault, "sign", "agent:default", "hex")).toBe(first);
    expect(first).toHaveLength(64);
  });
});

describe("state keys", () => {
  test("are one per scope, stay the same, survive a rotation and are not listed", async () => {
    const { options, keychain } = fresh();
    using vault = await made(options, keychain);
    const telegram = stateKey(vault, "channel/telegram");
    expect(telegram).toMatch(/^[0-9a-f]{64}$/);
    expect(stateKey(vault, "channel/telegram")).toBe(telegram);
    expect(stateKey(vault, "sign")).not.toBe(telegram);
    expect((await vault.rotateKey({ kind: "keychain", keychain }, keychain)).ok).toBe(true);
    expect(stateKey(vault, "channel/telegram")).toBe(telegram);
    expect(vault.list()).toEqual({ ok: true, value: [] });
    const removed = vault.remove("channel/telegram", "state-key");
    expect(removed.ok ? "removed" : removed.error.reason).toBe("no_entry");
  });
});

describe("rotation", () => {
  test("moves everything to the next key and deletes the old one", async () => {
    const { options, keychain } = fresh();
    using vault = await filled(options, keychain);
    const [old] = keychain.accounts();
    expect((await vault.rotateKey({ kind: "keychain", keychain }, keychain)).ok).toBe(true);
    expect(vault.generation).toBe(2);
    expect(keychain.accounts()).toHaveLength(1);
    expect(keychain.accounts()[0]).not.toBe(old);
    expect(read(vault, "provider", "openai")).toBe("canary-key");
    using again = await opened(options, keychain);
    expect(read(again, "channel/telegram", "token")).toBe("canary-token");
  });

  test("is seen by a vault that another process holds open", async () => {
    const { options, keychain } = fresh();
    using first = await filled(options, keychain);
    using second = await opened(options, keychain);
    await second.rotateKey({ kind: "keychain", keychain }, keychain);
    expect(read(first, "provider", "openai")).toBe("key_rotated");
    const put = first.put(entry("provider", "openai", "lost?"));
    expect(put.ok ? "written" : put.error.reason).toBe("key_rotated");
    expect(read(second, "provider", "openai")).toBe("canary-key");
  });

  test("that fails at the keychain changes nothing", async () => {
    const { options, keychain } = fresh();
    using vault = await filled(options, keychain);
    const before = allBytes(options.path);
    keychain.failure = "keychain_timeout";
    const result = await vault.rotateKey({ kind: "keychain", keychain }, keychain);
    keychain.failure = undefined;
    expect(result.ok ? "rotated" : result.error.reason).toBe("keychain_timeout");
    expect(allBytes(options.path).equals(before)).toBe(true);
    expect(read(vault, "provider", "openai")).toBe("canary-key");
  });

  test("cut off before the commit leaves a vault that opens with the old key", async () => {
    const { options, keychain } = fresh();
    using vault = await filled(options, keychain);
    const copy = { ...options, path: `${options.path}.copy` };
    const spying = {
      ...keychain,
      set: async (account: string, secret: SecretBytes) => {
        const result = await keychain.set(account, secret);
        for (const end of ["", "-wal"]) copyFileSync(`${options.path}${end}`, `${copy.path}${end}`);
        return result;
      },
      delete: async () => ({ ok: true, value: undefined }) as const,
    };
    await vault.rotateKey({ kind: "keychain", keychain: spying }, spying);
    using crashed = await opened(copy, keychain);
    expect(crashed.generation).toBe(1);
    expect(read(crashed, "provider", "openai")).toBe("canary-key");
    using moved = await opened(options, keychain);
    expect(moved.generation).toBe(2);
  });

  test("two at once: one wins, the vault opens", async () => {
    const { options, keychain } = fresh();
    using first = await filled(options, keychain);
    using second = await opened(options, keychain);
    const slow = gate(keychain);
    const one = first.rotateKey({ kind: "keychain", keychain: slow.keychain }, keychain);
    await slow.entered;
    const two = await second.rotateKey({ kind: "keychain", keychain }, keychain);
    slow.release();
    expect((await one).ok).toBe(true);
    expect(two.ok ? "rotated" : two.error.code).toBe("timeout");
    using after = await opened(options, keychain);
    expect(read(after, "provider", "openai")).toBe("canary-key");
  }, 15_000);
});

describe("a vault under a passphrase", () => {
  test("opens with the right one alone, and a wrong one changes nothing", async () => {
    const { options, keychain } = fresh();
    const created = await Vault.create(options, { kind: "passphrase", passphrase: secret("correct horse") });
    if (!created.ok) throw new Error(created.error.message);
    created.value.put(entry("provider", "openai", "canary-key"));
    created.value[Symbol.dispose]();
    expect(keychain.accounts()).toEqual([]);
    const before = allBytes(options.path);
    const open = async (text: string | undefined): Promise<string> => {
      const passphrase = async (): Promise<SecretString | undefined> =>
        text === undefined ? undefined : secret(text);
      const result = await Vault.open(options, { keychain, passphrase });
      if (!result.ok) return result.error.reason ?? result.error.code;
      using vault = result.value;
      return read(vault, "provider", "openai");
    };
    expect(await open("correct horse")).toBe("canary-key");
    expect(await open("correct horsf")).toBe("wrong_passphrase");
    expect(await open(undefined)).toBe("passphrase_needed");
    expect(allBytes(options.path).equals(before)).toBe(true);
  }, 20_000);

  test("is refused for a short passphrase", async () => {
    const { options } = fresh();
    const result = await Vault.create(options, { kind: "passphrase", passphrase: secret("seven77") });
    expect(result.ok ? "made" : result.error.reason).toBe("passphrase_length");
  });
});

describe("damage", () => {
  const changes: readonly (readonly [string, string])[] = [
    ["a header bit", "UPDATE vault_header SET header = zeroblob(150)"],
    ["no header row", "DELETE FROM vault_header"],
    ["no header table", "DROP TABLE vault_header"],
    ["a mac", "UPDATE vault_header SET mac = zeroblob(32)"],
    ["an entry taken out", "DELETE FROM vault_entries WHERE scope = 'provider'"],
    ["all entries taken out", "DELETE FROM vault_entries"],
    ["an entry's blob", "UPDATE vault_entries SET blob = zeroblob(60) WHERE scope = 'provider'"],
    ["an entry renamed", "UPDATE vault_entries SET name = 'anthropic' WHERE scope = 'provider'"],
    ["an entry moved to another scope", "UPDATE vault_entries SET scope = 'siem' WHERE scope = 'provider'"],
    ["a version", "UPDATE vault_entries SET version = 7 WHERE scope = 'provider'"],
    ["an absurd version", "UPDATE vault_entries SET version = -1 WHERE scope = 'provider'"],
    ["origins that are no list", "UPDATE vault_entries SET origins = '{' WHERE scope = 'provider'"],
    [
      "two values swapped",
      "UPDATE vault_entries SET blob = (SELECT v.blob FROM vault_entries v WHERE v.rowid <> vault_entries.rowid)",
    ],
  ];
  test.each(changes)("%s is reported and nothing is overwritten", async (_, sql) => {
    const { options, keychain } = fresh();
    (await filled(options, keychain))[Symbol.dispose]();
    tamper(options.path, sql);
    const before = allBytes(options.path);
    const result = await Vault.open(options, { keychain, passphrase: async () => undefined });
    expect(result.ok ? "opened" : [result.error.code, result.error.reason]).toEqual([
      "damaged",
      "vault_damaged",
    ]);
    const create = await Vault.create(options, { kind: "keychain", keychain });
    expect(create.ok ? "made" : create.error.reason).toMatch(/^vault_(exists|damaged)$/);
    expect(allBytes(options.path).equals(before)).toBe(true);
  });

  test.each([
    ["expiry", "UPDATE vault_entries SET expires_ms = 9000000000000"],
    ["origins", `UPDATE vault_entries SET origins = '["https://evil.example"]'`],
    ["kind", "UPDATE vault_entries SET kind = 'other'"],
    ["creation", "UPDATE vault_entries SET created_ms = 1"],
    ["salt", "UPDATE vault_entries SET salt = zeroblob(16)"],
  ])("changed %s of an entry is reported by use and by list", async (_, sql) => {
    const { options, keychain } = fresh();
    (await filled(options, keychain))[Symbol.dispose]();
    tamper(options.path, sql);
    using vault = await opened(options, keychain);
    expect(read(vault, "provider", "openai")).toBe("vault_damaged");
    const list = vault.list();
    expect(list.ok ? "listed" : list.error.reason).toBe("vault_damaged");
  });

  test("an older value put back is reported", async () => {
    const { options, keychain } = fresh();
    const vault = await filled(options, keychain);
    const database = openDatabase(options.path);
    database.run("CREATE TABLE kept AS SELECT * FROM vault_entries");
    vault.put(entry("provider", "openai", "canary-new"));
    vault[Symbol.dispose]();
    database.run("INSERT OR REPLACE INTO vault_entries SELECT * FROM kept");
    database.close();
    const result = await Vault.open(options, { keychain, passphrase: async () => undefined });
    expect(result.ok ? "opened" : result.error.reason).toBe("vault_damaged");
  });

  test("a file that is no database is reported and kept", async () => {
    const { options, keychain } = fresh();
    writeFileSync(options.path, "not a database, but somebody's file".repeat(50), { mode: 0o600 });
    const before = readFileSync(options.path);
    const open = await Vault.open(options, { keychain, passphrase: async () => undefined });
    expect(open.ok ? "opened" : open.error.reason).toBe("vault_damaged");
    const create = await Vault.create(options, { kind: "keychain", keychain });
    expect(create.ok ? "made" : create.error.reason).toBe("vault_damaged");
    expect(readFileSync(options.path).equals(before)).toBe(true);
  });
});

test.each([
  ["scope", { scope: "channel/../x" }],
  ["scope", { scope: "provider\n" }],
  ["name", { name: "Open AI" }],
  ["name", { name: "state-key" }],
  ["kind", { kind: "" }],
])("put refuses a bad %s", async (word, change) => {
  const { options, keychain } = fresh();
  using vault = await made(options, keychain);
  const result = vault.put({ ...entry("provider", "openai", "x"), ...change });
  expect(result.ok ? "kept" : result.error.reason).toBe(`bad_${word}`);
  expect(vault.list()).toEqual({ ok: true, value: [] });
});

test("put refuses values and origins out of bounds", async () => {
  const { options, keychain } = fresh();
  using vault = await made(options, keychain);
  const big = { ...entry("provider", "openai", ""), value: SecretBytes.take(new Uint8Array(32_769)) };
  const most = { ...entry("provider", "openai", ""), value: SecretBytes.take(new Uint8Array(32_768)) };
  expect(vault.put(big).ok).toBe(false);
  expect(vault.put(entry("provider", "openai", "")).ok).toBe(false);
  expect(vault.put(entry("provider", "openai", "x", { origins: ["https://a.example/path"] })).ok).toBe(false);
  expect(vault.put(entry("provider", "openai", "x", { origins: ["javascript://a"] })).ok).toBe(false);
  expect(vault.put(most).ok).toBe(true);
});

function fresh(): { options: VaultOptions; keychain: MemoryKeychain; clock: ReturnType<typeof manualClock> } {
  const root = mkdtempSync(join(tmpdir(), "wirken-vault-"));
  roots.push(root);
  const clock = manualClock();
  return {
    options: { path: join(root, "vault.db"), clock, random: systemRandom },
    keychain: memoryKeychain(),
    clock,
  };
}

async function made(options: VaultOptions, keychain: MemoryKeychain): Promise<Vault> {
  const result = await Vault.create(options, { kind: "keychain", keychain });
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
}

async function filled(options: VaultOptions, keychain: MemoryKeychain): Promise<Vault> {
  const vault = await made(options, keychain);
  vault.put(entry("provider", "openai", "canary-key"));
  vault.put(entry("channel/telegram", "token", "canary-token"));
  return vault;
}

async function opened(options: VaultOptions, keychain: MemoryKeychain): Promise<Vault> {
  const result = await Vault.open(options, { keychain, passphrase: async () => undefined });
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
}

function entry(
  scope: string,
  name: string,
  text: string,
  more: { origins?: string[]; expiresMs?: number } = {},
) {
  return { scope, name, kind: "api_key", value: SecretBytes.take(new TextEncoder().encode(text)), ...more };
}

function secret(text: string): SecretString {
  return SecretString.take(new TextEncoder().encode(text));
}

function read(vault: Vault, scope: string, name: string, as: "utf8" | "hex" = "utf8"): string {
  const result = vault.use(scope, name, (value) => value.use((bytes) => Buffer.from(bytes).toString(as)));
  return result.ok ? result.value : (result.error.reason ?? result.error.code);
}

function stateKey(vault: Vault, scope: string): string {
  const result = vault.stateKey(scope, (key) => key.use((bytes) => Buffer.from(bytes).toString("hex")));
  return result.ok ? result.value : result.error.message;
}

function tamper(path: string, sql: string): void {
  const database = openDatabase(path);
  database.run(sql);
  database.run("PRAGMA wal_checkpoint(TRUNCATE)");
  database.close();
}

/** The database with its write-ahead log. */
function allBytes(path: string): Buffer {
  return Buffer.concat(
    ["", "-wal"].map((end) => (exists(path + end) ? readFileSync(path + end) : Buffer.alloc(0))),
  );
}

function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

/** A keychain whose first `set` waits until it is let go. */
function gate(keychain: MemoryKeychain) {
  const entered = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  const set: MemoryKeychain["set"] = async (account, value) => {
    entered.resolve();
    await released.promise;
    return await keychain.set(account, value);
  };
  return { keychain: { ...keychain, set }, entered: entered.promise, release: () => released.resolve() };
}
