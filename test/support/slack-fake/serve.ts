/** The strict Slack as a server on loopback: its Web API, its files and its sockets. */
import type { HubClient, SocketHub } from "./socket-hub.ts";

export interface SocketData {
  readonly ticket: string;
  client?: HubClient;
}

/** What is served. */
export interface Served {
  readonly hub: SocketHub;
  readonly fetch: (url: string, init: BunFetchRequestInit) => Promise<Response>;
}

/** Listens; the caller stops the server. */
export function serveSlack({ hub, fetch: answer }: Served, port: number): Bun.Server<SocketData> {
  return Bun.serve<SocketData>({
    port,
    hostname: "127.0.0.1",
    idleTimeout: 120,
    fetch: async (request, self) => {
      const url = new URL(request.url);
      if (url.pathname === "/link") {
        const ticket = url.searchParams.get("ticket") ?? "";
        return self.upgrade(request, { data: { ticket } })
          ? undefined
          : new Response("no socket", { status: 400 });
      }
      try {
        const body = request.method === "POST" ? { body: await request.text() } : {};
        return await answer(request.url, { method: request.method, headers: request.headers, ...body });
      } catch {
        return new Response("gone", { status: 502 });
      }
    },
    websocket: {
      sendPings: false, // the hub's own, at Slack's pace
      open: (socket) => {
        const client = {
          send: (text: string) => void socket.send(text),
          ping: () => void socket.ping(),
          close: (code: number) => socket.close(code === 1006 ? 1011 : code),
        };
        socket.data.client = client;
        if (!hub.join(socket.data.ticket, client)) socket.close(1008);
      },
      message: (_socket, text) => hub.hear(String(text)),
      close: (socket) => {
        if (socket.data.client !== undefined) hub.leave(socket.data.client);
      },
    },
  });
}
