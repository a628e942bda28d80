/** `wirken mcp`: servers of the Model Context Protocol and which of their tools agents may use (docs/mcp.md). */
import type { Group } from "../../command.ts";

export const mcp: Group = {
  description: "connect MCP servers and choose which of their tools agents may use",
  children: {
    add: async () => (await import("./add.ts")).add,
    list: async () => (await import("./list.ts")).list,
    test: async () => (await import("./test.ts")).test,
    approve: async () => (await import("./approve.ts")).approve,
    login: async () => (await import("./login.ts")).login,
    remove: async () => (await import("./remove.ts")).remove,
  },
};
