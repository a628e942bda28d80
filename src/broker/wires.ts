/** The broker's network: connections to addresses that were judged before, and listeners that others made. */
import { type Server, type Socket, connect as connectPlain, createServer } from "node:net";
import type { Duplex } from "node:stream";
import { connect as connectSecure, rootCertificates } from "node:tls";
import { isIpLiteral } from "./public-address.ts";

/** Where a connection goes. */
export interface Way {
  /** The judged address: no name, so that nothing resolves it again. */
  readonly address: string;
  readonly port: number;
  /** Present: the broker speaks TLS, and the certificate must be this name's, or this address's. */
  readonly secureAs?: string;
}

/** Connects. Rejects when nothing answers, the certificate is not good, or the signal ends it. */
export type Dial = (way: Way, signal: AbortSignal) => Promise<Duplex>;

export interface Outside {
  /** Certificate authorities (PEM) beside the system's own. */
  readonly ca: readonly string[];
  /** Host and port of an HTTP proxy that everything but loopback goes through. */
  readonly proxy?: { readonly host: string; readonly port: number; readonly secure: boolean };
}

/** The configured way out as the broker's connections need it. The proxy was parsed when the configuration was read. */
export function outsideOf(proxy: string | undefined, ca: readonly string[]): Outside {
  if (proxy === undefined) return { ca };
  const { hostname, port, protocol } = new URL(proxy);
  const usual = protocol === "https:" ? 443 : 80;
  return {
    ca,
    proxy: { host: hostname, port: port === "" ? usual : Number(port), secure: protocol === "https:" },
  };
}

/**
 * Dials as the configuration describes the way out. Through a proxy too, it is the judged address that is
 * asked for.
 */
export function systemDial({ ca, proxy }: Outside): Dial {
  const trusted = ca.length === 0 ? {} : { ca: [...rootCertificates, ...ca] };
  return async ({ address, port, secureAs }, signal) => {
    const through = proxy !== undefined && !isLoopback(address);
    const plain = through
      ? await askProxy(await toProxy(proxy, trusted, signal), { address, port }, signal)
      : connectPlain({ host: address, port });
    if (secureAs === undefined) return through ? plain : connected(plain, "connect", signal);
    const name = isIpLiteral(secureAs) ? {} : { servername: secureAs };
    const secure = connectSecure({ socket: plain, ...name, ...trusted, ALPNProtocols: ["http/1.1"] });
    return connected(secure, "secureConnect", signal);
  };
}

/** The connection to the proxy itself: TLS for its own name where its URL says https. */
function toProxy(
  { host, port, secure }: NonNullable<Outside["proxy"]>,
  trusted: { readonly ca?: string[] },
  signal: AbortSignal,
): Promise<Socket> {
  if (!secure) return connected(connectPlain({ host, port }), "connect", signal);
  const name = isIpLiteral(host) ? {} : { servername: host };
  return connected(connectSecure({ host, port, ...name, ...trusted }), "secureConnect", signal);
}

function isLoopback(address: string): boolean {
  return address === "::1" || address.startsWith("127.");
}

/** Opens a tunnel (RFC 9110 section 9.3.6). Rejects when the proxy says anything but 2xx. */
async function askProxy(
  proxy: Socket,
  { address, port }: { readonly address: string; readonly port: number },
  signal: AbortSignal,
): Promise<Socket> {
  const authority = `${address.includes(":") ? `[${address}]` : address}:${port}`;
  proxy.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`);
  const head = await headOf(proxy, signal);
  if (/^HTTP\/1\.[01] 2\d\d /.test(head)) return proxy;
  proxy.destroy();
  throw new Error("broker: the proxy refused");
}

const PROXY_HEAD_BYTES_MAX = 16_384;

function headOf(socket: Socket, signal: AbortSignal): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let head = "";
  const fail = (): void => {
    socket.destroy();
    reject(new Error("broker: no answer of the proxy"));
  };
  const add = (bytes: Uint8Array): void => {
    head += Buffer.from(bytes).toString("latin1");
    if (head.length > PROXY_HEAD_BYTES_MAX) fail();
    if (!head.includes("\r\n\r\n")) return;
    // A server waits for its client's first bytes: what came behind the head would be the proxy's own.
    socket.off("data", add);
    socket.pause();
    signal.removeEventListener("abort", fail);
    resolve(head.endsWith("\r\n\r\n") ? head : "");
  };
  socket.on("data", add);
  socket.once("close", fail);
  signal.addEventListener("abort", fail, { once: true });
  return promise.finally(() => socket.off("close", fail));
}

function connected(socket: Socket, event: "connect" | "secureConnect", signal: AbortSignal): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
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
