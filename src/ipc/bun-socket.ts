/** Bun's sockets beyond what its type package declares: taking over an open descriptor, and reading a socket's own. */

/** Where a socket comes from: a descriptor that was inherited, or a path to dial. */
export type SocketSource = { readonly fd: number } | { readonly path: string };

/** Takes over a connected descriptor, or dials a path. Rejects when the system refuses. */
export function openSocket<Data>(
  source: SocketSource,
  data: Data,
  socket: Bun.SocketHandler<Data>,
): Promise<Bun.Socket<Data>> {
  if ("path" in source) return Bun.connect<Data>({ unix: source.path, data, socket });
  // Where `fd` is given Bun reads no path; the declared options ask for one. A test does this over a socketpair.
  const options = { unix: "", fd: source.fd, data, socket };
  return Bun.connect<Data>(options);
}

/** The descriptor of an open socket, for getsockopt; −1 when it has none. */
export function descriptorOf(socket: object): number {
  return "fd" in socket && typeof socket.fd === "number" ? socket.fd : -1;
}
