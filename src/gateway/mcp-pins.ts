/**
 * Which tools of MCP servers an operator let in, by the hash of what the model is told of them. Rows of the record are
 * the store: what is approved is durable before it counts, and what the record lost is no longer approved.
 */
import type { Row } from "#contracts/audit-event.ts";
import { GATEWAY_LANE } from "#contracts/ids.ts";
import type { Journal } from "#contracts/journal.ts";
import { textField } from "#session/fields.ts";

export interface Pin {
  /** SHA-256 of the definition's canonical text, lower-case hex. */
  readonly hash: string;
  /** The canonical text. */
  readonly definition: string;
}

export interface Approved extends Pin {
  readonly tool: string;
}

export class McpPins {
  readonly #journal: Journal;
  readonly #pins = new Map<string, Map<string, Pin>>();

  /** `attested`: the rows of the gateway's lane that have force. */
  constructor(journal: Journal, attested: readonly Row[]) {
    this.#journal = journal;
    for (const row of attested) this.#take(row);
  }

  of(server: string, tool: string): Pin | undefined {
    return this.#pins.get(server)?.get(tool);
  }

  /** Lets tools in as they are defined now. Rejects when the log cannot be written: then nothing counts. */
  async approve(server: string, approved: readonly Approved[], by: string): Promise<void> {
    const rows = approved.map(({ tool, hash, definition }) => ({
      session: GATEWAY_LANE,
      kind: "mcp_tool_pinned" as const,
      trust: "user" as const,
      payload: { change: "approved", server, definition: hash, by },
      content: { tool, definition },
    }));
    const [first, ...rest] = rows;
    if (first === undefined) return;
    for (const row of await this.#journal.append([first, ...rest])) this.#take(row);
  }

  /** Takes back everything that was let in of a server. Returns how many tools. */
  async forget(server: string, by: string): Promise<number> {
    const count = this.#pins.get(server)?.size ?? 0;
    if (count === 0) return 0;
    const payload = { change: "taken_back", server, definition: "", by };
    const [row] = await this.#journal.append([
      { session: GATEWAY_LANE, kind: "mcp_tool_pinned", trust: "user", payload },
    ]);
    if (row !== undefined) this.#take(row);
    return count;
  }

  #take(row: Row): void {
    if (row.kind !== "mcp_tool_pinned") return;
    const server = textField(row.payload, "server");
    if (textField(row.payload, "change") === "taken_back") {
      this.#pins.delete(server);
      return;
    }
    const tool = textField(row.content, "tool");
    if (tool === "") return; // erased: what was approved is not known any longer
    const pins = this.#pins.get(server) ?? new Map<string, Pin>();
    pins.set(tool, {
      hash: textField(row.payload, "definition"),
      definition: textField(row.content, "definition"),
    });
    this.#pins.set(server, pins);
  }
}
