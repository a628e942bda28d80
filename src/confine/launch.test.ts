import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseInstanceId } from "#contracts/ids.ts";
import { SecretBytes } from "#contracts/secret.ts";
import { loadLibc } from "#host/libc.ts";
import { dataPaths } from "#host/paths.ts";
import { descendantsOf } from "#host/process-tree.ts";
import type { Self } from "#host/self.ts";
import { landlockAbi } from "./landlock.ts";
import { planFor } from "./role-plans.ts";
import { launchRole } from "./start.ts";
import { confinementOf } from "./status.ts";

const libc = loadLibc();
const abi = libc === undefined ? 0 : landlockAbi(libc);
const fixture = join(import.meta.dir, "confined.fixture.ts");
const self: Self = { command: [process.execPath, fixture], sourceRoot: join(import.meta.dir, "..", "..") };

const root = mkdtempSync(join(tmpdir(), "wirken-launch-"));
const paths = dataPaths(root);
afterAll(() => rmSync(root, { recursive: true, force: true }));
mkdirSync(paths.vaultFolder);
mkdirSync(paths.sockets);
writeFileSync(paths.vaultDb, "the vault");

function adapterPlan(over: { ports?: number[] } = {}) {
  const instance = parseInstanceId("telegram");
  if (!instance.ok) throw new Error("an instance id");
  return planFor(
    { kind: "adapter", instance: instance.value, channel: "telegram", ports: over.ports ?? [] },
    { paths, self, webchatPort: 18_790, consolePort: 18_791, required: true },
  );
}

const secret = (): Map<string, SecretBytes> =>
  new Map([["secret:token", SecretBytes.take(new Uint8Array(32))]]);

// A kernel without Landlock (or another system) cannot run this: the reason stands in the test's name.
const where = abi === 0 ? describe.skip : describe;

where(`a confined adapter (Landlock ABI ${abi}; needs Landlock)`, () => {
  let outcome: Record<string, string> = {};
  let dialled = 0;
  let exitCode: number | undefined;

  beforeAll(async () => {
    const gateway = Bun.listen({
      unix: paths.gatewaySocket,
      socket: {
        open: () => {
          dialled += 1;
        },
        data: () => undefined,
      },
    });
    const control = Bun.listen({ unix: paths.controlSocket, socket: { data: () => undefined } });
    const child = await launchRole(adapterPlan(), {
      dataRoot: root,
      handoff: secret(),
      onExit: (status) => {
        exitCode = status.code;
      },
      self,
    });
    if (!child.ok) throw new Error(child.error.message);
    await child.value.exited;
    gateway.stop(true);
    control.stop(true);
    outcome = JSON.parse(readFileSync(join(paths.state("telegram"), "outcome.json"), "utf8"));
  });

  test("a confined adapter gets its secret, its folder, its connection and nothing of our environment", () => {
    expect(exitCode).toBe(0);
    expect(dialled).toBe(1);
    expect(outcome).toMatchObject({
      stage2: "entered",
      handoff: "secret:token:32",
      ownState: "possible",
      gatewaySocket: "ENXIO", // descriptor 3 is a socket: it is there, and cannot be opened as a file
      environment: ",LANG,PATH,WIRKEN_CONSOLE_PORT,WIRKEN_DATA_DIR,WIRKEN_WEBCHAT_PORT",
    });
  });

  test("a confined adapter cannot read the vault, the data folder or a home, on any thread, by any way round", () => {
    const denied = "EACCES";
    expect(outcome).toMatchObject({
      readVault: denied,
      readVaultOnThread: denied,
      readVaultByBun: denied,
      throughProc: denied,
      writeVault: denied,
      listRoot: denied,
      listHome: denied,
    });
  });

  test("a confined adapter cannot look into, signal or trace the process that started it", () => {
    expect(outcome).toMatchObject({
      readKeeper: "EACCES",
      signalKeeper: "EPERM",
      ptrace: "E1",
      dumpable: "0",
    });
  });

  test("a confined adapter cannot start a program or leave by another kind of socket or namespace", () => {
    expect(outcome).toMatchObject({
      spawn: "a program could not be started (EPERM)",
      dialControl: "-97",
      vsock: "E97",
      alg: "E97",
      packet: "E97",
      rawInet: "E1",
      inet: "possible",
      mount: "E1",
      bpf: "E1",
      keyctl: "E1",
      ioUring: "E1",
      unshare: "E1",
      cloneUser: "E1",
      clone3: "E38",
    });
  });

  test("a confined adapter reaches the ports of its plan alone", () => {
    if (abi < 4) return; // Landlock knows ports from ABI 4 on
    expect(outcome).toMatchObject({ tcp25: "EACCES", tcp443: "ECONNREFUSED" });
  });
});

describe("launchRole", () => {
  test("launchRole refuses a plan whose rules cover the data folder, before anything starts", async () => {
    const plan = adapterPlan();
    const wide = { ...plan, paths: [...plan.paths, { path: tmpdir(), rights: "read" } as const] };
    const result = await launchRole(wide, {
      dataRoot: root,
      handoff: secret(),
      onExit: () => undefined,
      self,
    });
    expect(result).toMatchObject({ ok: false, error: { code: "config" } });
  });

  where("where the kernel has Landlock", () => {
    test("launchRole ends the child when the gateway's socket does not answer", async () => {
      const ended = Promise.withResolvers<number | undefined>();
      const plan = { ...adapterPlan(), dial: join(root, "sockets", "nobody.sock") };
      await launchRole(plan, {
        dataRoot: root,
        handoff: secret(),
        onExit: (status) => ended.resolve(status.code),
        self,
      });
      expect(await ended.promise).toBe(69);
    });

    test("launchRole refuses a hand-off with a name outside the plan and leaves no process", async () => {
      const children = descendantsOf(process.pid).length;
      const handoff = new Map([["other", SecretBytes.take(new Uint8Array(1))]]);
      const plan = adapterPlan();
      const result = await launchRole(plan, {
        dataRoot: root,
        handoff,
        onExit: () => undefined,
        self,
      });
      expect(result).toMatchObject({ ok: false, error: { code: "config" } });
      expect(descendantsOf(process.pid).length).toBe(children);
    });
  });
});

describe("confinementOf", () => {
  test("confinementOf says of a process that was not started through the stub that Landlock is off, and why", () => {
    const support = { platform: "linux", landlockAbi: 7, seccomp: true };
    const walls = confinementOf("self", false, support);
    const names = ["no_new_privileges", "seccomp", "landlock", "no_capabilities", "closed_memory", "limits"];
    expect(walls.map((wall) => wall.name)).toEqual(names);
    expect(walls[2]).toEqual({ name: "landlock", inForce: false, detail: "not started through the stub" });
    expect(confinementOf("self", true, { ...support, landlockAbi: 0 })[2]?.detail).toBe("not in this kernel");
    expect(confinementOf("self", true, { ...support, landlockAbi: 3 })[2]?.detail).toBe(
      "ABI 3, no ports, no signals",
    );
  });

  test("confinementOf off Linux says that nothing is in force", () => {
    const walls = confinementOf(1, true, { platform: "darwin", landlockAbi: 0, seccomp: false });
    expect(walls.filter((wall) => wall.inForce)).toEqual([]);
    expect(walls.length).toBe(6);
  });
});
