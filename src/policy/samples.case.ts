/** One sample of every kind of action, for the table tests of this zone and of those that perform actions. */
import type { ActionKind, ActionOf } from "#contracts/action.ts";
import { newCallId, newConversationId } from "#contracts/ids.ts";

const zeros = (count: number): Uint8Array => new Uint8Array(count);
const base = { call: newCallId(zeros), tool: "sample", args: { path: "notes.md" }, plan: "" };
const conversation = newConversationId(zeros);
const executable = { path: "/usr/bin/uname", sha256: "ab".repeat(32) };
const write = { path: "notes.md", bytes: 4, sha256: "cd".repeat(32), difference: "+text" };
const change = { difference: "+one line" };

export const SAMPLES: { readonly [K in ActionKind]: ActionOf<K> } = {
  workspace_read: { ...base, kind: "workspace_read", path: "notes.md" },
  workspace_list: { ...base, kind: "workspace_list", path: "" },
  workspace_write: { ...base, kind: "workspace_write", ...write },
  folder_read: { ...base, kind: "folder_read", folder: "/srv/a", path: "b" },
  folder_write: { ...base, kind: "folder_write", folder: "/srv/a", ...write },
  channel_reply: { ...base, kind: "channel_reply" },
  memory_read: { ...base, kind: "memory_read" },
  memory_write: { ...base, kind: "memory_write" },
  web_search: { ...base, kind: "web_search", query: "weather" },
  model_call: { ...base, kind: "model_call", provider: "ollama", model: "m" },
  shell_inspect: {
    ...base,
    kind: "shell_inspect",
    argv: ["ls", "src"],
    script: "",
    cwd: ".",
    executable,
    commands: [{ verb: "ls", argv: ["ls", "src"], executable }],
    within: "src",
  },
  external_file_read: { ...base, kind: "external_file_read", path: "/etc/hosts" },
  external_file_write: { ...base, kind: "external_file_write", ...write },
  file_send: { ...base, kind: "file_send", conversation, sha256: "ef".repeat(32), toAsker: false },
  cross_conversation_message: {
    ...base,
    kind: "cross_conversation_message",
    channel: "telegram",
    conversation: "42",
    recipient: "ben",
    text: "hello",
  },
  boxed_exec: {
    ...base,
    kind: "boxed_exec",
    argv: ["make"],
    script: "",
    cwd: "src",
    executable,
    folders: [{ path: "/srv/notes", access: "read" }],
  },
  shell_exec: {
    ...base,
    kind: "shell_exec",
    argv: ["uname", "-a"],
    script: "",
    cwd: "/w",
    executable,
    network: false,
  },
  destructive_file_op: { ...base, kind: "destructive_file_op", path: "notes.md", operation: "delete" },
  network_request: {
    ...base,
    kind: "network_request",
    method: "GET",
    scheme: "https",
    host: "example.com",
    port: 443,
    path: "/",
    bodyBytes: 0,
    bodySha256: "",
    typedByAsker: false,
  },
  credential_use: { ...base, kind: "credential_use", name: "key", host: "example.com" },
  cron_create: { ...base, kind: "cron_create", schedule: "0 8 * * *", text: "say hello", grants: [] },
  skill_install: { ...base, kind: "skill_install", ...change },
  config_change: { ...base, kind: "config_change", ...change },
  policy_change: { ...base, kind: "policy_change", ...change },
  approver_change: { ...base, kind: "approver_change", ...change },
  record_export: { ...base, kind: "record_export", ...change },
  record_erase: { ...base, kind: "record_erase", ...change },
  record_prune: { ...base, kind: "record_prune", ...change },
  mcp_call: {
    ...base,
    kind: "mcp_call",
    server: "s",
    mcpTool: "t",
    definition: "aa",
    readOnly: false,
    input: "{}",
  },
  wasm_call: { ...base, kind: "wasm_call", skill: "s", signer: "k", sha256: "aa", pinned: false },
  cross_channel_memory_read: { ...base, kind: "cross_channel_memory_read", source: "telegram" },
  imported_read: { ...base, kind: "imported_read", source: "old" },
  spawn_subagent: { ...base, kind: "spawn_subagent", agent: "reviewer", ceiling: 1 },
  unknown_tool: { ...base, kind: "unknown_tool", name: "launch", reason: "" },
};
