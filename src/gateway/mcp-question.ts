/** A server's question within a call, as the action that a person is asked about (MCP, elicitation). Pure. */
import type { Action } from "#contracts/action.ts";
import { canonicalJson, isJsonObject } from "#contracts/json.ts";
import { MCP_QUESTION, type McpQuestion } from "#contracts/mcp.ts";

/**
 * The question as an action: the message and the very answer that a yes would send. `undefined` where the call is no
 * call of that server, or the answer is no JSON object: then nobody is asked.
 */
export function questionAction(within: Action, question: McpQuestion): Action | undefined {
  if (within.kind !== "mcp_call" || within.server !== question.server) return undefined;
  let answer: unknown;
  try {
    answer = JSON.parse(question.answer);
  } catch {
    return undefined;
  }
  if (!isJsonObject(answer)) return undefined;
  const input = canonicalJson({ message: question.message, answer });
  return { ...within, mcpTool: MCP_QUESTION, definition: "", readOnly: false, input };
}
