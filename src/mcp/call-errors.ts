/** Why a call failed, from what the SDK threw: a stable code and a sentence of ours, with the server's own capped. */
import { ErrorCode, McpError } from "@modelcontextprotocol/sdk/types.js";
import type { McpAnswer } from "#contracts/mcp.ts";
import { refused } from "./result-text.ts";

/** The answer of a call that threw. `stopped`: we cancelled it. */
export function answerOfError(error: unknown, stopped: boolean): McpAnswer {
  if (stopped) return refused("stopped", "the call was stopped; its effect is not known");
  if (!(error instanceof McpError)) {
    return refused("failed", "the server could not be talked to; the effect of the call is not known");
  }
  switch (error.code) {
    case ErrorCode.RequestTimeout:
      return refused("timeout", "the server did not answer in time; the effect of the call is not known");
    case ErrorCode.ConnectionClosed:
      return refused("closed", "the server ended while it worked on the call; its effect is not known");
    default:
      return refused("server_error", `the server answered with error ${error.code}: ${error.message}`);
  }
}
