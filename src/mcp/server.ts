/**
 * One server of mcp.json: kept connected with a growing wait between attempts, its tools known, its calls queued.
 * Whatever it does (never answers, ends at any step, floods) stays inside this object: others do not notice.
 */
import { type Fault, fail } from "#contracts/fault.ts";
import { isJsonObject } from "#contracts/json.ts";
import { LIMITS } from "#contracts/limits.ts";
import type { McpEntry } from "#contracts/mcp-config.ts";
import type { McpAnswer, McpCall, McpServerView, McpState } from "#contracts/mcp.ts";
import { type Result, err, ok } from "#contracts/result.ts";
import { type Backoff, backoff } from "#runtime/backoff.ts";
import type { Clock } from "#runtime/clock.ts";
import type { Random } from "#runtime/random.ts";
import { CallQueue } from "./call-queue.ts";
import { CallWatch } from "./call-watch.ts";
import { answerOfError } from "./call-errors.ts";
import type { Connected, Connector } from "./connector.ts";
import type { AskPerson } from "./elicitation.ts";
import { refused } from "./result-text.ts";
import type { Greeting } from "./session.ts";
import { type ToolList, definitionHash, toolList } from "./tool-list.ts";

/** A call that waits or runs; `watch` once it runs. */
interface RunningCall {
  readonly stop: AbortController;
  late: boolean;
  watch: CallWatch | undefined;
}

export interface ServerPorts {
  readonly connector: Connector;
  readonly clock: Clock;
  readonly random: Random;
  /** Takes the credentials that servers were given out of what they say. */
  readonly scrub: (text: string) => string;
  /** Called after every change of the view. */
  readonly onChange: (view: McpServerView) => void;
  readonly onProgress: (call: string, line: string) => void;
  /** Asks a person within a call. */
  readonly askPerson: (call: string, ...question: Parameters<AskPerson>) => Promise<boolean>;
}

const EMPTY: ToolList = { tools: [], left: [] };
const NOBODY: Greeting = { title: "", protocol: "", resources: false, prompts: false };
/** A server that says that its list changed again and again is read once in this time. */
const LIST_PAUSE_MS = 1_000;
const STEADY: readonly McpState[] = ["ready", "waiting", "login", "refused", "off"];

export class McpServer {
  readonly name: string;
  readonly #entry: McpEntry;
  readonly #ports: ServerPorts;
  readonly #queue: CallQueue;
  readonly #calls = new Map<string, RunningCall>();
  readonly #wait: Backoff;
  #connected: Connected | undefined;
  #hurry = new AbortController();
  #settled = Promise.withResolvers<void>();
  #state: McpState = "starting";
  #fault: Fault | undefined;
  #list: ToolList = EMPTY;
  #greeting = NOBODY;
  /** Why we closed a connection that was of no more use. */
  #lost: Fault | undefined;
  #starts = 0;
  #listDue = false;

  constructor(name: string, entry: McpEntry, ports: ServerPorts) {
    this.name = name;
    this.#entry = entry;
    this.#ports = ports;
    this.#queue = new CallQueue(entry.limits);
    this.#wait = backoff(ports.random, LIMITS.restart_ms_min, LIMITS.restart_ms_max);
  }

  /** Keeps the server connected until `stop` aborts. */
  async run(stop: AbortSignal): Promise<void> {
    const { clock } = this.#ports;
    if (this.#entry.disabled) this.#become("off");
    while (!stop.aborted) {
      this.#hurry = new AbortController();
      const pause = AbortSignal.any([stop, this.#hurry.signal]);
      if (this.#state === "off") await forever(stop);
      else if (!(await this.#once(stop)) && !stop.aborted) {
        // What only a person can mend is not tried again before one asks for it.
        if (this.#state === "waiting") await clock.sleep(this.#wait.next(), pause).catch(() => undefined);
        else await forever(pause);
      }
    }
  }

  view(): McpServerView {
    const { agents } = this.#entry;
    return {
      server: this.name,
      transport: this.#ports.connector.transport,
      state: this.#state,
      code: this.#fault?.reason ?? this.#fault?.code ?? "",
      detail: this.#fault?.message ?? "",
      ...this.#greeting,
      title: this.#greeting.title.slice(0, 256),
      network: this.#ports.connector.network,
      pid: this.#connected?.pid ?? 0,
      starts: this.#starts,
      ...this.#list,
      readOnlyTools: this.#entry.readOnlyTools,
      ...(agents === undefined ? {} : { agents }),
    };
  }

  /** Performs a call, in its turn. Total: whatever goes wrong is an answer. */
  async call(call: McpCall): Promise<McpAnswer> {
    const running: RunningCall = { stop: new AbortController(), late: false, watch: undefined };
    this.#calls.set(call.call, running);
    try {
      const done = await this.#queue.run(running.stop.signal, () => this.#perform(call, running));
      if (done.ok) return { ...done.value, text: this.#ports.scrub(done.value.text) };
      return done.error === "busy"
        ? refused("busy", "too many calls of this server wait already; this one did not run")
        : refused("stopped", "the call was stopped before it ran");
    } finally {
      this.#calls.delete(call.call);
    }
  }

  cancel(call: string): void {
    this.#calls.get(call)?.stop.abort();
  }

  /** Connects anew and resolves when that has come to an end, good or bad. */
  async test(): Promise<{ readonly view: McpServerView; readonly stderr: string }> {
    this.#settled = Promise.withResolvers<void>();
    const settled = this.#settled.promise;
    if (this.#state === "off") this.#settled.resolve();
    else if (this.#state !== "starting") this.reconnect(); // an attempt that is under way is the answer
    await settled;
    const stderr = this.#connected?.stderr() ?? this.#ports.connector.lastStderr();
    return { view: this.view(), stderr: this.#ports.scrub(stderr) };
  }

  /** Ends the connection, if there is one, and begins another at once. */
  reconnect(): void {
    this.#wait.reset();
    if (this.#connected === undefined) this.#hurry.abort();
    else this.#connected.close();
  }

  /** One attempt and, where it succeeds, one life. True when it ended by our own wish. */
  async #once(stop: AbortSignal): Promise<boolean> {
    const { connector, clock } = this.#ports;
    this.#starts += 1;
    this.#become("starting");
    const opened = await connector.open(
      { onToolsChanged: () => void this.#relist(), askPerson: (...question) => this.#askPerson(...question) },
      stop,
    );
    if (!opened.ok) {
      this.#become(stateOf(opened.error), opened.error);
      return false;
    }
    const connected = opened.value;
    this.#connected = connected;
    const begun = clock.monotonic();
    const listed = await this.#readList(connected);
    if (listed.ok) this.#become("ready");
    else connected.close();
    const close = (): void => connected.close();
    stop.addEventListener("abort", close, { once: true });
    if (stop.aborted) close();
    const ended = await connected.ended;
    stop.removeEventListener("abort", close);
    this.#connected = undefined;
    this.#list = EMPTY;
    this.#greeting = NOBODY;
    for (const call of this.#calls.values()) call.stop.abort();
    if (clock.monotonic() - begun >= LIMITS.healthy_ms) this.#wait.reset();
    const why = listed.ok ? (this.#lost ?? (ended.byUs ? undefined : ended.fault)) : listed.error;
    this.#lost = undefined;
    if (why === undefined) return true;
    this.#become(stateOf(why), why);
    return false;
  }

  async #readList({ session, lostBy }: Connected): Promise<Result<void, Fault>> {
    try {
      this.#list = toolList(await session.tools());
      this.#greeting = session.greeting;
      return ok(undefined);
    } catch (error) {
      const lost = lostBy(error);
      if (lost !== undefined) return err(lost);
      return fail("protocol", "the server's list of tools cannot be read", { reason: "tools_list" });
    }
  }

  async #relist(): Promise<void> {
    if (this.#listDue) return;
    this.#listDue = true;
    await this.#ports.clock.sleep(LIST_PAUSE_MS);
    this.#listDue = false;
    const connected = this.#connected;
    if (connected === undefined) return;
    const listed = await this.#readList(connected);
    if (listed.ok) this.#ports.onChange(this.view());
    else connected.close();
  }

  async #perform(call: McpCall, running: RunningCall): Promise<McpAnswer> {
    const connected = this.#connected;
    if (connected === undefined || this.#state !== "ready") {
      return refused("not_ready", "the server is not connected now; `wirken mcp list` tells why");
    }
    if (call.ask === "tool") {
      const known = this.#list.tools.find(({ name }) => name === call.tool);
      if (known === undefined || definitionHash(known.definition) !== call.definition) {
        return refused(
          "changed",
          "the tool's definition is no longer the one that was approved; nothing was called",
        );
      }
    }
    const args = argumentsOf(call.input);
    if (args === undefined) return refused("input", "the arguments are not a JSON object");
    const { signal } = running.stop;
    using watch = new CallWatch(this.#ports.clock, this.#entry.limits, () => {
      running.late = true;
      running.stop.abort();
    });
    running.watch = watch;
    const onProgress = (line: string): void => {
      watch.heard();
      this.#ports.onProgress(call.call, this.#ports.scrub(line));
    };
    try {
      return await connected.session.perform({ call, args, signal, onProgress });
    } catch (error) {
      const lost = signal.aborted ? undefined : connected.lostBy(error);
      if (lost !== undefined) {
        this.#lost = lost;
        connected.close();
        return refused(lost.reason ?? lost.code, `${lost.message}; the effect of the call is not known`);
      }
      const { breach } = connected.session;
      return answerOfError(error, breach, running.late ? "late" : signal.aborted ? "stopped" : "no");
    }
  }

  /** A server does not say which call a question belongs to: where that is not plain, nobody is asked. */
  #askPerson(...question: Parameters<AskPerson>): Promise<boolean> {
    const [call, ...others] = [...this.#calls].filter(([, { watch }]) => watch !== undefined);
    if (call === undefined || others.length > 0) return Promise.resolve(false);
    const [id, { watch }] = call;
    return watch?.during(() => this.#ports.askPerson(id, ...question)) ?? Promise.resolve(false);
  }

  #become(state: McpState, fault?: Fault): void {
    this.#state = state;
    this.#fault = fault;
    this.#ports.onChange(this.view());
    if (STEADY.includes(state)) this.#settled.resolve();
  }
}

function stateOf(fault: Fault): McpState {
  if (fault.code === "refused" || fault.code === "unsupported" || fault.code === "config") return "refused";
  return fault.code === "auth" ? "login" : "waiting";
}

function argumentsOf(text: string): { readonly [key: string]: unknown } | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function forever(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
