/**
 * The compiled program with everything attached: a home under a passphrase, a model on loopback, a Telegram bot on the
 * strict fake, its owner paired. The program is a copy of its own, so that its processes can be told from all others.
 */
import {
  constants,
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  readdirSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { rmSync } from "node:fs";
import { connectControl } from "#cli/client.ts";
import type { ControlMethod, ControlParams } from "#contracts/control.ts";
import type { ControlResults } from "#contracts/control-results.ts";
import { systemClock } from "#runtime/clock.ts";
import { BINARY, type Home, type Ran, freePort } from "./binary.ts";
import { type ModelFake, modelFake } from "./model-fake.ts";
import { BotApiFake, FAKE_TOKEN } from "./telegram-fake/bot-api.ts";

export const OWNER = { id: 42, is_bot: false, first_name: "Ana" } as const;
const CHAT = { id: 42, type: "private", first_name: "Ana" } as const;
const ROLES = ["gateway", "signer", "console", "webchat", "telegram"] as const;
export type RoleName = (typeof ROLES)[number] | "keeper";

export interface LabOptions {
  readonly passphrase: string;
  readonly providerKey: string;
}

/** A process of the lab's program. */
export interface LabProcess {
  readonly pid: number;
  readonly parent: number;
  readonly words: readonly string[];
}

export class FullLab implements AsyncDisposable {
  readonly model: ModelFake;
  readonly api: BotApiFake;
  readonly home: Home;
  /** The bot's token. */
  readonly token: string = FAKE_TOKEN;
  /** Everything that any of our runs of the program printed. */
  readonly printed: string[] = [];
  readonly #binary: string;
  readonly #server: Bun.Server<undefined>;
  #keeper: Bun.Subprocess | undefined;

  private constructor(options: LabOptions) {
    const folder = mkdtempSync(join(tmpdir(), "wk-"));
    this.#binary = join(folder, "wirken");
    copyFileSync(BINARY, this.#binary, constants.COPYFILE_FICLONE);
    this.model = modelFake();
    this.api = new BotApiFake(systemClock);
    this.#server = this.api.serve();
    this.home = {
      folder,
      data: join(folder, ".wirken"),
      env: {
        HOME: folder,
        PATH: "/usr/local/bin:/usr/bin:/bin",
        WIRKEN_WEBCHAT_PORT: String(freePort()),
        WIRKEN_CONSOLE_PORT: String(freePort()),
        WIRKEN_VAULT_PASSPHRASE: options.passphrase,
      },
      [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
    };
  }

  /** Configures, starts and pairs. */
  static async open(options: LabOptions): Promise<FullLab> {
    const lab = new FullLab(options);
    const { url } = lab.model;
    await lab.#must(
      [
        "setup",
        "--non-interactive",
        "--provider",
        "openai",
        "--model",
        "script",
        "--base-url",
        url,
        "--key-stdin",
      ],
      options.providerKey,
    );
    const base = new URL(lab.#server.url).origin;
    await lab.#must(["channel", "add", "telegram", "--token-stdin", "--api-base", base], FAKE_TOKEN);
    await lab.start();
    const { code } = await lab.control("channel_pair", { instance: "telegram", upTo: 2 });
    lab.say(`/pair ${code}`);
    await lab.until("the pairing", () => lab.api.sent.length > 0);
    return lab;
  }

  get keeperPid(): number {
    return this.#keeper?.pid ?? 0;
  }

  /** Starts `wirken run` and waits until every role is up and the bot polls. */
  async start(): Promise<void> {
    const child = Bun.spawn([this.#binary, "run", "--no-open"], {
      cwd: this.home.folder,
      env: this.home.env,
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
    this.#keeper = child;
    void this.#collect(child.stdout);
    void this.#collect(child.stderr);
    await this.settled();
  }

  /** Sends a signal to the keeper and waits for its end. */
  async stop(name: NodeJS.Signals = "SIGTERM"): Promise<void> {
    this.#keeper?.kill(name);
    await this.#keeper?.exited;
    this.#keeper = undefined;
  }

  /** Waits until every role runs and the bot is connected. */
  async settled(): Promise<void> {
    await this.until("every role", async () => {
      if (this.#keeper?.exitCode !== null) throw new Error(`wirken run ended: ${this.printed.join("")}`);
      const [status, channels] = [await this.#ask("status", {}), await this.#ask("channels_list", {})];
      const running = status?.roles.filter(({ state, pid }) => state === "running" && pid > 0) ?? [];
      return (
        running.length >= ROLES.length &&
        channels?.find(({ instance }) => instance === "telegram")?.connected === true
      );
    });
  }

  /** The pid of a role that runs, by what the gateway says of it. */
  async pidOf(role: RoleName): Promise<number> {
    if (role === "keeper") return this.keeperPid;
    const status = await this.control("status", {});
    return status.roles.find((one) => one.role === role || one.peerId === role)?.pid ?? 0;
  }

  /** A message of the owner. Returns its update's number. */
  say(text: string): number {
    const date = Math.floor(Date.now() / 1_000);
    const message_id = this.api.messageId();
    return this.api.push({ message: { message_id, date, from: OWNER, chat: CHAT, text } });
  }

  async control<M extends ControlMethod>(method: M, params: ControlParams<M>): Promise<ControlResults[M]> {
    const answer = await this.#ask(method, params);
    if (answer === undefined) throw new Error(`${method} was not answered`);
    return answer;
  }

  /** Approves whatever waits; the number of approvals. */
  async approveAll(): Promise<number> {
    let given = 0;
    for (const { approvalId } of (await this.#ask("permissions_pending", {})) ?? []) {
      const answer = await this.#ask("permissions_approve", { approvalId, remember: false });
      if (answer !== undefined) given += 1;
    }
    return given;
  }

  /** Runs a command of the program to its end. */
  async wirken(words: readonly string[], stdin = ""): Promise<Ran> {
    const child = Bun.spawn([this.#binary, ...words], {
      cwd: this.home.folder,
      env: this.home.env,
      stdin: new TextEncoder().encode(stdin),
      stdout: "pipe",
      stderr: "pipe",
    });
    const [stdout, stderr, code] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
      child.exited,
    ]);
    this.printed.push(stdout, stderr);
    return { code, stdout, stderr };
  }

  /** Every living process that runs our copy of the program, or works in our workspaces. */
  processes(): readonly LabProcess[] {
    return readdirSync("/proc").flatMap((name) => {
      if (!/^\d+$/.test(name)) return [];
      const mine = [linkOf(name, "exe"), linkOf(name, "cwd")].some((path) =>
        path.startsWith(this.home.folder),
      );
      return mine ? (processOf(Number(name)) ?? []) : [];
    });
  }

  /** Waits up to `seconds` for something. */
  async until(what: string, done: () => boolean | Promise<boolean>, seconds = 30): Promise<void> {
    const end = performance.now() + seconds * 1_000;
    while (!(await done())) {
      if (performance.now() > end)
        throw new Error(`waited ${seconds} s for ${what}\n${this.printed.join("")}`);
      await Bun.sleep(15);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    for (const { pid } of this.processes()) if (pid !== process.pid) kill(pid);
    this.model[Symbol.dispose]();
    await this.#server.stop(true);
    this.home[Symbol.dispose]();
  }

  async #must(words: readonly string[], stdin: string): Promise<void> {
    const ran = await this.wirken(words, stdin);
    if (ran.code !== 0) throw new Error(`wirken ${words.join(" ")} ended with ${ran.code}: ${ran.stderr}`);
  }

  async #ask<M extends ControlMethod>(
    method: M,
    params: ControlParams<M>,
  ): Promise<ControlResults[M] | undefined> {
    const path = join(this.home.data, "sockets", "control.sock");
    if (!existsSync(path)) return undefined;
    const client = await connectControl(path);
    if (!client.ok) return undefined;
    using connection = client.value;
    const answer = await connection.call(method, params);
    return answer.ok ? answer.value : undefined;
  }

  async #collect(stream: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    for await (const part of stream) this.printed.push(decoder.decode(part, { stream: true }));
  }
}

/** SIGKILL; nothing when the process is gone. */
export function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    return;
  }
}

function linkOf(pid: string, name: string): string {
  try {
    return readlinkSync(`/proc/${pid}/${name}`);
  } catch {
    return "";
  }
}

function processOf(pid: number): LabProcess | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const [state = "", parent = "0"] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (state === "Z" || state === "X") return undefined;
    const words = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
    return { pid, parent: Number(parent), words };
  } catch {
    return undefined;
  }
}
