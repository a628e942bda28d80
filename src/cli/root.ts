/** The tree of commands: nouns and verbs, each loaded when it is asked for. `run` is a role of its own (main.ts). */
import type { Group } from "./command.ts";

export const root: Group = {
  description: "wirken: an assistant for your chat apps that asks before it acts, and can prove what it did",
  children: {
    run: async () => (await import("./commands/run.ts")).run,
    setup: async () => (await import("./commands/setup.ts")).setup,
    ask: async () => (await import("./commands/ask.ts")).ask,
    open: async () => (await import("./commands/open.ts")).open,
    status: async () => (await import("./commands/status.ts")).status,
    doctor: async () => (await import("./commands/doctor.ts")).doctor,
    channel: async () => (await import("./commands/channel/group.ts")).channel,
    mcp: async () => (await import("./commands/mcp/group.ts")).mcp,
    credentials: async () => (await import("./commands/credentials/group.ts")).credentials,
    permissions: async () => (await import("./commands/permissions/group.ts")).permissions,
    approvers: async () => (await import("./commands/approvers/group.ts")).approvers,
    agents: async () => (await import("./commands/agents/group.ts")).agents,
    audit: async () => (await import("./commands/audit/group.ts")).audit,
    session: async () => (await import("./commands/session/group.ts")).session,
    vault: async () => (await import("./commands/vault/group.ts")).vault,
    undo: async () => (await import("./commands/undo.ts")).undo,
    completion: async () => (await import("./commands/completion.ts")).completion,
  },
};
