/** What Bun's sockets have and its type package does not declare yet: the descriptor, and taking over an open one. */
declare module "bun" {
  interface Socket<Data = undefined> {
    /** The descriptor, for getsockopt. */
    readonly fd: number;
  }
  function connect<Data = undefined>(options: FdSocketOptions<Data>): Promise<Socket<Data>>;
}

/** Takes over a connected descriptor, or dials a path. Rejects when the system refuses. */
export function openSocket<Data>(
  to: { readonly fd: number } | { readonly path: string },
  data: Data,
  socket: Bun.SocketHandler<Data>,
): Promise<Bun.Socket<Data>> {
  return "fd" in to
    ? Bun.connect<Data>({ fd: to.fd, data, socket })
    : Bun.connect<Data>({ unix: to.path, data, socket });
}
