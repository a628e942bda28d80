/**
 * A hostile role for tests: started through the launch stub like a real one, it tries what it must not be
 * able to do and writes what happened into the one folder it may write.
 */
import { promises, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readEnvironment } from "#host/env.ts";
import { readHandoff } from "#host/handoff.ts";
import { loadLibc } from "#host/libc.ts";
import { dialUnix } from "#host/process-control.ts";
import { spawnChild } from "#host/spawn.ts";
import { main } from "./launch.ts";
import { enterRole } from "./stage2.ts";

const [role, ...words] = process.argv.slice(2);
if (role === "launch") process.exitCode = await main(words);
else await attack();

async function attack(): Promise<void> {
  const environment = readFileSync("/proc/self/environ", "utf8"); // before the process closes it to itself
  const read = readEnvironment();
  const root = read.ok ? read.value.dataDir : "";
  const stage2 = enterRole("adapter");
  const handoff = await readHandoff(["secret:"]);
  const libc = loadLibc();
  const outcome: Record<string, string> = {
    stage2: stage2.ok ? "entered" : stage2.error.message,
    handoff: handoff.ok
      ? [...handoff.value].map(([k, v]) => `${k}:${v.length}`).join()
      : handoff.error.message,
    environment: namesOf(environment),
    readVault: attempt(() => readFileSync(join(root, "vault", "vault.db"), "utf8")),
    readVaultOnThread: await attemptLater(() => promises.readFile(join(root, "vault", "vault.db"), "utf8")),
    readVaultByBun: await attemptLater(() => Bun.file(join(root, "vault", "vault.db")).text()),
    listRoot: attempt(() => readdirSync(root).join()),
    listHome: attempt(() => readdirSync("/root").join()),
    readKeeper: attempt(() => readFileSync(`/proc/${process.ppid}/environ`, "utf8")),
    throughProc: attempt(() => readFileSync(`/proc/self/root${root}/vault/vault.db`, "utf8")),
    writeVault: attempt(() => writeFileSync(join(root, "vault", "new"), "x")),
    ownState: attempt(() => writeFileSync(join(root, "state", "telegram", "x"), "x")),
    spawn: attempt(() => {
      const child = spawnChild({ argv: ["/bin/true"], env: {}, cwd: "/" });
      if (!child.ok) throw new Error(child.error.message);
    }),
    signalKeeper: attempt(() => process.kill(process.ppid, 0)),
    gatewaySocket: attempt(() => readFileSync("/proc/self/fd/3")),
  };
  if (libc !== undefined) {
    const answer = (value: { value: number; errno: number }): string =>
      value.value >= 0 ? "possible" : `E${value.errno}`;
    outcome["dialControl"] = String(dialUnix(libc, join(root, "sockets", "control.sock")));
    outcome["vsock"] = answer(libc.call("socket", 40, 1, 0));
    outcome["alg"] = answer(libc.call("socket", 38, 5, 0));
    outcome["packet"] = answer(libc.call("socket", 17, 3, 0));
    outcome["rawInet"] = answer(libc.call("socket", 2, 3, 1));
    outcome["inet"] = answer(libc.call("socket", 2, 1, 0));
    outcome["ptrace"] = answer(libc.call("ptrace", 16, process.ppid, 0, 0));
    outcome["mount"] = answer(libc.call("mount", 0, 0, 0, 0, 0));
    outcome["bpf"] = answer(libc.call("bpf", 0, 0, 0));
    outcome["keyctl"] = answer(libc.call("keyctl", 0, 0, 0));
    outcome["ioUring"] = answer(libc.call("io_uring_setup", 1, 0));
    outcome["unshare"] = answer(libc.call("unshare", 0x10000000));
    outcome["cloneUser"] = answer(libc.call("clone", 0x10000000 | 17, 0, 0, 0, 0));
    outcome["clone3"] = answer(libc.call("clone3", 0, 0));
    outcome["dumpable"] = String(libc.call("prctl", 3, 0, 0, 0, 0).value);
    outcome["tcp25"] = await attemptLater(() => connectTo(25));
    outcome["tcp443"] = await attemptLater(() => connectTo(443));
  }
  writeFileSync(join(root, "state", "telegram", "outcome.json"), JSON.stringify(outcome));
}

function namesOf(environment: string): string {
  const names = environment.split("\0").map((pair) => pair.split("=")[0] ?? "");
  return names.toSorted((a, b) => (a < b ? -1 : 1)).join();
}

/** Nothing listens: a refused connection was allowed by the box, "not permitted" was not. */
async function connectTo(port: number): Promise<void> {
  await Bun.connect({ hostname: "127.0.0.1", port, socket: { data: () => undefined } });
}

function attempt(act: () => unknown): string {
  try {
    act();
    return "possible";
  } catch (error) {
    return codeOf(error);
  }
}

async function attemptLater(act: () => Promise<unknown>): Promise<string> {
  try {
    await act();
    return "possible";
  } catch (error) {
    return codeOf(error);
  }
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return "unknown";
  return "code" in error && typeof error.code === "string" ? error.code : error.message;
}
