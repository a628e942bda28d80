/**
 * A wire tap on a Unix socket of a running program: the socket is moved aside, and everything that connects from then
 * on passes through here, unchanged and written down, each connection and direction by itself.
 */
import { renameSync } from "node:fs";
import { type Server, type Socket, createConnection, createServer } from "node:net";
import { basename } from "node:path";

/** What one side sent over one connection. */
export interface Tapped {
  readonly from: "peer" | "program";
  readonly pieces: Buffer[];
}

export class SocketTap implements Disposable {
  readonly name: string;
  readonly heard: Tapped[] = [];
  readonly #aside: string;
  readonly #server: Server;
  readonly #open = new Set<Socket>();

  private constructor(path: string) {
    this.name = basename(path);
    this.#aside = `${path}.tapped`;
    renameSync(path, this.#aside);
    this.#server = createServer((peer) => this.#relay(peer));
  }

  /** Taps the listening socket at `path`; resolves when connections pass through. */
  static async on(path: string): Promise<SocketTap> {
    const tap = new SocketTap(path);
    const { promise, resolve } = Promise.withResolvers<void>();
    tap.#server.listen(path, resolve);
    await promise;
    return tap;
  }

  /** Whole streams, one a connection and direction. */
  streams(): readonly { readonly from: Tapped["from"]; readonly bytes: Buffer }[] {
    return this.heard.map(({ from, pieces }) => ({ from, bytes: Buffer.concat(pieces) }));
  }

  [Symbol.dispose](): void {
    for (const socket of this.#open) socket.destroy();
    this.#server.close();
  }

  #relay(peer: Socket): void {
    const program = createConnection(this.#aside);
    this.#pass("peer", peer, program);
    this.#pass("program", program, peer);
  }

  #pass(from: Tapped["from"], source: Socket, sink: Socket): void {
    const tapped: Tapped = { from, pieces: [] };
    this.heard.push(tapped);
    this.#open.add(source);
    source.on("data", (piece) => {
      tapped.pieces.push(Buffer.from(piece));
      sink.write(piece);
    });
    source.on("error", () => sink.destroy()); // a peer that was killed
    source.on("close", () => {
      this.#open.delete(source);
      sink.destroy();
    });
    source.on("end", () => sink.end());
  }
}
