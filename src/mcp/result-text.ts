/** What a server answered, as text for a model: capped, well-formed, with a line for each part that is no text. */
import type {
  CallToolResult,
  ContentBlock,
  GetPromptResult,
  ReadResourceResult,
} from "@modelcontextprotocol/sdk/types.js";
import { LIMITS } from "#contracts/limits.ts";
import type { McpAnswer } from "#contracts/mcp.ts";
import { capMiddle } from "#contracts/visible.ts";

/** A success with `text`. */
export function answered(text: string): McpAnswer {
  return { ok: true, code: "", text: capped(text) };
}

/** A failure that the model is told about. */
export function refused(code: string, text: string): McpAnswer {
  return { ok: false, code, text: capped(text) };
}

/** The result of `tools/call`. Structured content is shown where no text says the same. */
export function toolAnswer(result: CallToolResult): McpAnswer {
  const parts = result.content.map(blockText);
  if (result.structuredContent !== undefined) {
    const structured = JSON.stringify(result.structuredContent);
    if (!parts.some((part) => isSame(part, structured))) parts.push(structured);
  }
  const text = parts.join("\n");
  if (result.isError === true) return refused("tool_error", text === "" ? "the tool failed" : text);
  return answered(text === "" ? "[nothing]" : text);
}

/** The result of `resources/read`. */
export function resourceAnswer(result: ReadResourceResult): McpAnswer {
  return answered(result.contents.map(resourceText).join("\n"));
}

/** The result of `prompts/get`: words of the server, not of the person. */
export function promptAnswer(result: GetPromptResult): McpAnswer {
  return answered(result.messages.map(({ role, content }) => `${role}: ${blockText(content)}`).join("\n"));
}

function blockText(block: ContentBlock): string {
  switch (block.type) {
    case "text":
      return block.text;
    case "image":
    case "audio":
      return `[${block.type}, ${block.mimeType}, ${base64Bytes(block.data)} bytes: not shown]`;
    case "resource":
      return resourceText(block.resource);
    case "resource_link":
      return `[resource ${block.name}: ${block.uri}]`;
  }
}

function resourceText(resource: ReadResourceResult["contents"][number]): string {
  if ("text" in resource) return resource.text;
  return `[${resource.mimeType ?? "bytes"}, ${base64Bytes(resource.blob)} bytes: not shown]`;
}

function base64Bytes(text: string): number {
  return Math.floor((text.length * 3) / 4);
}

function isSame(text: string, structured: string): boolean {
  try {
    return JSON.stringify(JSON.parse(text)) === structured;
  } catch {
    return false;
  }
}

function capped(text: string): string {
  return capMiddle(text.toWellFormed(), LIMITS.tool_output_bytes_max);
}
