/**
 * Where a channel's key may be sent. `config.json` names the platform's server, and the gateway may write that file; so
 * what it names counts only where the vault's entry, which the gateway cannot write, was stored for it. Otherwise a
 * taken-over gateway would point an adapter at its own server and be sent the key that it must not see.
 */
import { type Fault, fail } from "#contracts/fault.ts";
import { type Result, ok } from "#contracts/result.ts";

const LOOPBACK: readonly string[] = ["127.0.0.1", "[::1]", "localhost"];

/**
 * Judges the server that a channel's configuration names.
 * @param apiBase `undefined`: the platform's own server
 * @param origins where the channel's key may be sent; empty: the platform's own server and this computer
 * Fails with `refused`, reason `api_base`.
 */
export function judgeApiBase(apiBase: string | undefined, origins: readonly string[]): Result<void, Fault> {
  if (apiBase === undefined) return origins.length === 0 ? ok(undefined) : refused();
  if (!URL.canParse(apiBase)) return refused();
  const { origin, protocol, hostname } = new URL(apiBase);
  if (origins.includes(origin)) return ok(undefined);
  const isHere = protocol === "http:" && LOOPBACK.includes(hostname);
  return isHere && origins.length === 0 ? ok(undefined) : refused();
}

function refused(): Result<never, Fault> {
  return fail("refused", "the channel's key was not stored for the server that config.json names", {
    reason: "api_base",
    hint: "wirken channel add stores it again, with `--api-base` where it is a server of your own",
  });
}
