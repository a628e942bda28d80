/**
 * `control.sock`: the operator's command line (contracts/control.ts). Whoever speaks here can approve, so the kernel is
 * asked who it is: another user, or a process of our own making, is turned away before a byte is read.
 */
import { unlinkSync } from "node:fs";
import {
  CONTROL_LINE_BYTES_MAX,
  CONTROL_PARAMS,
  type ControlMethod,
  isControlMethod,
} from "#contracts/control.ts";
import { type Fault, FaultError, fail, fault } from "#contracts/fault.ts";
import { isJsonObject } from "#contracts/json.ts";
import { ok, type Result } from "#contracts/result.ts";
import { descriptorOf } from "#ipc/bun-socket.ts";
import type { ControlCall, ControlTable } from "./control-methods.ts";

/** Unsent bytes to a client that reads too slowly; it is dropped above this. */
const UNSENT_BYTES_MAX = 16 * 1_048_576;

export interface ControlOptions {
  readonly path: string;
  readonly table: ControlTable;
  /** The kernel's word about the socket's other end. `undefined` where it cannot be had: then nobody is admitted. */
  readonly admits: (descriptor: number) => boolean;
  readonly onError: (error: unknown) => void;
}

interface Client {
  text: string;
  unsent: Uint8Array;
  readonly decoder: TextDecoder;
  readonly gone: AbortController;
}

/** Listens. The folder is ours alone (0700). A socket file that a crash left is replaced. */
export function listenControl(options: ControlOptions): Result<Disposable, Fault> {
  try {
    unlinkSync(options.path);
  } catch {
    // There was none; anything else shows itself when we listen.
  }
  const before = process.umask(0o077);
  try {
    const server = Bun.listen<Client>({
      unix: options.path,
      socket: {
        binaryType: "uint8array",
        open: (socket) => {
          const decoder = new TextDecoder("utf-8", { fatal: true });
          socket.data = { text: "", unsent: new Uint8Array(), decoder, gone: new AbortController() };
          if (options.admits(descriptorOf(socket))) return;
          socket.data.gone.abort(); // before the end: bytes that are on their way already are not read
          socket.end();
        },
        data: (socket, bytes) => receive(options, socket, bytes),
        drain: flush,
        close: (socket) => socket.data.gone.abort(),
        error: (socket) => socket.data.gone.abort(),
      },
    });
    return ok({ [Symbol.dispose]: () => server.stop(true) });
  } catch {
    return fail("io", "the control socket cannot be opened", { reason: "socket_listen" });
  } finally {
    process.umask(before);
  }
}

function receive(options: ControlOptions, socket: Bun.Socket<Client>, bytes: Uint8Array): void {
  const client = socket.data;
  if (client.gone.signal.aborted) return;
  try {
    client.text += client.decoder.decode(bytes, { stream: true });
  } catch {
    socket.end(); // no UTF-8: not our client
    return;
  }
  for (let end = client.text.indexOf("\n"); end >= 0; end = client.text.indexOf("\n")) {
    const line = client.text.slice(0, end);
    client.text = client.text.slice(end + 1);
    serve(options, socket, line).catch(options.onError);
  }
  if (client.text.length > CONTROL_LINE_BYTES_MAX) socket.end();
}

async function serve(options: ControlOptions, socket: Bun.Socket<Client>, line: string): Promise<void> {
  const request = parseRequest(line);
  if (request === undefined) {
    socket.end();
    return;
  }
  const { id, method, params } = request;
  const call: ControlCall = { emit: (event) => send(socket, { id, event }), signal: socket.data.gone.signal };
  const answer = await dispatch(options, method, params, call);
  send(socket, answer.ok ? { id, ok: true, result: answer.value } : { id, ok: false, fault: answer.error });
}

/** A row that could not be written rejects; the client hears it as a fault and nothing was done. */
async function dispatch(
  options: ControlOptions,
  method: string,
  params: unknown,
  call: ControlCall,
): Promise<Result<unknown, Fault>> {
  if (!isControlMethod(method)) return fail("usage", "there is no such method");
  try {
    return await run(options.table, method, params, call);
  } catch (error) {
    if (error instanceof FaultError && error.fault.code === "unavailable") {
      return fail("unavailable", "the program is stopping; nothing was done", {
        hint: "try again in a moment",
      });
    }
    options.onError(error);
    return {
      ok: false,
      error: fault("io", "the record cannot be written; nothing was done", { hint: "wirken doctor" }),
    };
  }
}

function run<M extends ControlMethod>(table: ControlTable, method: M, params: unknown, call: ControlCall) {
  const parsed = CONTROL_PARAMS[method].safeParse(params);
  if (!parsed.success) return Promise.resolve(fail("usage", "the parameters have another shape"));
  return invoke(table, method, parsed.data, call);
}

function invoke(
  table: ControlTable,
  method: ControlMethod,
  params: unknown,
  call: ControlCall,
): Promise<Result<unknown, Fault>> {
  // Safe: `params` has just passed the schema of this very method, from which the entry's own type is derived.
  const entry: unknown = table[method];
  if (typeof entry !== "function") throw new Error("control: a method without an entry");
  return Promise.resolve(Reflect.apply(entry, table, [params, call]));
}

function parseRequest(
  line: string,
): { readonly id: number; readonly method: string; readonly params: unknown } | undefined {
  try {
    const value: unknown = JSON.parse(line);
    if (!isJsonObject(value)) return undefined;
    const { id, method, params } = value;
    return typeof id === "number" && typeof method === "string" ? { id, method, params } : undefined;
  } catch {
    return undefined;
  }
}

function send(socket: Bun.Socket<Client>, message: unknown): void {
  const client = socket.data;
  if (client.gone.signal.aborted) return;
  const bytes = new TextEncoder().encode(`${JSON.stringify(message)}\n`);
  if (client.unsent.byteLength + bytes.byteLength > UNSENT_BYTES_MAX) {
    socket.end();
    return;
  }
  const whole = new Uint8Array(client.unsent.byteLength + bytes.byteLength);
  whole.set(client.unsent);
  whole.set(bytes, client.unsent.byteLength);
  client.unsent = whole;
  flush(socket);
}

function flush(socket: Bun.Socket<Client>): void {
  const client = socket.data;
  if (client.unsent.byteLength === 0) return;
  const taken = socket.write(client.unsent);
  if (taken > 0) client.unsent = client.unsent.slice(taken);
}
