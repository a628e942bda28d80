/**
 * The compiled executable in a hostile folder and environment: nothing there changes what it does, it is no
 * interpreter, and its sources stay whole.
 */
import { describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./source-files.ts";
import { BINARY, freshHome, wirken } from "./support/binary.ts";

const EVIL = "require('node:fs').writeFileSync(process.env.HOME + '/owned', 'x'); console.log('OWNED');";

const HOSTILE_ENVIRONMENT = {
  BUN_BE_BUN: "1",
  BUN_OPTIONS: "--preload ./evil.js",
  BUN_INSPECT: "127.0.0.1:0/x",
  BUN_INSPECT_PRELOAD: "./evil.js",
  BUN_INSPECT_CONNECT_TO: "127.0.0.1:1",
  NODE_OPTIONS: "--require ./evil.js",
  NODE_EXTRA_CA_CERTS: "./evil.pem",
  SSL_CERT_FILE: "./evil.pem",
  SSL_CERT_DIR: ".",
  NODE_USE_SYSTEM_CA: "1",
  NODE_TLS_REJECT_UNAUTHORIZED: "0",
  NAPI_RS_NATIVE_LIBRARY_PATH: "./evil.node",
  BUN_CONFIG_VERBOSE_FETCH: "curl",
  HTTPS_PROXY: "http://127.0.0.1:1",
} as const;

describe("the executable", () => {
  test.each(Object.entries(HOSTILE_ENVIRONMENT))("is not changed by %s", async (name, value) => {
    using home = hostileHome();
    const ran = await wirken(home, ["--version"], { env: { [name]: value } });
    expect(ran.stdout).toMatch(/^wirken \d+\.\d+\.\d+\n$/);
    expect(ran.stderr).toBe("");
    expect(ran.code).toBe(0);
  });

  test("loads nothing from the caller's folder", async () => {
    using home = hostileHome();
    for (const words of [["--version"], ["--help"], ["status"], ["audit", "verify"]]) {
      const ran = await wirken(home, words, { env: HOSTILE_ENVIRONMENT });
      expect(ran.stdout + ran.stderr).not.toContain("OWNED");
    }
    expect(await Bun.file(join(home.folder, "owned")).exists()).toBe(false);
  });

  test("keeps its data where its home is, whatever a file of the caller's folder says", async () => {
    using home = hostileHome();
    const ran = await wirken(home, ["doctor"]);
    expect(ran.stdout).toContain(home.data);
    expect(ran.stdout).not.toContain("/nonexistent");
  });

  test.each(["-e console.log('OWNED')", "run ./evil.js", "./evil.js", "x cowsay", "--eval 1"])(
    "is no interpreter for %p",
    async (line) => {
      using home = hostileHome();
      const ran = await wirken(home, line.split(" "), { env: { BUN_BE_BUN: "1" } });
      expect(ran.stdout + ran.stderr).not.toContain("OWNED");
      expect(ran.code).not.toBe(0);
    },
  );

  test.skipIf(process.env["WIRKEN_TEST_BINARY"] !== undefined)(
    "knows no name that loads code or certificates",
    () => {
      // The copied runtime is the first part of the file, as long as the runtime that runs this test.
      const runtime = readFileSync(BINARY).subarray(0, Bun.file(process.execPath).size);
      const armed = [
        "BUN_BE_BUN",
        "BUN_OPTIONS",
        "BUN_INSPECT",
        "BUN_INSPECT_PRELOAD",
        "BUN_INSPECT_CONNECT_TO",
        "NODE_EXTRA_CA_CERTS",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
        "NODE_USE_SYSTEM_CA",
      ].filter((name) => runtime.includes(Buffer.from(`\0${name}\0`, "latin1")));
      expect(armed).toEqual([]);
    },
  );

  test("lists every input it was made of", () => {
    const inputs = readFileSync(join(ROOT, "dist", "inputs.txt"), "utf8").split("\n");
    expect(inputs).toContain("src/main.ts");
    expect(inputs.filter((path) => path.includes(".test.") || path.startsWith("test/"))).toEqual([]);
  });
});

function hostileHome() {
  const home = freshHome();
  writeFileSync(join(home.folder, "evil.js"), EVIL);
  writeFileSync(
    join(home.folder, "bunfig.toml"),
    'preload = ["./evil.js"]\n[run]\npreload = ["./evil.js"]\n',
  );
  writeFileSync(join(home.folder, ".env"), "WIRKEN_DATA_DIR=/nonexistent\nBUN_OPTIONS=--preload ./evil.js\n");
  writeFileSync(
    join(home.folder, "tsconfig.json"),
    '{"compilerOptions":{"paths":{"#contracts/*":["./evil.js"]}}}',
  );
  writeFileSync(
    join(home.folder, "package.json"),
    '{"imports":{"#contracts/*":"./evil.js"},"main":"evil.js"}',
  );
  for (const name of ["zod", "hono", "citty", "grammy"]) {
    const folder = join(home.folder, "node_modules", name);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "index.js"), EVIL);
    writeFileSync(join(folder, "package.json"), `{"name":"${name}","main":"index.js"}`);
  }
  return home;
}
