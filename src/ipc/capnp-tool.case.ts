/** The reference `capnp` tool and its text form of our payloads, for the cross tests. */
import type { Payload } from "#contracts/frame.ts";
import { type Frame, FRAME_TABLES } from "./frame-codec.ts";
import * as tables from "./payload-schema.ts";

const SCHEMA = new URL("wirken.capnp", import.meta.url).pathname;

/** The tool's path; `null` where it is not installed. */
export const CAPNP = Bun.which("capnp");

interface AnyTable {
  readonly name: string;
  readonly fields: object;
}

/** The table behind each payload kind, and the property of the payload that it describes. */
export const BODIES: { readonly [kind: string]: readonly [AnyTable, string | undefined] } = {
  chunk: [tables.CHUNK, undefined],
  inbound: [tables.INBOUND, "inbound"],
  inboundAck: [tables.INBOUND_ACK, "ack"],
  outbound: [tables.OUTBOUND, "outbound"],
  delivery: [tables.DELIVERY, "delivery"],
  prompt: [tables.APPROVAL_PROMPT, "prompt"],
  promptClosed: [tables.PROMPT_CLOSED, "closed"],
  activity: [tables.ACTIVITY, undefined],
  adapterState: [tables.ADAPTER_REPORT, undefined],
  request: [tables.REQUEST, undefined],
  response: [tables.REPLY, undefined],
  event: [tables.EVENT, undefined],
};

/** Runs the tool on stdin. */
export function capnp(
  command: "encode" | "decode",
  type: "Frame" | "Payload",
  input: Uint8Array,
): Uint8Array {
  if (CAPNP === null) throw new Error("no capnp tool");
  // One segment, whatever its length: the tool's own default cuts at 8 KiB.
  const size = command === "encode" ? ["--segment-size=8192"] : ["--short"];
  const run = Bun.spawnSync([CAPNP, command, ...size, SCHEMA, type], { stdin: input, stderr: "pipe" });
  if (run.exitCode !== 0) throw new Error(`capnp ${command}: ${run.stderr.toString()}`);
  return new Uint8Array(run.stdout);
}

/** A payload in the tool's text form. */
export function payloadText(payload: Payload): string {
  const row = BODIES[payload.kind];
  if (row === undefined) return `(${payload.kind} = void)`;
  const [table, property] = row;
  return `(${payload.kind} = ${structText(table, property === undefined ? payload : Reflect.get(payload, property))})`;
}

/** A frame in the tool's text form. */
export function frameText(frame: Frame): string {
  const table = FRAME_TABLES.find((each) => each.name.toLowerCase() === frame.kind);
  if (table === undefined) throw new Error("no table");
  return `(${frame.kind} = ${structText(table, Reflect.get(frame, frame.kind))})`;
}

function structText(table: AnyTable, value: object): string {
  const parts: string[] = [];
  for (const [name, field] of Object.entries(table.fields)) {
    const text = valueText(Reflect.get(field, "type"), Reflect.get(value, name));
    if (text !== undefined) parts.push(`${name} = ${text}`);
  }
  return `(${parts.join(", ")})`;
}

/** `undefined` for what the normal form leaves out: empty text, data and lists. */
function valueText(type: string, value: unknown): string | undefined {
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (value instanceof Uint8Array) return value.byteLength === 0 ? undefined : `0x"${value.toHex()}"`;
  if (Array.isArray(value)) {
    if (value.length === 0) return undefined;
    return `[${value.map((each) => elementText(type, each)).join(", ")}]`;
  }
  if (typeof value !== "string") throw new Error(`no text form for ${typeof value}`);
  if (type === "Data") return `0x"${value}"`;
  if (type === "Text") return value === "" ? undefined : quoted(value);
  return value.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()); // an enumerant
}

function elementText(type: string, value: unknown): string {
  if (typeof value === "string") return quoted(value);
  if (typeof value !== "object" || value === null) throw new Error("no text form");
  if (type === "List(Fact)") return structText(tables.FACT, value);
  const kind = String(Reflect.get(value, "kind"));
  if (kind === "attachment") return `(attachment = ${structText(tables.ATTACHMENT, value)})`;
  return `(${kind} = ${quoted(String(Reflect.get(value, "text")))})`;
}

/** Text with every byte but plain ASCII escaped. */
function quoted(text: string): string {
  const bytes = [...Buffer.from(text, "utf8")].map((byte) =>
    byte >= 32 && byte < 127 && byte !== 34 && byte !== 92
      ? String.fromCharCode(byte)
      : `\\x${byte.toString(16).padStart(2, "0")}`,
  );
  return `"${bytes.join("")}"`;
}
