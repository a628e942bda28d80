/** The compiled program when things go wrong around it: a taken port, a record that is gone, another file at its path. */
import { describe, expect, test } from "bun:test";
import {
  chmodSync,
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { rootCertificates } from "node:tls";
import type { StatusView } from "#contracts/control-results.ts";
import { systemClock } from "#runtime/clock.ts";
import { ROOT } from "../source-files.ts";
import { BINARY, type Home, type Ran, freshHome, wirken } from "../support/binary.ts";
import { FAR_NAME, FarServer } from "../support/far-server.ts";
import { kill } from "../support/full-lab.ts";
import { BotApiFake, FAKE_TOKEN } from "../support/telegram-fake/bot-api.ts";

const ON_LINUX = process.platform === "linux";
const PASSPHRASE = { WIRKEN_VAULT_PASSPHRASE: "correct horse battery" };
const KEY = "sk-keeper-test-0123456789";

test("a page's port that is taken stops the start with exit 80, and says which, by whom, and what to do", async () => {
  using home = freshHome();
  const variable = "WIRKEN_CONSOLE_PORT";
  using other = listener(Number(home.env[variable]));
  const ran = await wirken(home, ["run", "--no-open"]);
  expect(ran.code).toBe(80);
  expect(ran.stderr).toContain(`port ${other.port} of the console is taken by `);
  if (ON_LINUX) expect(ran.stderr).toContain(`(pid ${process.pid})`);
  expect(ran.stderr).toContain(`${variable}=`);
  expect(ran.stderr.trim().split("\n")).toHaveLength(2);
  expect(existsSync(join(home.data, "audit", "audit.db"))).toBe(false);
});

test("a port that is taken later makes a role `failed` with the reason, says it once, and is tried again", async () => {
  using home = freshHome();
  await using running = begin(home);
  const role = async (): Promise<StatusView["roles"][number] | undefined> =>
    (await status(home))?.roles.find((one) => one.role === "console");
  await until("the console", async () => (await role())?.state === "running");
  const port = Number(home.env["WIRKEN_CONSOLE_PORT"]);
  kill((await role())?.pid ?? 0);
  const other = await taking(port);
  await until("the second failure", async () => {
    const { state = "", restarts = 0, why = "" } = (await role()) ?? {};
    return state === "failed" && restarts === 2 && why.startsWith(`port ${port} of the console is taken by `);
  });
  expect((await wirken(home, ["status"])).stdout).toContain("failed   console: port ");
  expect(running.stderr().split(`port ${port} of the console`).length - 1).toBe(1);
  other[Symbol.dispose]();
  await until("the console again", async () => (await role())?.state === "running");
  expect((await role())?.why).toBe("");
}, 30_000);

test("a record that was deleted between two runs stops the start with exit 81, until the operator accepts it", async () => {
  using home = freshHome(PASSPHRASE);
  await once(home);
  rmSync(join(home.data, "audit", "audit.db"));
  const refused = await wirken(home, ["run", "--no-open"]);
  expect(refused.code).toBe(81);
  expect(refused.stderr.split("the signer does not remember this record").length - 1).toBe(1);
  expect(refused.stderr).toContain("wirken audit accept-state");
  const asked = await wirken(home, ["status"]);
  expect([asked.code, asked.stderr.includes("it stopped: the signer does not remember")]).toEqual([69, true]);
  expect((await wirken(home, ["audit", "accept-state", "--yes"])).code).toBe(0);
  await once(home);
  expect((await wirken(home, ["audit", "verify"])).code).toBe(0);
  const rows = JSON.parse((await wirken(home, ["audit", "log", "--kind", "accepted", "--json"])).stdout);
  expect(rows).toMatchObject([{ payload: { what: "state", size: 0 } }]);
}, 30_000);

test.each([
  ["deleted", (db: string) => rmSync(db)],
  [
    "replaced",
    (db: string) => {
      copyFileSync(db, `${db}.new`);
      renameSync(`${db}.new`, db);
    },
  ],
])(
  "a record that is %s while the program runs ends it with exit 84 before anything more is done",
  async (_, harm) => {
    using home = freshHome(PASSPHRASE);
    await using running = begin(home);
    await until("the program", async () => (await status(home)) !== undefined);
    harm(join(home.data, "audit", "audit.db"));
    const asked = await wirken(home, ["ask", "--message", "list files"]);
    expect(asked.code).not.toBe(0);
    expect(await running.ended).toBe(84);
    expect(running.stderr()).toContain("the record's file was deleted or replaced while the program ran");
    expect((await wirken(home, ["status"])).stderr).toContain("it stopped: the record's file was deleted");
  },
  30_000,
);

test.skipIf(!ON_LINUX)(
  "a role is started again from the bytes that run, whatever was put at the program's path",
  async () => {
    using home = freshHome();
    const program = join(home.folder, "wirken");
    copyFileSync(BINARY, program, constants.COPYFILE_FICLONE);
    await using running = begin(home, program);
    const console_ = async () => (await status(home))?.roles.find((one) => one.role === "console");
    await until("the console", async () => (await console_())?.state === "running");
    renameSync(program, `${program}.old`);
    writeFileSync(program, `#!/bin/sh\ncat > ${home.folder}/taken\n`);
    chmodSync(program, 0o755);
    kill((await console_())?.pid ?? 0);
    await until("another console", async () => {
      const now = await console_();
      return now?.state === "running" && now.restarts === 1;
    });
    expect(existsSync(join(home.folder, "taken"))).toBe(false);
    rmSync(`${program}.old`);
    const gateway = (await status(home))?.roles.find((one) => one.role === "gateway")?.pid ?? 0;
    kill(gateway);
    await until("another gateway", async () => {
      const now = (await status(home))?.roles.find((one) => one.role === "gateway");
      return now?.state === "running" && now.pid !== gateway;
    });
    expect(existsSync(join(home.folder, "taken"))).toBe(false);
    expect(running.stderr()).not.toContain("was changed while it ran");
  },
  30_000,
);

test("a whole distribution's bundle of authorities reaches gateway and adapter, its last one counts", async () => {
  using home = freshHome(PASSPHRASE);
  using far = new FarServer(home.folder);
  const bundle = join(home.folder, "bundle.pem");
  const pem = [
    ...rootCertificates,
    ...rootCertificates.slice(0, 40),
    readFileSync(far.authorityFile, "utf8"),
  ].join("\n");
  writeFileSync(bundle, pem);
  expect(pem.length).toBeGreaterThan(200_000);
  mkdirSync(home.data, { mode: 0o700 });
  const config = join(home.data, "config.json");
  writeFileSync(config, JSON.stringify({ network: { proxy: far.proxyUrl, ca_file: bundle } }), {
    mode: 0o600,
  });
  const api = new BotApiFake(systemClock);
  const server = api.serve();
  const words = ["setup", "--non-interactive", "--provider", "openai", "--model", "m", "--key-stdin"];
  must(await wirken(home, [...words, "--base-url", `https://${FAR_NAME}/v1`], { stdin: `${KEY}\n` }));
  const channel = ["channel", "add", "telegram", "--token-stdin", "--api-base", new URL(server.url).origin];
  must(await wirken(home, channel, { stdin: FAKE_TOKEN }));
  {
    await using running = begin(home);
    await until(
      "the bot",
      async () => (await status(home))?.roles.find((one) => one.peerId === "telegram")?.state === "running",
    );
    await until("the bot's first poll", async () => {
      const channels = (await wirken(home, ["status", "--json"])).stdout;
      return (
        channels !== "" &&
        JSON.parse(channels).channels.some(
          ({ instance, connected }: { instance: string; connected: boolean }) =>
            instance === "telegram" && connected,
        )
      );
    });
    expect((await wirken(home, ["ask", "--message", "hi"])).stdout).toBe("From afar.\n");
    expect(running.stderr()).not.toContain("hand-off");
  }
  await server.stop(true);
}, 30_000);

describe.skipIf(!ON_LINUX)("on a kernel without a mechanism", () => {
  test.each(["landlock", "seccomp"])(
    "without %s, confinement that is required stops the start with exit 85",
    async (lacks) => {
      using home = freshHome();
      mkdirSync(home.data, { mode: 0o700 });
      writeFileSync(join(home.data, "config.json"), JSON.stringify({ confinement: "required" }), {
        mode: 0o600,
      });
      const child = Bun.spawn([...onLess(lacks)], {
        env: home.env,
        stdin: "ignore",
        stdout: "ignore",
        stderr: "pipe",
      });
      const said = await new Response(child.stderr).text();
      expect(await child.exited).toBe(85);
      expect(said.toLowerCase()).toContain(`this system has no ${lacks}`);
      expect(existsSync(join(home.data, "audit", "audit.db"))).toBe(false);
    },
  );

  test.each(["landlock", "seccomp"])(
    "without %s, best effort starts, and status, doctor and record say so",
    async (lacks) => {
      using home = freshHome();
      await using running = begin(home, ...onLess(lacks));
      const missing = async (): Promise<readonly string[]> =>
        (await status(home))?.roles.map(({ confinement }) =>
          confinement
            .filter(({ inForce }) => !inForce)
            .map(({ name }) => name)
            .join(" "),
        ) ?? [];
      await until("four roles with walls", async () => (await walled(home)) === 4);
      expect([await missing(), running.stderr().includes("ended")]).toEqual([Array(4).fill(lacks), false]);
      const doctor = await wirken(home, ["doctor"]);
      expect(doctor.stdout).toContain(`not in force: ${lacks}: `);
      const rows = await confinementRows(home);
      expect(rows.length).toBe(4);
      for (const { payload } of rows) {
        const absent = payload.walls.filter((wall) => !wall.in_force).map(({ name }) => name);
        expect([payload.peer, absent]).toEqual([payload.peer, [lacks]]);
      }
    },
    30_000,
  );
});

test.skipIf(!ON_LINUX)(
  "each start of a role writes one row of what confines it, and the gateway has closed its door",
  async () => {
    using home = freshHome();
    await using running = begin(home);
    await until("four roles with walls", async () => (await walled(home)) === 4);
    const gateway = (await status(home))?.roles.find(({ role }) => role === "gateway");
    // The launch stub's filter, and the one that refuses new Unix sockets once it listens.
    expect(gateway?.confinement.find(({ name }) => name === "seccomp")?.detail).toBe("2 filters");
    expect((await confinementRows(home)).length).toBe(4);
    kill((await status(home))?.roles.find(({ role }) => role === "console")?.pid ?? 0);
    await until(
      "the row of the console's second start",
      async () => (await confinementRows(home)).length === 5,
    );
    expect(
      running
        .stderr()
        .split("\n")
        .filter((line) => line.includes("warning")),
    ).toEqual([]);
  },
  30_000,
);

function onLess(lacks: string): readonly [string, ...string[]] {
  return [
    process.execPath,
    join(ROOT, "test", "support", "less-kernel.ts"),
    lacks,
    BINARY,
    "run",
    "--no-open",
  ];
}

/** How many roles run and have their walls told. */
async function walled(home: Home): Promise<number> {
  const roles = (await status(home))?.roles ?? [];
  return roles.filter(({ state, confinement }) => state === "running" && confinement.length > 0).length;
}

interface ConfinementRow {
  readonly payload: { readonly peer: string; readonly walls: readonly { name: string; in_force: boolean }[] };
}

/** Of roles: the box of commands has a row of its own. */
async function confinementRows(home: Home): Promise<readonly ConfinementRow[]> {
  const ran = await wirken(home, ["audit", "log", "--kind", "confinement", "--json"]);
  const rows: readonly ConfinementRow[] = JSON.parse(ran.stdout);
  return rows.filter(({ payload }) => payload.peer !== "tool");
}

interface Begun extends AsyncDisposable {
  readonly ended: Promise<number>;
  readonly stderr: () => string;
}

/** Starts `wirken run`, or what is given; disposing stops it in order. */
function begin(home: Home, program = BINARY, ...words: readonly string[]): Begun {
  const child = Bun.spawn([program, ...(words.length === 0 ? ["run", "--no-open"] : words)], {
    cwd: home.folder,
    env: home.env,
    stdin: "ignore",
    stdout: "ignore",
    stderr: "pipe",
  });
  let text = "";
  void (async () => {
    const decoder = new TextDecoder();
    for await (const part of child.stderr) text += decoder.decode(part, { stream: true });
  })();
  return {
    ended: child.exited,
    stderr: () => text,
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGTERM");
      await child.exited;
    },
  };
}

/** One orderly run. */
async function once(home: Home): Promise<void> {
  await using running = begin(home);
  await until(`the program\n${running.stderr()}`, async () => (await status(home)) !== undefined);
}

async function status(home: Home): Promise<StatusView | undefined> {
  const ran = await wirken(home, ["status", "--json"]);
  return ran.code === 0 ? JSON.parse(ran.stdout) : undefined;
}

function listener(port: number): Disposable & { readonly port: number } {
  const server = Bun.listen({ hostname: "127.0.0.1", port, socket: { data: () => undefined } });
  return { port, [Symbol.dispose]: () => server.stop(true) };
}

/** Listens as soon as the port is free. */
async function taking(port: number): Promise<Disposable> {
  for (;;) {
    try {
      return listener(port);
    } catch {
      await Bun.sleep(2);
    }
  }
}

function must(ran: Ran): void {
  expect([ran.code, ran.stderr]).toEqual([0, ran.stderr]);
}

async function until(what: string, done: () => Promise<boolean>, seconds = 15): Promise<void> {
  const end = performance.now() + seconds * 1_000;
  while (!(await done())) {
    if (performance.now() > end) throw new Error(`waited ${seconds} s for ${what}`);
    await Bun.sleep(40);
  }
}
