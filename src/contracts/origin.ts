/**
 * A place of the network as operators and models write it (`host`, `host:port`, `http://host:port`; https where nothing
 * is said), in one form: scheme, exact name, port. No path, no user part, no pattern.
 */
export interface Origin {
  readonly scheme: "https" | "http";
  /** Lower-case ASCII name, or an address without brackets. */
  readonly host: string;
  readonly port: number;
}

/** Parses one; `undefined` for whatever else stands there. */
export function parseOrigin(text: string): Origin | undefined {
  if (!/^(https?:\/\/)?[^\s/\\?#@%*]+$/.test(text)) return undefined;
  const full = text.includes("://") ? text : `https://${text}`;
  if (!URL.canParse(full)) return undefined;
  const { protocol, hostname, port } = new URL(full);
  const scheme = protocol === "https:" ? "https" : "http";
  const host = hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "");
  const number = port === "" ? (scheme === "https" ? 443 : 80) : Number(port);
  return host === "" || number === 0 ? undefined : { scheme, host, port: number };
}

/** Its one form as text, the port always named. */
export function originText({ scheme, host, port }: Origin): string {
  return `${scheme}://${host.includes(":") ? `[${host}]` : host}:${port}`;
}
