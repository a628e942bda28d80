/** The POST routes of the chat page. */
import type { ChatApi } from "#contracts/page-api.ts";

type ChatRoute = Exclude<keyof ChatApi, "/api/stream">;

const ROUTES = {
  "/api/state": true,
  "/api/conversations": true,
  "/api/history": true,
  "/api/send": true,
  "/api/stop": true,
  "/api/again": true,
  "/api/answer": true,
  "/api/undo": true,
  "/api/record": true,
  "/api/verify": true,
} as const satisfies Record<ChatRoute, true>;

export const CHAT_ROUTES: readonly string[] = Object.keys(ROUTES);
