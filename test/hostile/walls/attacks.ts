/**
 * The attacks, each a small piece of hostile code that runs inside a process of a role. It throws, or answers a word,
 * when it was stopped; it answers `reached` when it got what it came for. Nothing here does harm when it succeeds.
 */
import {
  appendFileSync,
  closeSync,
  linkSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  symlinkSync,
} from "node:fs";
import { createSocket } from "node:dgram";
import { join } from "node:path";
import { type Libc, addressOf, cString, loadLibc } from "#host/libc.ts";
import { dialUnix } from "#host/process-control.ts";
import type { Facts } from "./facts.ts";

export const REACHED = "reached";
const SOCK_STREAM = 1;
const SOCK_NONBLOCK = 0o4000;
const ENETUNREACH = 101;
const EINPROGRESS = 115;
const EFAULT = 14;
const EINVAL = 22;
const RLIMIT_CORE = 4;
const LOOPBACK = 0x7f000001;
const METADATA = 0xa9fea9fe;
/** 192.0.2.1: for documentation, and nobody's (RFC 5737). */
const ELSEWHERE = 0xc0000201;
type Attack = (facts: Facts) => string | Promise<string>;

const reads = (path: string): string => {
  const descriptor = openSync(path, "r");
  const count = readSync(descriptor, new Uint8Array(64));
  closeSync(descriptor);
  return count > 0 ? REACHED : "empty";
};

/** Tries the same on every process of ours; one that gives way is enough. */
function onEach(facts: Facts, act: (pid: number) => string): string {
  const outcomes = Object.entries(facts.pids).map(([role, pid]) => {
    if (pid === process.pid) return "";
    try {
      const outcome = act(pid);
      return outcome === REACHED ? `${REACHED} ${role}` : outcome;
    } catch (error) {
      return codeOf(error);
    }
  });
  return (
    outcomes.find((outcome) => outcome.startsWith(REACHED)) ?? outcomes.find((word) => word !== "") ?? "none"
  );
}

const libc = loadLibc();
function called(act: (libc: Libc) => { value: number; errno: number }): string {
  if (libc === undefined) return "no C library";
  const { value, errno } = act(libc);
  return value >= 0 ? REACHED : `E${errno}`;
}

function dialled(path: string): string {
  if (libc === undefined) return "no C library";
  const descriptor = dialUnix(libc, path);
  return descriptor >= 0 ? REACHED : `E${-descriptor}`;
}

/** connect() to an abstract name: no file stands for it, so no file right can refuse it. */
function dialledAbstract(name: string): string {
  return called((c) => {
    const made = c.call("socket", 1, 1, 0);
    if (made.value < 0) return made;
    const text = new TextEncoder().encode(name);
    const address = new Uint8Array(3 + text.length);
    address.set([1, 0, 0]);
    address.set(text, 3);
    return c.call("connect", made.value, address, address.length);
  });
}

/** TCP as the kernel sees it. A connection on its way counts, also on a machine that has no way there. */
function tcp(facts: Facts, address: number, port: number): string {
  const outcome = called((c) => {
    const made = c.call("socket", 2, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (made.value < 0) return made;
    const to = new Uint8Array(16);
    const view = new DataView(to.buffer);
    view.setUint16(0, 2, true);
    view.setUint16(2, port);
    view.setUint32(4, address);
    return c.call("connect", made.value, to, to.length);
  });
  if (outcome === `E${EINPROGRESS}`) return REACHED;
  if (outcome !== `E${ENETUNREACH}`) return outcome;
  // No way there: of the machine's own network, or because this process is in an empty one.
  return readlinkSync("/proc/self/ns/net") === facts.network ? REACHED : "no network";
}

function udp(port: number): Promise<string> {
  return new Promise((resolve) => {
    try {
      const socket = createSocket("udp4");
      const end = (word: string): void => {
        socket.close();
        resolve(word);
      };
      socket.once("error", (error) => end(codeOf(error)));
      socket.once("message", () => end(REACHED));
      socket.send("x", port, "127.0.0.1");
      setTimeout(() => end("no answer"), 1_000);
    } catch (error) {
      resolve(codeOf(error));
    }
  });
}

function runs(argv: readonly [string, ...string[]]): string {
  const ran = Bun.spawnSync([...argv], { env: {}, stdout: "pipe", stderr: "ignore" });
  return ran.stdout.toString().includes("ran") ? REACHED : `exit ${ran.exitCode}`;
}

/** Asks for eight bytes at an address of the victim's. */
function readsMemory(pid: number): string {
  return called((c) => {
    const local = new Uint8Array(8);
    const [near, far] = [new BigUint64Array([addressOf(local), 8n]), new BigUint64Array([0x200000n, 8n])];
    return c.call("process_vm_readv", pid, near, 1, far, 1, 0);
  }).replace(`E${EFAULT}`, REACHED); // nothing lies there, and the kernel would have read it
}

/** Writes nothing: opening for append, creating where it is missing, is the whole attack; what was made is removed. */
function mayAppend(path: string): string {
  appendFileSync(path, "");
  return REACHED;
}

/** What each attack is called in the table. */
export const ATTACKS = {
  "read the vault": ({ root }) => reads(join(root, "vault", "vault.db")),
  "read the vault through /proc": ({ root }) => reads(`/proc/self/root${root}/vault/vault.db`),
  "read the vault by a link of its own": ({ root, own }) => {
    symlinkSync(join(root, "vault", "vault.db"), join(own, "vault-link"));
    return reads(join(own, "vault-link"));
  },
  "link the vault into its own folder": ({ root, own }) => {
    linkSync(join(root, "vault", "vault.db"), join(own, "vault-hard"));
    return reads(join(own, "vault-hard"));
  },
  "write into the vault's folder": ({ root }) => mayAppend(join(root, "vault", "planted")),
  "read audit.db": ({ root }) => reads(join(root, "audit", "audit.db")),
  "write audit.db": ({ root }) => mayAppend(join(root, "audit", "audit.db")),
  "read config.json": ({ root }) => reads(join(root, "config.json")),
  "list the data folder": ({ root }) => (readdirSync(root).length > 0 ? REACHED : "empty"),
  "list the states of all roles": ({ root }) =>
    readdirSync(join(root, "state")).length > 0 ? REACHED : "empty",
  "read another agent's workspace": ({ otherWorkspace }) => reads(join(otherWorkspace, "diary.md")),
  "read a file of the home folder": ({ home }) => reads(join(home, ".ssh", "id_ed25519")),
  "write a start-up file": ({ home }) => mayAppend(join(home, ".profile")),
  "read /etc/shadow": () => reads("/etc/shadow"),
  "read memory in /proc": (facts) =>
    onEach(facts, (pid) => {
      closeSync(openSync(`/proc/${pid}/mem`, "r"));
      return REACHED;
    }),
  "read environments in /proc": (facts) => onEach(facts, (pid) => reads(`/proc/${pid}/environ`)),
  "read memory maps in /proc": (facts) => onEach(facts, (pid) => reads(`/proc/${pid}/maps`)),
  "see what descriptors in /proc lead to": (facts) =>
    onEach(facts, (pid) => (readlinkSync(`/proc/${pid}/fd/0`) === "" ? "empty" : REACHED)),
  "enter another's root through /proc": (facts) =>
    onEach(facts, (pid) => reads(`/proc/${pid}/root${facts.root}/vault/vault.db`)),
  "attach with ptrace": (facts) => onEach(facts, (pid) => called((c) => c.call("ptrace", 0x4206, pid, 0, 0))),
  "read memory with process_vm_readv": (facts) => onEach(facts, readsMemory),
  "take a descriptor with pidfd_getfd": (facts) =>
    onEach(facts, (pid) =>
      called((c) => {
        const handle = c.call("pidfd_open", pid, 0);
        return handle.value < 0 ? handle : c.call("pidfd_getfd", handle.value, 0, 0);
      }),
    ),
  "signal a process of ours": (facts) =>
    onEach(facts, (pid) => {
      process.kill(pid, 0);
      return REACHED;
    }),
  "lower a process's limits": (facts) =>
    onEach(facts, (pid) => called((c) => c.call("prlimit64", pid, 7, 0, new Uint8Array(16)))),
  "connect to control.sock": ({ root }) => dialled(join(root, "sockets", "control.sock")),
  "connect to gateway.sock again": ({ root }) => dialled(join(root, "sockets", "gateway.sock")),
  "connect to the keychain's bus": ({ bus }) => dialled(bus),
  "connect to an abstract bus": ({ abstractBus }) => dialledAbstract(abstractBus),
  "run /bin/sh": () => runs(["/bin/sh", "-c", "echo ran"]),
  "run wirken itself": ({ program }) => runs([program, "ran"]),
  "open a TCP connection": (facts) => tcp(facts, LOOPBACK, facts.tcp),
  "reach any host on port 443": (facts) => tcp(facts, ELSEWHERE, 443),
  "reach a metadata address": (facts) => tcp(facts, METADATA, 80),
  "send UDP": ({ udp: port }) => udp(port),
  "open a raw socket": () => called((c) => c.call("socket", 2, 3, 1)),
  "open a packet socket": () => called((c) => c.call("socket", 17, 3, 0)),
  "open a vsock": () => called((c) => c.call("socket", 40, 1, 0)),
  "open an AF_ALG socket": () => called((c) => c.call("socket", 38, 5, 0)),
  // A process with threads is told EINVAL where nothing else stands in the way: a program with one thread would get it.
  "make a user namespace": () => called((c) => c.call("unshare", 0x10000000)).replace(`E${EINVAL}`, REACHED),
  "mount over its own folder": ({ own }) =>
    called((c) => {
      const mounted = c.call("mount", cString("none"), cString(own), cString("tmpfs"), 0, 0);
      if (mounted.value === 0) c.call("umount2", cString(own), 2);
      return mounted;
    }),
  "change the root folder": () => called((c) => c.call("chroot", cString("/"))),
  "use bpf": () => called((c) => c.call("bpf", 0, new Uint8Array(Uint32Array.of(2, 4, 4, 1).buffer), 16)),
  "use io_uring": () => called((c) => c.call("io_uring_setup", 1, new Uint8Array(120))),
  "use kernel keys": () => called((c) => c.call("keyctl", 0, -3, 0)),
  "use perf events": () =>
    called((c) =>
      c.call(
        "perf_event_open",
        new Uint8Array(Uint32Array.of(1, 64, 0, 0, ...Array(12).fill(0)).buffer),
        0,
        -1,
        -1,
        0,
      ),
    ),
  "raise its limit on core dumps": () =>
    called((c) => c.call("prlimit64", 0, RLIMIT_CORE, new BigUint64Array([1n, 1n]), 0)),
  "gain rights by a set-user-ID program": () => {
    const status = readFileSync("/proc/self/status", "utf8");
    return status.includes("NoNewPrivs:\t1") ? "no_new_privs" : REACHED;
  },
  "keep a capability": () => {
    const held = /CapEff:\s*([0-9a-f]+)/.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? "0";
    return BigInt(`0x${held}`) === 0n ? "none" : REACHED;
  },
  "leave a core dump": () =>
    /core file size\s+0\s+0/.test(readFileSync("/proc/self/limits", "utf8")) ? "limit 0" : REACHED,
} as const satisfies Record<string, Attack>;
export type AttackName = keyof typeof ATTACKS;

/** Runs every attack. Resolves to a word for each. */
export async function attackAll(facts: Facts): Promise<Record<string, string>> {
  const outcomes: Record<string, string> = {};
  for (const [name, attack] of Object.entries<Attack>(ATTACKS)) {
    try {
      outcomes[name] = await attack(facts);
    } catch (error) {
      outcomes[name] = codeOf(error);
    }
  }
  return outcomes;
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return "error";
  return "code" in error && typeof error.code === "string" ? error.code : error.message.slice(0, 80);
}
