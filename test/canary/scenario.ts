/**
 * A lab with a canary in every scope, driven through what a person does and what goes wrong; everything that came out
 * of it by any way is kept as evidence, place by place.
 */
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FullLab, kill } from "../support/full-lab.ts";
import { type ModelFake, modelFake } from "../support/model-fake.ts";
import { pageKey, post } from "../support/page-client.ts";
import { SocketTap } from "../support/socket-tap.ts";
import { FILE_WORD, PASSPHRASE, PROVIDER_KEY, SAID_WORD } from "./secrets.ts";

export interface Evidence {
  readonly place: string;
  readonly bytes: Uint8Array | string;
}

const BYTES_MAX = 64 * 1_048_576;
const COMMANDS = [
  ["status"],
  ["status", "--json"],
  ["doctor"],
  ["doctor", "--json"],
  ["audit", "log", "--json"],
  ["audit", "verify", "--json"],
  ["session", "list", "--json"],
  ["credentials", "list", "--json"],
  ["vault", "status", "--json"],
  ["channel", "list", "--json"],
  ["permissions", "list", "--json"],
  ["agents", "show", "default", "--json"],
  ["credentials", "add", "openai", "--key", PROVIDER_KEY],
] as const;

/** Roles that speak over the gateway's socket. */
const PEERS = ["signer", "console", "webchat", "telegram"] as const;
/** Files of the workspace that a canary was put into. */
export const PLACED = [
  { file: "unread.txt", canary: "file", text: FILE_WORD },
  { file: "quoted.txt", canary: "provider key", text: `the key is ${PROVIDER_KEY}\n` },
] as const;

export class Scenario implements AsyncDisposable {
  readonly lab: FullLab;
  readonly evidence: Evidence[] = [];
  /** A second endpoint, to which the key is not bound. */
  readonly other: ModelFake;
  /** What was said over the program's sockets, once `play` began. */
  readonly taps: SocketTap[] = [];
  readonly #before: ReadonlySet<string>;

  private constructor(lab: FullLab, before: ReadonlySet<string>) {
    this.lab = lab;
    this.#before = before;
    this.other = modelFake();
  }

  static async open(): Promise<Scenario> {
    const before = new Set(readdirSync(tmpdir()));
    const lab = await FullLab.open({ passphrase: PASSPHRASE, providerKey: PROVIDER_KEY });
    return new Scenario(lab, before);
  }

  /** Walks the whole way once. */
  async play(): Promise<void> {
    const { lab } = this;
    const workspace = join(lab.home.data, "agents", "default", "workspace");
    mkdirSync(workspace, { recursive: true });
    for (const { file, text } of PLACED) writeFileSync(join(workspace, file), text);
    writeFileSync(join(workspace, "notes.txt"), "nothing secret");
    await this.#tap();
    this.#lookAtProcesses();
    await this.#turn(`hello ${SAID_WORD}`);
    await this.#turn("read notes.txt");
    await this.#turn("do canary", () => lab.approveAll());
    await this.#turn("quote words");
    await this.#turn("quote call", () => lab.approveAll());
    await this.#turn("read quoted.txt");
    await this.#turn("hello after all that");
    this.#lookAtProcesses();
    await this.#errors();
    for (const words of COMMANDS) await lab.wirken(words);
    await this.#pages();
    await this.#elsewhere();
    this.#lookAtProcesses();
  }

  /** Rows of a kind, from the record. */
  async rows(kind: string): Promise<readonly { readonly payload: Readonly<Record<string, unknown>> }[]> {
    const { stdout } = await this.lab.wirken(["audit", "log", "--json", "--kind", kind]);
    return JSON.parse(stdout);
  }

  /** What lies on disks and what the fakes received. To be called while everything still runs, and after its end. */
  collect(): void {
    const { lab } = this;
    for (const file of filesUnder(lab.home.data))
      this.#add(file.replace(lab.home.folder, "~"), readFileSync(file));
    for (const name of readdirSync(tmpdir())) {
      const path = join(tmpdir(), name);
      if (this.#before.has(name) || path === lab.home.folder) continue;
      for (const file of filesUnder(path)) this.#add(file, readFileSync(file));
    }
    for (const { name, heard } of this.taps)
      heard.forEach(({ from, pieces }, i) =>
        this.#add(`frames on ${name}, ${from} ${i}`, Buffer.concat(pieces)),
      );
    this.#add("what the program printed", lab.printed.join(""));
    this.#add("model requests, bodies", lab.model.seen.map(({ body }) => body).join("\n"));
    this.#add(
      "model requests, other headers",
      lab.model.seen.map(({ headers }) => withoutKey(headers)).join("\n"),
    );
    this.#add("the other endpoint", JSON.stringify(this.other.seen));
    this.#add("messages on Telegram", JSON.stringify([lab.api.sent, lab.api.actions]));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const tap of this.taps) tap[Symbol.dispose]();
    await this.lab[Symbol.asyncDispose]();
    this.other[Symbol.dispose]();
  }

  #add(place: string, bytes: Uint8Array | string): void {
    this.evidence.push({ place, bytes });
  }

  /** Moves both sockets behind a tap, and has every role start again, so that each speaks through it. */
  async #tap(): Promise<void> {
    const { lab } = this;
    for (const name of ["gateway.sock", "control.sock"])
      this.taps.push(await SocketTap.on(join(lab.home.data, "sockets", name)));
    for (const role of PEERS) {
      const pid = await lab.pidOf(role);
      kill(pid);
      await lab.until(`another ${role}`, async () => ![pid, 0].includes(await lab.pidOf(role)));
    }
    await lab.settled();
  }

  /** Says something and waits until something new was answered. */
  async #turn(text: string, meanwhile: () => Promise<unknown> = () => Promise.resolve()): Promise<void> {
    const { lab } = this;
    const ended = (): number => lab.api.sent.filter(({ buttons }) => buttons.length === 0).length;
    const before = ended();
    lab.say(text);
    await lab.until(`an answer to "${text}"`, async () => {
      await meanwhile();
      return ended() > before && lab.api.unconfirmed === 0;
    });
  }

  /** Says something and waits until the person is told that the key does not go there. */
  async #refused(text: string): Promise<void> {
    const { lab } = this;
    const told = (): number => lab.api.sent.filter((sent) => sent.text.includes("was not stored for")).length;
    const before = told();
    lab.say(text);
    await lab.until(`a refusal of "${text}"`, () => told() > before && lab.api.unconfirmed === 0);
  }

  /** A provider that refuses and quotes the key, one that breaks off with it, none at all; a bot server that does so. */
  async #errors(): Promise<void> {
    const { lab } = this;
    for (const kind of ["status 401", "status 400", "in the stream", "html"] as const) {
      lab.model.trouble = { kind, text: `Incorrect API key provided: ${PROVIDER_KEY}` };
      await this.#turn("hello again");
    }
    lab.model.trouble = undefined;
    const body = JSON.stringify({ ok: false, error_code: 400, description: `no such bot: ${lab.token}` });
    lab.api.fail("sendMessage", { kind: "answer", status: 400, body });
    await this.#turn("hello once more");
    lab.api.fail("sendMessage", { kind: "cut" });
    lab.say("and again");
    lab.say("and the last");
    await lab.until("the bot's messages", () => lab.api.unconfirmed === 0);
  }

  /** Both pages, as a logged-in browser reads them. */
  async #pages(): Promise<void> {
    const paths = {
      chat: ["/api/state", "/api/conversations", "/api/history", "/api/record", "/api/verify"],
      console: ["/api/state", "/api/approvals", "/api/timeline", "/api/verify", "/api/row", "/api/raw"],
    } as const;
    for (const page of ["chat", "console"] as const) {
      const { link } = await this.lab.control("open", { page });
      const url = new URL(link).origin;
      const token = new URLSearchParams(new URL(link).hash.slice(1)).get("t") ?? "";
      for (const path of ["/", "/nothing"])
        this.#add(`${page} ${path}`, await (await fetch(url + path)).text());
      const sign = await pageKey({ url, gateway: { mint: () => token } });
      for (const path of paths[page]) {
        for (const body of ["{}", '{"conversation":"x"}', '{"id":33}', '{"row":33}']) {
          const answer = await post({ url }, path, body, await sign("POST", path, body));
          this.#add(`${page} ${path}`, await answer.text());
        }
      }
    }
  }

  /** Another endpoint is configured without a key of its own: the stored one must not go there. */
  async #elsewhere(): Promise<void> {
    const words = ["setup", "--non-interactive", "--provider", "openai", "--model", "script", "--no-test"];
    await this.lab.wirken([...words, "--base-url", this.other.url]);
    await this.#refused("hello over there");
    await this.lab.wirken([...words, "--base-url", this.lab.model.url]);
    await this.lab.settled();
  }

  /** The same by hand: the program is down while somebody writes another endpoint into its configuration. */
  async rewriteConfiguration(): Promise<void> {
    const { lab, other } = this;
    await lab.stop();
    const path = join(lab.home.data, "config.json");
    const config = readFileSync(path, "utf8");
    writeFileSync(path, config.replaceAll(lab.model.url, other.url));
    await lab.start();
    await this.#refused("hello under another address");
  }

  #lookAtProcesses(): void {
    for (const { pid, words } of this.lab.processes()) {
      if (pid === process.pid) continue;
      const role = words.slice(1).join(" ");
      for (const name of ["cmdline", "environ"]) {
        const path = `/proc/${pid}/${name}`;
        if (existsSync(path)) this.#add(`${name} of ${role}`, readFileSync(path));
      }
    }
  }
}

function withoutKey(headers: Readonly<Record<string, string>>): string {
  const { authorization = "", ...rest } = headers;
  return JSON.stringify(rest) + authorization.replace(`Bearer ${PROVIDER_KEY}`, "");
}

/** Regular files below `path`, or itself; what vanishes meanwhile and what is huge is passed over. */
function filesUnder(path: string): readonly string[] {
  const facts = statSync(path, { throwIfNoEntry: false });
  if (facts === undefined) return [];
  if (facts.isFile()) return facts.size <= BYTES_MAX && facts.uid === process.getuid?.() ? [path] : [];
  if (!facts.isDirectory()) return [];
  try {
    return readdirSync(path).flatMap((name) => filesUnder(join(path, name)));
  } catch {
    return [];
  }
}
