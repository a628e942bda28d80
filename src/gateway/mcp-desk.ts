/**
 * The gateway's side of MCP servers: their connection, pins and tools put together, every change of state and every
 * changed definition a row, and what the operator's command line asks for.
 */
import type { Row } from "#contracts/audit-event.ts";
import type { McpToolView, McpView } from "#contracts/control-results.ts";
import { type Fault, fail } from "#contracts/fault.ts";
import { GATEWAY_LANE } from "#contracts/ids.ts";
import type { JsonObject } from "#contracts/json.ts";
import type { Journal } from "#contracts/journal.ts";
import type { McpEgress, McpQuestion, McpServerView } from "#contracts/mcp.ts";
import { type Result, ok } from "#contracts/result.ts";
import { differenceOf } from "#tools/difference.ts";
import type { CountedRows } from "./counted-rows.ts";
import { serverEgressRow } from "./egress-rows.ts";
import { injectionCodes } from "./injection.ts";
import { McpLink } from "./mcp-link.ts";
import { McpPins } from "./mcp-pins.ts";
import { type McpTool, McpTools } from "./mcp-tools.ts";

export interface McpDeskPorts {
  readonly journal: Journal;
  /** The rows of the gateway's lane that have force. */
  readonly attested: readonly Row[];
  readonly stateChanged: () => void;
  /** Rows that a server could make without end. */
  readonly counted: Pick<CountedRows, "note">;
}

/** Answers a server's question about a call that runs. */
export type Questioner = (question: McpQuestion) => Promise<boolean>;

export class McpDesk {
  readonly link: McpLink;
  readonly tools: McpTools;
  readonly #ports: McpDeskPorts;
  readonly #pins: McpPins;
  readonly #seen = new Map<string, string>();
  /** The newest definition of each tool that a row was written about. */
  readonly #changed = new Map<string, string>();

  constructor(ports: McpDeskPorts) {
    this.#ports = ports;
    this.#pins = new McpPins(ports.journal, ports.attested);
    this.link = new McpLink({
      onServer: (server, view) => this.#noticed(server, view),
      onQuestion: (question) => this.tools.question(question),
      onEgress: (seen) => this.#noteEgress(seen),
    });
    this.tools = new McpTools(this.link, this.#pins);
  }

  /** Every server with its tools, for the operator. */
  list(): readonly McpView[] {
    return this.link.views().map((view) => this.viewOf(view));
  }

  /** One server with its tools. */
  viewOf(view: McpServerView): McpView {
    const { server, transport, state, code, detail, title, protocol, network, pid, starts, left } = view;
    const tools = this.tools.of(view).map(toolViewOf);
    return { server, transport, state, code, detail, title, protocol, network, pid, starts, left, tools };
  }

  /** Lets tools in by the hashes that the operator was shown; refused where one is defined otherwise by now. */
  async approve(
    server: string,
    wanted: readonly { readonly tool: string; readonly definition: string }[],
    by: string,
  ): Promise<Result<number, Fault>> {
    const view = this.link.view(server);
    if (view === undefined) return fail("not_found", "there is no such server, or it does not run", HINT);
    const known = new Map(this.tools.of(view).map((tool) => [tool.tool, tool]));
    const approved: McpTool[] = [];
    for (const { tool, definition } of wanted) {
      const now = known.get(tool);
      if (now?.hash !== definition) {
        return fail("refused", "a tool changed while it was looked at; nothing was approved", {
          reason: "changed",
          hint: `wirken mcp approve ${server}`,
        });
      }
      approved.push(now);
    }
    await this.#pins.approve(server, approved, by);
    this.#ports.stateChanged();
    return ok(approved.length);
  }

  /** Takes back what was let in of a server. */
  async forget(server: string, by: string): Promise<number> {
    const count = await this.#pins.forget(server, by);
    this.#ports.stateChanged();
    return count;
  }

  #noticed(server: string, view: McpServerView | undefined): void {
    const state = view?.state ?? "gone";
    const seen = `${state} ${view?.code ?? ""} ${view?.starts ?? 0}`;
    if (this.#seen.get(server) !== seen) {
      this.#seen.set(server, seen);
      const payload = { server, state, code: view?.code ?? "", starts: view?.starts ?? 0 };
      const content = { title: view?.title ?? "", network: view?.network ?? "" };
      this.#note("mcp_entry", payload, content);
      this.#ports.stateChanged();
    }
    if (view !== undefined) for (const tool of this.tools.of(view)) this.#noticeTool(tool);
  }

  /** What goes out is a row each, and waits for it; refusals, which a program can make without end, are counted. */
  async #noteEgress(seen: McpEgress): Promise<void> {
    if (seen.verdict === "allow") {
      await this.#ports.journal.append([serverEgressRow(seen)]);
      return;
    }
    await this.#ports.counted.note(`egress ${seen.server}`, (more) => serverEgressRow(seen, more));
  }

  /** A definition that is not the approved one is a row, once for each new text. */
  #noticeTool({ server, tool, standing, hash, definition }: McpTool): void {
    const key = JSON.stringify([server, tool]);
    if (standing !== "changed" || this.#changed.get(key) === hash) return;
    this.#changed.set(key, hash);
    this.#note("mcp_tool_changed", { server, definition: hash }, { tool, definition });
  }

  #note(
    kind: "mcp_entry" | "mcp_tool_changed",
    payload: JsonObject & { readonly server: string },
    content: JsonObject,
  ): void {
    const base = { session: GATEWAY_LANE, kind, trust: "system" } as const;
    void this.#ports.counted.note(`${kind} ${payload.server}`, (more) =>
      more === undefined
        ? { ...base, payload, content }
        : { ...base, payload: { ...EMPTY[kind], server: payload.server, more } },
    );
  }
}

/** What a row that counts says where the ones it counts say something. */
const EMPTY = {
  mcp_entry: { state: "unsteady", code: "", starts: 0 },
  mcp_tool_changed: { definition: "" },
} as const;

const HINT = { hint: "wirken mcp list" } as const;

function toolViewOf({ tool, name, readOnly, standing, hash, definition, pin }: McpTool): McpToolView {
  const before = pin?.definition ?? "";
  return {
    tool,
    name,
    readOnly,
    standing,
    definition: hash,
    text: spread(definition),
    difference: standing === "changed" ? differenceOf(spread(before), spread(definition)) : "",
    suspicious: injectionCodes(definition),
  };
}

/** A definition a line each, its description's lines apart: a difference of it can be read. */
function spread(definition: string): string {
  if (definition === "") return "";
  return JSON.stringify(JSON.parse(definition), null, 2).replaceAll("\\n", "\n    ");
}
