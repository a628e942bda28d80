/**
 * Memory of each role of the compiled program, idle after its start, with nine Telegram bots that poll an endpoint of
 * ours: RSS and PSS from /proc/<pid>/smaps_rollup, in MiB.
 */
import { existsSync } from "node:fs";
import { type Home, freshHome, startWirken, wirken } from "#test/support/binary.ts";
import { memoryOf } from "#host/memory.ts";
import { type BenchOptions, type Figure, notMeasured } from "./figure.ts";

const BOTS = 9;
const MEBIBYTE = 2 ** 20;
const POLL_MS = 20_000;
const SETTLE_MS = 3_000;
const START_TRIES = 60;
const PASSPHRASE = { WIRKEN_VAULT_PASSPHRASE: "a passphrase for the bench alone" } as const;

interface Seen {
  readonly role: string;
  readonly peerId: string;
  readonly rss: number;
  /** Absent where only the process itself may look. */
  readonly pss: number | undefined;
}

/** One figure a role, the median Telegram adapter, and all together. */
export async function memory(options: BenchOptions): Promise<readonly Figure[]> {
  if (process.platform !== "linux") return [notMeasured("memory.pss", "MiB", "there is no /proc")];
  if (!existsSync(options.binary)) return [notMeasured("memory.pss", "MiB", "dist/wirken is missing")];
  const platform = pollEndpoint();
  using home = freshHome(PASSPHRASE);
  try {
    await addBots(home, platform.base);
    await using running = await startWirken(home);
    const seen = await settled(home, running.pid);
    return figuresOf(seen);
  } finally {
    await platform.stop();
  }
}

function figuresOf(seen: readonly Seen[]): readonly Figure[] {
  const bots = seen.filter(({ peerId }) => peerId.startsWith("telegram"));
  const others = seen.filter((one) => !bots.includes(one));
  const middle = bots.toSorted((a, b) => (a.pss ?? a.rss) - (b.pss ?? b.rss))[Math.floor(bots.length / 2)];
  const adapters = middle === undefined ? [] : [{ ...middle, peerId: "telegram" }];
  const each = [...others, ...adapters].map((one): Figure => {
    const isBot = adapters.some((adapter) => adapter === one);
    return {
      name: `memory.pss.${one.peerId === "" ? one.role : one.peerId}`,
      value: one.pss ?? null,
      unit: "MiB",
      ...(isBot ? { aim: { of: "value", bound: "at_most", at: 12 } as const } : {}),
      note: `RSS ${one.rss.toFixed(1)} MiB${isBot ? `, the middle one of ${String(bots.length)}` : ""}`,
    };
  });
  const whole = seen.every(({ pss }) => pss !== undefined);
  const total: Figure = {
    name: "memory.pss.all",
    value: whole ? seen.reduce((sum, { pss = 0 }) => sum + pss, 0) : null,
    unit: "MiB",
    aim: { of: "value", bound: "at_most", at: 160 },
    note: `${String(seen.length)} processes`,
  };
  return [...each, total];
}

async function addBots(home: Home, base: string): Promise<void> {
  for (let bot = 0; bot < BOTS; bot++) {
    const words = ["channel", "add", `telegram:bot-${String(bot)}`, "--token-stdin", "--api-base", base];
    const token = `${String(100_000 + bot)}:a-token-of-the-bench-that-opens-nothing-${String(bot)}`;
    const added = await wirken(home, words, { stdin: token });
    if (added.code !== 0) throw new Error(`bench: a bot could not be added: ${added.stderr}`);
  }
}

/** Reads once every role runs and has been left alone for a moment. */
async function settled(home: Home, keeper: number): Promise<readonly Seen[]> {
  for (let tries = 0; tries < START_TRIES; tries++) {
    const asked = await wirken(home, ["status", "--json"]);
    const status: { roles: { role: string; peerId: string; pid: number; state: string }[] } | undefined =
      asked.code === 0 ? JSON.parse(asked.stdout) : undefined;
    const roles = status?.roles ?? [];
    const bots = roles.filter(({ peerId }) => peerId.startsWith("telegram"));
    if (bots.length === BOTS && roles.every(({ state }) => state === "running")) {
      await Bun.sleep(SETTLE_MS);
      const all = roles.some(({ pid }) => pid === keeper)
        ? roles
        : [{ role: "keeper", peerId: "", pid: keeper }, ...roles];
      return all.map(seenOf);
    }
    await Bun.sleep(200);
  }
  throw new Error("bench: the roles did not come up");
}

function seenOf({ role, peerId, pid }: { role: string; peerId: string; pid: number }): Seen {
  const use = memoryOf(pid);
  const pss = use?.pssBytes;
  return {
    role,
    peerId,
    rss: (use?.rssBytes ?? 0) / MEBIBYTE,
    pss: pss === undefined ? undefined : pss / MEBIBYTE,
  };
}

/** A Bot API on which nothing ever happens: polls are held open. */
function pollEndpoint() {
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    idleTimeout: 0,
    fetch: async (request) => {
      const method = new URL(request.url).pathname.split("/").at(-1)?.toLowerCase();
      if (method === "getupdates") await Bun.sleep(POLL_MS);
      const bot = { id: 100_000, is_bot: true, first_name: "Bench", username: "bench_bot" };
      const results: Readonly<Record<string, unknown>> = {
        getme: bot,
        getupdates: [],
        getwebhookinfo: { url: "" },
      };
      return Response.json({ ok: true, result: results[method ?? ""] ?? true });
    },
  });
  return { base: `http://127.0.0.1:${String(server.port)}`, stop: () => server.stop(true) };
}
