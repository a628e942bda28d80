/**
 * The compiled executable with one channel: a home under a passphrase, `wirken run` while it runs, and what the program
 * says of itself, as an operator sees it. A platform's lab adds its server and its people.
 */
import { connectControl } from "#cli/client.ts";
import { dataPaths } from "#host/paths.ts";
import { type Home, type Running, freshHome, startWirken, wirken } from "./binary.ts";

interface Role {
  readonly role: string;
  readonly peerId: string;
  readonly pid: number;
  readonly state: string;
  readonly pssBytes: number;
}

export interface Row {
  readonly kind: string;
  readonly session: string;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly content?: Readonly<Record<string, unknown>>;
}

/** One world: a home, a platform's server, and `wirken run` while it runs. Disposing ends all. */
export class ChannelLab implements AsyncDisposable {
  readonly home: Home;
  readonly #instance: string;
  readonly #server: Pick<Bun.Server<undefined>, "stop">;
  #running: Running | undefined;

  /** @param instance the channel's adapter; @param server the platform's, stopped at the end */
  constructor(
    instance: string,
    server: Pick<Bun.Server<undefined>, "stop">,
    env: Record<string, string> = {},
  ) {
    this.home = freshHome({ WIRKEN_VAULT_PASSPHRASE: "a passphrase for tests", ...env });
    this.#instance = instance;
    this.#server = server;
  }

  get running(): Running {
    if (this.#running === undefined) throw new Error("wirken does not run");
    return this.#running;
  }

  async run(): Promise<void> {
    this.#running = await startWirken(this.home);
  }

  /** Stops in order; answers the exit code and how long it took, in milliseconds. */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<{ code: number; tookMs: number }> {
    const begun = performance.now();
    const code = await this.running.stop(signal);
    this.#running = undefined;
    return { code, tookMs: performance.now() - begun };
  }

  /** Runs a command that must succeed; answers what it printed. */
  async ok(...words: string[]): Promise<string> {
    const ran = await wirken(this.home, words);
    if (ran.code !== 0) throw new Error(`wirken ${words.join(" ")}: ${ran.code}\n${ran.stdout}${ran.stderr}`);
    return ran.stdout;
  }

  async json<T>(...words: string[]): Promise<T> {
    const value: T = JSON.parse(await this.ok(...words, "--json"));
    return value;
  }

  /** Waits until `find` gives something. */
  async until<T>(
    find: () => T | undefined | false | Promise<T | undefined | false>,
    what: string | (() => string),
  ): Promise<T> {
    const end = performance.now() + 20_000;
    for (;;) {
      const found = await find();
      if (found !== undefined && found !== false) return found;
      if (performance.now() > end)
        throw new Error(
          `not within 20 s: ${typeof what === "string" ? what : what()}\n${this.#running?.stderr() ?? ""}`,
        );
      await Bun.sleep(15);
    }
  }

  async roles(): Promise<readonly Role[]> {
    return (await this.json<{ roles: readonly Role[] }>("status")).roles;
  }

  /** The process of a role; `undefined` while none runs. */
  async pidOf(peerId: string): Promise<number | undefined> {
    const pid = (await this.roles()).find((role) => role.peerId === peerId)?.pid ?? 0;
    return pid === 0 ? undefined : pid; // 0 would name the test's own processes
  }

  /** Kills the process of a role; resolves when another runs. */
  async kill(peerId: string): Promise<void> {
    const pid = await this.until(() => this.pidOf(peerId), `${peerId} to run`);
    process.kill(pid, "SIGKILL");
    const isAnother = async (): Promise<boolean> => {
      const next = await this.pidOf(peerId).catch(() => pid); // a gateway that is gone answers nothing
      return next !== pid;
    };
    await this.until(isAnother, `${peerId} to be gone`);
    await this.hurry(this.#instance);
    await this.until(() => this.pidOf(peerId), `another ${peerId}`);
  }

  /** Cuts the keeper's growing wait short, which many deaths in a minute make long. */
  async hurry(role: string): Promise<void> {
    const client = await connectControl(dataPaths(this.home.data).controlSocket);
    if (!client.ok) return;
    using connection = client.value;
    await connection.call("restart", { role });
  }

  async rows(...words: string[]): Promise<readonly Row[]> {
    return await this.json<readonly Row[]>("audit", "log", "--limit", "100000", ...words);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#running !== undefined) await this.stop("SIGTERM");
    await this.#server.stop(true);
    this.home[Symbol.dispose]();
  }
}
