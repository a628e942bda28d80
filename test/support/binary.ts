/** The compiled executable under test: where it lies, and how to run it in a home of its own. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "../source-files.ts";

/** `WIRKEN_TEST_BINARY` names another build to test. */
export const BINARY =
  process.env["WIRKEN_TEST_BINARY"] ??
  join(ROOT, "dist", process.platform === "win32" ? "wirken.exe" : "wirken");

/** A home folder of its own with two free ports. Disposing removes it. */
export interface Home extends Disposable {
  readonly folder: string;
  readonly data: string;
  readonly env: Record<string, string>;
}

/** Makes a fresh home. The path stays short: a socket's path may be 107 bytes long at most. */
export function freshHome(extra: Record<string, string> = {}): Home {
  if (!existsSync(BINARY)) throw new Error("dist/wirken is missing: run `npm run build`");
  const folder = mkdtempSync(join(tmpdir(), "wk-"));
  const data = join(folder, ".wirken");
  return {
    folder,
    data,
    env: {
      HOME: folder,
      PATH: "/usr/local/bin:/usr/bin:/bin",
      WIRKEN_WEBCHAT_PORT: String(freePort()),
      WIRKEN_CONSOLE_PORT: String(freePort()),
      ...extra,
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** A port that was free a moment ago. */
export function freePort(): number {
  const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response() });
  const port = server.port ?? 0;
  void server.stop(true);
  return port;
}

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the executable to its end. */
export async function wirken(
  home: Home,
  words: readonly string[],
  options: { stdin?: string; cwd?: string; env?: Record<string, string> } = {},
): Promise<Ran> {
  const child = Bun.spawn([BINARY, ...words], {
    cwd: options.cwd ?? home.folder,
    env: { ...home.env, ...options.env },
    stdin: options.stdin === undefined ? "ignore" : new TextEncoder().encode(options.stdin),
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { code, stdout, stderr };
}

/** `wirken run`, up and answering. Disposing stops it in order. */
export interface Running extends AsyncDisposable {
  readonly pid: number;
  readonly stderr: () => string;
  readonly stdout: () => string;
  /** Sends a signal to the keeper and resolves to its exit code. */
  stop(signal?: NodeJS.Signals): Promise<number>;
}

/** Starts `wirken run` in `home` and waits until `wirken status` answers. */
export async function startWirken(
  home: Home,
  words: readonly string[] = ["--no-open"],
  before: readonly string[] = [],
): Promise<Running> {
  const child = Bun.spawn([...before, BINARY, "run", ...words], {
    cwd: home.folder,
    env: home.env,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)];
  const stop = async (signal: NodeJS.Signals = "SIGTERM"): Promise<number> => {
    child.kill(signal);
    return await child.exited;
  };
  for (let attempt = 0; attempt < 100; attempt++) {
    if (child.exitCode !== null)
      throw new Error(`wirken run ended with ${String(child.exitCode)}: ${stderr()}`);
    const status = await wirken(home, ["status", "--json"]);
    if (status.code === 0) {
      return { pid: child.pid, stdout, stderr, stop, [Symbol.asyncDispose]: async () => void (await stop()) };
    }
    await Bun.sleep(100);
  }
  child.kill("SIGKILL");
  throw new Error(`wirken run did not answer within 10 s: ${stderr()}`);
}

function collect(stream: ReadableStream<Uint8Array>): () => string {
  let text = "";
  void (async () => {
    const decoder = new TextDecoder();
    for await (const part of stream) text += decoder.decode(part, { stream: true });
  })();
  return () => text;
}
