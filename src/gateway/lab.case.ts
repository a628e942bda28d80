/**
 * A whole gateway in this process: real socket, real frames, real signer, real log and tools; only the keeper's link is
 * written by hand. `restart` keeps the data folder and the keys, as a keeper with a vault would.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Fault } from "#contracts/fault.ts";
import type { Payload, RegisteredPeer } from "#contracts/frame.ts";
import type { Inbound } from "#contracts/message.ts";
import { ok, type Result } from "#contracts/result.ts";
import { SecretBytes } from "#contracts/secret.ts";
import type { Row } from "#contracts/audit-event.ts";
import { connectControl } from "#cli/client.ts";
import { ensureFolder } from "#host/files.ts";
import { loadLibc } from "#host/libc.ts";
import { dataPaths } from "#host/paths.ts";
import type { Connection } from "#ipc/connection.ts";
import { PublicKey, SigningKey } from "#ipc/keys.ts";
import { connectPeer } from "#ipc/peer-connect.ts";
import { systemClock } from "#runtime/clock.ts";
import { memoryLog } from "#runtime/log.ts";
import { systemRandom } from "#runtime/random.ts";
import { coreOf } from "#signer/main.ts";
import { answer } from "#signer/signer-service.ts";
import { readLog } from "#audit/log-reader.ts";
import { noBox } from "./box-client.ts";
import { KeeperLine } from "./keeper-client.ts";
import { serveGateway } from "./serve.ts";

const SEEDS = { gateway: 1, signer: 2, webchat: 3, console: 4, telegram: 5, log: 6, agent: 7 } as const;
const PEERS = [
  { peerId: "signer", role: "signer", channel: "", instance: "" },
  { peerId: "console", role: "console", channel: "", instance: "" },
  { peerId: "webchat", role: "adapter", channel: "webchat", instance: "webchat" },
  { peerId: "telegram", role: "adapter", channel: "telegram", instance: "telegram" },
] as const;
export type LabPeerName = (typeof PEERS)[number]["peerId"];

function seed(n: number): SecretBytes {
  return SecretBytes.take(new Uint8Array(32).fill(n));
}
function keyOf(n: number): SigningKey {
  const key = SigningKey.fromSeed(seed(n));
  if (!key.ok) throw new Error("lab: key");
  return key.value;
}
function text(value: string): SecretBytes {
  return SecretBytes.take(new TextEncoder().encode(value));
}

/** A connected peer that keeps what it was sent. */
export class LabPeer {
  readonly connection: Connection;
  readonly heard: Payload[] = [];
  readonly closed: Promise<string>;

  constructor(connection: Connection) {
    this.connection = connection;
    const { promise, resolve } = Promise.withResolvers<string>();
    this.closed = promise;
    connection.listen({
      onPayload: (payload) => {
        this.heard.push(payload);
        if (payload.kind === "stop") connection.close();
      },
      onClose: resolve,
    });
  }

  /** Payloads of a kind, in order. */
  of<K extends Payload["kind"]>(kind: K): readonly Extract<Payload, { kind: K }>[] {
    return this.heard.filter((payload): payload is Extract<Payload, { kind: K }> => payload.kind === kind);
  }

  async request(method: string, body: unknown): Promise<Result<unknown, Fault>> {
    const answered = await this.connection.call(method, JSON.stringify(body), 20_000);
    return answered.ok ? ok(JSON.parse(answered.value)) : answered;
  }
}

export class GatewayLab {
  readonly root = mkdtempSync(join(tmpdir(), "wk-"));
  readonly paths = dataPaths(this.root);
  readonly log = memoryLog();
  #keeper: KeeperLine | undefined;
  #ended: Promise<Result<void, Fault>> | undefined;
  #first = true;

  /** Starts the gateway and the signer; resolves when the control socket answers. */
  async start(): Promise<void> {
    for (const folder of [this.paths.auditFolder, this.paths.sockets, this.paths.state("signer")])
      ensureFolder(folder);
    const { promise: listening, resolve } = Promise.withResolvers<void>();
    const keeper = new KeeperLine((line) => {
      if (line.includes('"listening"')) resolve();
    });
    this.#keeper = keeper;
    this.#ended = serveGateway({
      handoff: this.#gatewayHandoff(),
      signal: new AbortController().signal,
      keeper,
      clock: systemClock,
      random: systemRandom,
      log: this.log,
      libc: loadLibc(),
      self: {
        command: [process.execPath, join(import.meta.dir, "..", "main.ts")],
        sourceRoot: join(import.meta.dir, "../.."),
      },
      fetch: () => Promise.reject(new Error("no network in the lab")),
      http: () => () => Promise.reject(new Error("no network in the lab")),
      resolve: () => Promise.resolve(["93.184.216.34"]),
      dial: () => () => Promise.reject(new Error("no network in the lab")),
      box: noBox("no box in the lab"),
      admitsControl: () => true,
      sealSockets: () => ({ ok: true, value: undefined }), // a filter would stay on the process of the tests
      onRecordLost: (fault) => this.log.warn(fault.message, {}),
    });
    const failed = this.#ended.then((result) => {
      throw new Error(`lab: the gateway ended early: ${JSON.stringify(result)}`);
    });
    failed.catch(() => undefined);
    await Promise.race([listening, failed]);
    await this.#startSigner();
    await Promise.race([this.until(async () => (await connectControl(this.paths.controlSocket)).ok), failed]);
  }

  /** Stops in order, as a keeper would. */
  async stop(): Promise<Result<void, Fault>> {
    this.#keeper?.receive('{"kind":"stop","reason":"test"}\n');
    return (await this.#ended) ?? ok(undefined);
  }

  async peer(name: LabPeerName, seedOf: number = SEEDS[name]): Promise<LabPeer> {
    const connected = await this.#dial(name, seedOf);
    if (!connected.ok) throw new Error(`lab: ${connected.error.message}`);
    return new LabPeer(connected.value);
  }

  async control() {
    const client = await connectControl(this.paths.controlSocket);
    if (!client.ok) throw new Error(client.error.message);
    return client.value;
  }

  /** All rows of the log, read from the file. */
  rows(): readonly (Pick<Row, "id" | "session" | "kind"> & {
    readonly payload: Record<string, unknown>;
    readonly content: Record<string, unknown>;
  })[] {
    const sql = "SELECT id, session_id, kind, payload, content FROM session_events ORDER BY id";
    const rows = readLog(this.paths.auditDb, (log) => log.database.query(sql).values());
    if (!rows.ok) return [];
    return rows.value.map(([id, session, kind, payload, content]) => ({
      id: Number(id),
      session: session as Row["session"],
      kind: kind as Row["kind"],
      payload: JSON.parse(String(payload ?? "{}")),
      content: JSON.parse(String(content ?? "{}")),
    }));
  }

  kinds(): readonly string[] {
    return this.rows().map((row) => row.kind);
  }

  /** Waits until `seen` says yes; fails after eight seconds. */
  async until(seen: () => boolean | Promise<boolean>, what = "the expected state"): Promise<void> {
    for (let tries = 0; tries < 800; tries++) {
      if (await seen()) return;
      await Bun.sleep(10);
    }
    throw new Error(
      `lab: ${what} did not come; rows: ${this.kinds().join(" ")}; log: ${this.log.lines.join(" | ")}`,
    );
  }

  dispose(): void {
    rmSync(this.root, { recursive: true, force: true });
  }

  #gatewayHandoff(): ReadonlyMap<string, SecretBytes> {
    const registry: RegisteredPeer[] = PEERS.map((peer) => ({
      ...peer,
      publicKey: keyOf(SEEDS[peer.peerId]).publicKey.hex,
    }));
    return new Map([
      ["data-dir", text(this.root)],
      ["gateway-seed", seed(SEEDS.gateway)],
      ["registry", text(JSON.stringify(registry))],
      ["ephemeral", text("0")],
      ["webchat-port", text("18790")],
      ["console-port", text("18791")],
      ["executable-sha256", text("00".repeat(32))],
      ["user-name", text("tester")],
    ]);
  }

  async #startSigner(): Promise<void> {
    const core = coreOf(
      new Map([
        ["ephemeral", text("0")],
        ["state-folder", text(this.paths.state("signer"))],
        ["state-key", seed(9)],
        ["seed:log", seed(SEEDS.log)],
        ["seed:agent:default", seed(SEEDS.agent)],
        ...(this.#first ? [["log-begins", text("1")] as const] : []),
      ]),
    );
    this.#first = false;
    if (!core.ok) throw new Error(`lab: signer: ${core.error.message}`);
    const connected = await this.#dial("signer", SEEDS.signer);
    if (!connected.ok) throw new Error("lab: signer connection");
    connected.value.listen({
      onPayload: () => undefined,
      onRequest: (method, body) => Promise.resolve(answer(core.value, method, body)),
      onClose: () => undefined,
    });
  }

  #dial(name: LabPeerName, seedOf: number): Promise<Result<Connection, Fault>> {
    const role = PEERS.find((peer) => peer.peerId === name)?.role ?? "adapter";
    const gatewayKey = PublicKey.parse(keyOf(SEEDS.gateway).publicKey.hex);
    if (!gatewayKey.ok) throw new Error("lab: key");
    return connectPeer({
      to: { path: this.paths.gatewaySocket },
      role,
      peerId: name,
      key: keyOf(seedOf),
      gatewayKey: gatewayKey.value,
      clock: systemClock,
      random: systemRandom,
    });
  }
}

let events = 0;
/** An inbound event with the given differences. */
export function inbound(
  more: Partial<Inbound> & { readonly text?: string } = {},
): Extract<Payload, { kind: "inbound" }> {
  events += 1;
  const { text: words = "list files", ...fields } = more;
  return {
    kind: "inbound",
    inbound: {
      eventId: `event-${events}`,
      messageId: `message-${events}`,
      senderId: "owner",
      displayName: "you",
      channel: "webchat",
      instance: "webchat",
      conversation: "talk-1",
      thread: "",
      parts: [{ kind: "text", text: words }],
      tsMs: 1_700_000_000_000,
      isGroup: false,
      mentioned: true,
      replyTo: "",
      editOf: "",
      kind: "message",
      value: "",
      ...fields,
    },
  };
}
