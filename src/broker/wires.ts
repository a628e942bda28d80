/** The broker's network: connections to addresses that were judged before, and listeners that others made. */
import { type Server, type Socket, connect as connectPlain, createServer } from "node:net";
import type { Duplex } from "node:stream";
import { connect as connectSecure } from "node:tls";

/** Where a connection goes. */
export interface Way {
  /** The judged address: no name, so that nothing resolves it again. */
  readonly address: string;
  readonly port: number;
  /** Present: the broker speaks TLS, and the certificate must be this name's (or this address's). */
  readonly secureAs?: string;
}

/** Connects. Rejects when nothing answers, the certificate is not good, or the signal ends it. */
export type Dial = (way: Way, signal: AbortSignal) => Promise<Duplex>;

/** Dials with the system's certificate authorities and those of `ca` (PEM). */
export function systemDial(ca: readonly string[]): Dial {
  return ({ address, port, secureAs }, signal) => {
    const socket =
      secureAs === undefined
        ? connectPlain({ host: address, port })
        : connectSecure({
            host: address,
            port,
            servername: secureAs,
            ALPNProtocols: ["http/1.1"],
            ...(ca.length === 0 ? {} : { ca: [...ca] }),
          });
    return settled(socket, secureAs === undefined ? "connect" : "secureConnect", signal);
  };
}

function settled(socket: Socket, event: "connect" | "secureConnect", signal: AbortSignal): Promise<Duplex> {
  const { promise, resolve, reject } = Promise.withResolvers<Duplex>();
  const fail = (): void => {
    socket.destroy();
    reject(new Error("broker: no connection"));
  };
  socket.on("error", fail); // stays: a later error without a listener would end the process
  socket.once(event, () => {
    signal.removeEventListener("abort", fail);
    resolve(socket);
  });
  if (signal.aborted) fail();
  signal.addEventListener("abort", fail, { once: true });
  return promise;
}

/** A listener whose connections are handed on. */
export interface Door extends Disposable {
  readonly port: number;
}

/** Serves a listening socket that was made elsewhere, in a network of its own, and is ours to accept on. */
export function adoptListener(fd: number, onConnection: (socket: Duplex) => void): Door {
  return doorOf(server(onConnection).listen({ fd }));
}

/** Listens on a free port of 127.0.0.1. Rejects when there is none. */
export async function listenOnLoopback(onConnection: (socket: Duplex) => void): Promise<Door> {
  const listening = server(onConnection).listen({ host: "127.0.0.1", port: 0 });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  listening.once("listening", resolve);
  listening.once("error", reject);
  await promise;
  return doorOf(listening);
}

function server(onConnection: (socket: Duplex) => void): Server {
  return createServer({ allowHalfOpen: true }, onConnection);
}

function doorOf(listening: Server): Door {
  return {
    get port() {
      const address = listening.address();
      return address === null || typeof address === "string" ? 0 : address.port;
    },
    [Symbol.dispose]: () => void listening.close(),
  };
}
