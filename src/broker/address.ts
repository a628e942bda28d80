/**
 * Which address a host is reached at: resolved once, judged, and then the only one that is connected to, so
 * that a second answer of the resolver (DNS rebinding) leads nowhere.
 */
import { type Result, err, ok } from "#contracts/result.ts";
import { isIpLiteral, isPublicAddress } from "./public-address.ts";

/** All addresses of a host name. Rejects when there are none. */
export type Resolve = (host: string) => Promise<readonly string[]>;

export interface AddressFacts {
  readonly resolve: Resolve;
  /** The operator listed the host: it may lie at a private address. */
  readonly privateAddress: boolean;
  readonly signal: AbortSignal;
}

/**
 * The address of `host` to connect to. One address that is not public refuses the host: which of them is
 * used is not ours to say. Rejects when the signal ends the waiting or the resolver fails.
 */
export async function judgedAddress(
  host: string,
  { resolve, privateAddress, signal }: AddressFacts,
): Promise<Result<string, "unresolved" | "private_address">> {
  const addresses = isIpLiteral(host) ? [host] : await abortable(resolve(host), signal);
  const [first] = addresses;
  if (first === undefined) return err("unresolved");
  return privateAddress || addresses.every(isPublicAddress) ? ok(first) : err("private_address");
}

/** The resolver takes no signal; its answer is no longer waited for. */
function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const stop = (): void => aborted.reject(new Error("aborted"));
  if (signal.aborted) stop();
  signal.addEventListener("abort", stop, { once: true });
  return Promise.race([promise, aborted.promise]).finally(() => signal.removeEventListener("abort", stop));
}

/** The system's resolver. */
export const systemResolve: Resolve = async (host) => {
  const answers = await Bun.dns.lookup(host);
  return answers.map(({ address }) => address);
};
