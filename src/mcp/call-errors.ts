/** Why a call failed, from what the SDK threw: a stable code and a sentence of ours, with the server's own capped. */
import { ErrorCode, McpError } from "@modelcontextprotocol/sdk/types.js";
import type { McpAnswer } from "#contracts/mcp.ts";
import { refused } from "./result-text.ts";

/** The answer of a call that threw. `breach`: the rule of its transport that the server broke, or empty. `ended`: we cancelled it, because somebody stopped it or it was too late. */
export function answerOfError(error: unknown, breach: string, ended: "no" | "late" | "stopped"): McpAnswer {
  if (ended === "late") {
    return refused("timeout", "the server did not answer in time; the effect of the call is not known");
  }
  if (ended === "stopped") return refused("stopped", "the call was stopped; its effect is not known");
  if (breach !== "") {
    return refused(
      breach,
      "the server broke its protocol and was ended; the effect of the call is not known",
    );
  }
  if (!(error instanceof McpError)) {
    return refused("failed", "the server could not be talked to; the effect of the call is not known");
  }
  switch (error.code) {
    case ErrorCode.ConnectionClosed:
      return refused("closed", "the server ended while it worked on the call; its effect is not known");
    default:
      return refused("server_error", `the server answered with error ${error.code}: ${error.message}`);
  }
}
