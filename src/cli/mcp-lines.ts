/** Servers and their tools as lines. What a server wrote is made visible and cut: it is shown, never obeyed. */
import type { McpToolView, McpView } from "#contracts/control-results.ts";
import { capMiddle, visible, visibleLine } from "#contracts/visible.ts";
import { table } from "./output.ts";

const TEXT_BYTES_MAX = 4_096;

/** One line a server, and what to do about those that wait for the operator. */
export function serverLines(views: readonly McpView[]): readonly string[] {
  if (views.length === 0) return ["no MCP server runs; `wirken mcp add NAME -- COMMAND` adds one"];
  const rows = table(
    ["server", "state", "tools", "approved", "network", "detail"],
    views.map((view) => [
      view.server,
      view.state,
      String(view.tools.length),
      String(view.tools.filter(({ standing }) => standing === "approved").length),
      view.network,
      view.detail === "" ? view.title : view.detail,
    ]),
  );
  return [...rows, ...views.flatMap(nextStep)];
}

function nextStep({ server, state, code, tools }: McpView): readonly string[] {
  if (state === "login") return [`next: wirken mcp login ${server}`];
  if (state === "refused" && code === "no_credential") {
    return [
      `next: wirken credentials add NAME --scope mcp/${server}, with a name of its entry's \`credentials\``,
    ];
  }
  const asksForLeave = ["not_approved", "entry_changed", "program_changed"].includes(code);
  const isOpen = tools.some(({ standing }) => standing === "new" || standing === "changed");
  return (state === "refused" && asksForLeave) || isOpen ? [`next: wirken mcp approve ${server}`] : [];
}

/** A server's tools. */
export function toolLines(view: McpView): readonly string[] {
  const rows = view.tools.map((tool) => [
    tool.name,
    tool.standing,
    tool.readOnly ? "read only" : "asks each time",
  ]);
  const left = view.left.map(({ name, why }) => `left out: ${visibleLine(name)} (${why})`);
  return rows.length === 0
    ? ["it offers no tools", ...left]
    : [...table(["tool", "standing", "use"], rows), ...left];
}

/** A tool as it is shown before it is approved: whole where it is new, the difference where it changed. */
export function toolInFull(tool: McpToolView): readonly string[] {
  const text = tool.standing === "changed" ? tool.difference : tool.text;
  const careful = tool.suspicious.map(
    (code) => `  ! its definition looks like an attempt to give orders (${code})`,
  );
  return [
    "",
    `${tool.standing === "changed" ? "changed" : "new"}: ${visibleLine(tool.tool)}, for models ${tool.name}`,
    ...visible(capMiddle(text, TEXT_BYTES_MAX))
      .split("\n")
      .map((line) => `  │ ${line}`),
    ...careful,
  ];
}
