/** Whose key signs a session's heads: its agent's, and the log's for lanes. */
export function holderOf(session: string): string {
  return session.startsWith("_") ? "log" : `agent:${session.split("/")[0] ?? ""}`;
}
