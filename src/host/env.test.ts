import { describe, expect, test } from "bun:test";
import { keepAllowed, readEnvironment } from "./env.ts";

describe("readEnvironment", () => {
  test("readEnvironment has the documented defaults", () => {
    const result = readEnvironment({ HOME: "/home/person" });
    expect(result).toMatchObject({
      ok: true,
      value: {
        dataDir: "/home/person/.wirken",
        webchatPort: 18_790,
        consolePort: 18_791,
        passphrase: undefined,
      },
    });
  });

  test("readEnvironment without a home asks for WIRKEN_DATA_DIR", () => {
    for (const env of [{}, { HOME: "" }, { HOME: "relative" }]) {
      expect(readEnvironment(env)).toMatchObject({ ok: false, error: { code: "config" } });
    }
    expect(readEnvironment({ WIRKEN_DATA_DIR: "/data" })).toMatchObject({ value: { dataDir: "/data" } });
  });

  test("readEnvironment moves the passphrase out of the environment, also when the rest is refused", () => {
    const env = { HOME: "/h", WIRKEN_VAULT_PASSPHRASE: "correct horse", WIRKEN_CONSOLE_PORT: "no" };
    expect(readEnvironment(env).ok).toBe(false);
    expect("WIRKEN_VAULT_PASSPHRASE" in env).toBe(false);
    const again = readEnvironment({ HOME: "/h", WIRKEN_VAULT_PASSPHRASE: "correct horse" });
    expect(again.ok && again.value.passphrase?.use((text) => text)).toBe("correct horse");
  });

  test.each(["0", "65536", "-1", "1e3", " 80", "080", "http"])("readEnvironment refuses port %p", (port) => {
    expect(readEnvironment({ HOME: "/h", WIRKEN_WEBCHAT_PORT: port }).ok).toBe(false);
  });

  test("readEnvironment refuses the same port twice", () => {
    expect(readEnvironment({ HOME: "/h", WIRKEN_WEBCHAT_PORT: "18791" }).ok).toBe(false);
  });
});

describe("keepAllowed", () => {
  test("keepAllowed drops what changes how a runtime behaves and keeps the rest", () => {
    const env = {
      HOME: "/h",
      WIRKEN_DATA_DIR: "/d",
      BUN_OPTIONS: "--preload x",
      NODE_TLS_REJECT_UNAUTHORIZED: "0",
      HTTPS_PROXY: "http://x",
      LD_PRELOAD: "x.so",
      wirken_data_dir: "/e",
    };
    expect(keepAllowed(env)).toBe(5);
    expect(env).toEqual({ HOME: "/h", WIRKEN_DATA_DIR: "/d" } as typeof env);
  });
});
