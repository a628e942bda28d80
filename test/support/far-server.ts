/**
 * A model's endpoint that only a proxy knows: a name that does not resolve, TLS under an authority of its own, and a
 * proxy on loopback that takes CONNECT (RFC 9110, 9.3.6) and leads every tunnel there.
 */
import { type Server, type Socket, connect, createServer } from "node:net";
import { readFileSync } from "node:fs";
import { join } from "node:path";

export const FAR_NAME = "model.wirken.test";

export class FarServer implements Disposable {
  readonly authorityFile: string;
  /** Targets that the proxy was asked for. */
  readonly asked: string[] = [];
  /** Authorization headers that arrived behind the proxy. */
  readonly keys: string[] = [];
  readonly #tls;
  readonly #proxy: Server;
  readonly #sockets = new Set<Socket>();
  readonly #port: number;

  /** `folder`: where the certificates are made, with the system's openssl. */
  constructor(folder: string) {
    this.authorityFile = join(folder, "ca.pem");
    makeCertificates(folder);
    this.#tls = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      tls: { key: readFileSync(join(folder, "key.pem")), cert: readFileSync(join(folder, "cert.pem")) },
      fetch: (request) => this.#answer(request),
    });
    this.#proxy = createServer((socket) => this.#tunnel(socket)).listen(0, "127.0.0.1");
    const address = this.#proxy.address();
    if (address === null || typeof address === "string") throw new Error("the proxy has no port");
    this.#port = address.port;
  }

  get proxyUrl(): string {
    return `http://127.0.0.1:${String(this.#port)}`;
  }

  #answer(request: Request): Response {
    this.keys.push(request.headers.get("authorization") ?? "");
    if (request.method === "GET") return Response.json({ data: [{ id: "m" }] });
    const choice = { index: 0, delta: { content: "From afar." }, finish_reason: "stop" };
    const text = `data: ${JSON.stringify({ choices: [choice] })}\n\ndata: [DONE]\n\n`;
    return new Response(text, { headers: { "content-type": "text/event-stream" } });
  }

  #tunnel(socket: Socket): void {
    this.#keep(socket);
    socket.once("data", (head) => {
      const target = /^CONNECT (\S+) HTTP\/1\.1\r\n/.exec(head.toString("latin1"))?.[1];
      if (target === undefined) return void socket.end("HTTP/1.1 405 Method Not Allowed\r\n\r\n");
      this.asked.push(target);
      const onward = connect(this.#tls.port ?? 0, "127.0.0.1", () => {
        socket.write("HTTP/1.1 200 Connection Established\r\n\r\n");
        socket.pipe(onward).pipe(socket);
      });
      this.#keep(onward);
    });
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("error", () => socket.destroy());
  }

  [Symbol.dispose](): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#proxy.close();
    void this.#tls.stop(true);
  }
}

function makeCertificates(folder: string): void {
  const at = (name: string): string => join(folder, name);
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  openssl([
    "req",
    "-x509",
    ...key,
    "-subj",
    "/CN=lab",
    "-days",
    "2",
    "-keyout",
    at("ca.key"),
    "-out",
    at("ca.pem"),
  ]);
  const name = ["-subj", `/CN=${FAR_NAME}`, "-addext", `subjectAltName=DNS:${FAR_NAME}`];
  openssl(["req", ...key, ...name, "-keyout", at("key.pem"), "-out", at("far.csr")]);
  const by = ["-CA", at("ca.pem"), "-CAkey", at("ca.key"), "-CAcreateserial", "-copy_extensions", "copy"];
  openssl(["x509", "-req", "-in", at("far.csr"), ...by, "-days", "2", "-out", at("cert.pem")]);
}

function openssl(words: readonly string[]): void {
  const { exitCode, stderr } = Bun.spawnSync(["openssl", ...words], { stdout: "ignore", stderr: "pipe" });
  if (exitCode !== 0) throw new Error(`openssl: ${stderr.toString()}`);
}
