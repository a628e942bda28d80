/** The SDK's transport over the pipes of a confined program of ours (MCP, stdio transport). */
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { type JSONRPCMessage, JSONRPCMessageSchema } from "@modelcontextprotocol/sdk/types.js";
import type { ToolRun } from "#confine/start.ts";
import { MessageLines } from "./message-lines.ts";

/** Thrown into the SDK, which hands it to whoever waits. */
export class ServerBreach extends Error {
  readonly code: string;
  constructor(code: string) {
    super(`the server broke its transport: ${code}`);
    this.code = code;
  }
}

export class StdioTransport implements Transport {
  onclose?: (() => void) | undefined;
  onerror?: ((error: Error) => void) | undefined;
  onmessage?: (<T extends JSONRPCMessage>(message: T) => void) | undefined;
  readonly #run: Pick<ToolRun, "child" | "stdout" | "stop">;
  readonly #lines = new MessageLines();
  #over = false;
  /** What was agreed on in the handshake. */
  protocolVersion = "";

  constructor(run: Pick<ToolRun, "child" | "stdout" | "stop">) {
    this.#run = run;
  }

  setProtocolVersion(version: string): void {
    this.protocolVersion = version;
  }

  start(): Promise<void> {
    void this.#read();
    return Promise.resolve();
  }

  async send(message: JSONRPCMessage): Promise<void> {
    if (this.#over) throw new ServerBreach("closed");
    const written = await this.#run.child.write(new TextEncoder().encode(`${JSON.stringify(message)}\n`));
    if (!written) throw new ServerBreach("closed");
  }

  close(): Promise<void> {
    this.#end();
    return Promise.resolve();
  }

  async #read(): Promise<void> {
    const reader = this.#run.stdout.getReader();
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done || this.#over) break;
        const breach = this.#lines.push(value, (message) => this.#take(message));
        if (breach === undefined) continue;
        this.onerror?.(new ServerBreach(breach));
        break;
      }
    } catch {
      // The pipe broke: the same as its end.
    }
    void reader.cancel().catch(() => undefined);
    this.#end();
  }

  /** What is JSON but no message of the protocol is passed over, as a server's own noise is. */
  #take(value: unknown): void {
    const message = JSONRPCMessageSchema.safeParse(value);
    if (message.success) this.onmessage?.(message.data);
  }

  #end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#run.stop();
    this.onclose?.();
  }
}
