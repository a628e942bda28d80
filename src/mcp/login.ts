/** Logging in to a remote server, as the proxy offers it to the operator's terminal (docs/mcp.md, "OAuth"). */
import type { Fault } from "#contracts/fault.ts";
import type { McpResult } from "#contracts/mcp.ts";
import type { Result } from "#contracts/result.ts";

export interface Login {
  /** The address at which the operator logs in. `redirect`: where the browser is sent afterwards. */
  begin(redirect: string): Promise<Result<McpResult<"login_begin">, Fault>>;
  /** Takes the query that the browser came back with. */
  finish(answer: string): Promise<Result<McpResult<"login_finish">, Fault>>;
  /** Forgets the server's tokens and our registration with it. */
  forget(): Result<McpResult<"logout">, Fault>;
}
