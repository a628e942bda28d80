/**
 * A broker over real sockets for tests: two servers of ours behind invented names, and a client that speaks
 * raw bytes.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "#runtime/clock.ts";
import type { Resolve } from "./address.ts";
import { Broker, BROKER_LIMITS, type BrokerLimits, type EgressVerdict } from "./broker.ts";
import type { EgressRule } from "./rule.ts";
import { type Door, listenOnLoopback, systemDial } from "./wires.ts";

export interface BrokerLab extends AsyncDisposable {
  readonly port: number;
  readonly verdicts: readonly EgressVerdict[];
  /** Writes `text` to the broker and resolves to all that came back until the connection ended. */
  raw(text: string | Uint8Array): Promise<string>;
}

/** A rule for everything on one host and port, with what differs. */
export function rule(over: Partial<EgressRule> & Pick<EgressRule, "host" | "port">): EgressRule {
  return { scheme: "https", methods: "any", pathPrefix: "/", privateAddress: true, ...over };
}

/** A broker that listens on loopback. Names are resolved by `resolve`, to 127.0.0.1 by default. */
export async function brokerLab(
  rules: readonly EgressRule[],
  over: {
    readonly token?: string;
    readonly resolve?: Resolve;
    readonly ca?: readonly string[];
    readonly proxy?: { readonly host: string; readonly port: number; readonly secure: boolean };
    readonly limits?: Partial<BrokerLimits>;
    readonly onVerdict?: (verdict: EgressVerdict) => Promise<void>;
  } = {},
): Promise<BrokerLab> {
  const verdicts: EgressVerdict[] = [];
  const broker = new Broker({
    rules,
    token: over.token ?? "",
    clock: systemClock,
    resolve: over.resolve ?? (async () => ["127.0.0.1"]),
    dial: systemDial({ ca: over.ca ?? [], ...(over.proxy === undefined ? {} : { proxy: over.proxy }) }),
    onVerdict: async (verdict) => {
      verdicts.push(verdict);
      await over.onVerdict?.(verdict);
    },
    limits: { ...BROKER_LIMITS, ...over.limits },
  });
  const door: Door = await listenOnLoopback((socket) => void broker.serve(socket));
  return {
    port: door.port,
    verdicts,
    raw: (text) => exchangeRaw(door.port, text),
    [Symbol.asyncDispose]: async () => {
      broker[Symbol.dispose]();
      door[Symbol.dispose]();
    },
  };
}

function exchangeRaw(port: number, text: string | Uint8Array): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const socket = connect(port, "127.0.0.1");
  let answer = "";
  socket.on("data", (bytes: Buffer) => (answer += bytes.toString("latin1")));
  socket.on("close", () => resolve(answer));
  socket.on("error", () => resolve(answer));
  socket.write(text);
  return promise;
}

/** A certificate of its own for `names`, as PEM. Needs openssl. */
export function certificateFor(openssl: string, names: readonly string[]): { key: string; cert: string } {
  const folder = mkdtempSync(join(tmpdir(), "wirken-broker-"));
  const files = [join(folder, "key"), join(folder, "cert")] as const;
  const alternatives = names.map((name) => `DNS:${name}`).join(",");
  const words = `req -x509 -newkey ed25519 -nodes -days 2 -subj /CN=x -addext subjectAltName=${alternatives}`;
  execFileSync(openssl, [...words.split(" "), "-keyout", files[0], "-out", files[1]], { stdio: "ignore" });
  const pair = { key: readFileSync(files[0], "utf8"), cert: readFileSync(files[1], "utf8") };
  rmSync(folder, { recursive: true });
  return pair;
}

/**
 * An outgoing proxy as companies have them: tunnels to 127.0.0.1, whatever address is asked for, and notes
 * it.
 */
export async function companyProxy(
  answer = "200 OK",
): Promise<{ port: number; asked: string[] } & Disposable> {
  const asked: string[] = [];
  const server = createServer((client) => {
    client.on("error", () => undefined);
    client.once("data", (head: Buffer) => {
      const [, authority = "", port = ""] = /^CONNECT (\S+):(\d+) /.exec(head.toString("latin1")) ?? [];
      asked.push(`${authority}:${port}`);
      client.write(`HTTP/1.1 ${answer}\r\n\r\n`);
      if (!answer.startsWith("2")) {
        client.end();
        return;
      }
      const far = connect(Number(port), "127.0.0.1");
      far.on("error", () => client.destroy());
      client.pipe(far).pipe(client);
    });
  });
  const listening = Promise.withResolvers<void>();
  server.listen(0, "127.0.0.1", listening.resolve);
  await listening.promise;
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return { port, asked, [Symbol.dispose]: () => void server.close() };
}
