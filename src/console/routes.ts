/** The POST routes of the console page. */
import type { ConsoleApi } from "#contracts/page-api.ts";

type ConsoleRoute = Exclude<keyof ConsoleApi, "/api/stream">;

const ROUTES = {
  "/api/state": true,
  "/api/approvals": true,
  "/api/answer": true,
  "/api/again": true,
  "/api/timeline": true,
  "/api/row": true,
  "/api/raw": true,
  "/api/verify": true,
  "/api/open-chat": true,
} as const satisfies Record<ConsoleRoute, true>;

export const CONSOLE_ROUTES: readonly string[] = Object.keys(ROUTES);
