/**
 * What an adapter is told of the way out of this computer: the configured proxy, and certificates beside the system's.
 * `config.json` names both and the gateway may write that file, so certificates count only from a file that the gateway
 * could not have written: whoever chooses both a proxy and an authority reads what an adapter sends, its key included.
 */
import { realpathSync } from "node:fs";
import { relative } from "node:path";
import type { Config } from "#contracts/config.ts";
import { type Fault, fail } from "#contracts/fault.ts";
import { type Result, ok } from "#contracts/result.ts";
import type { SecretBytes } from "#contracts/secret.ts";
import { AUTHORITIES_FILE, keepAuthorities } from "#host/authorities-file.ts";
import { configuredAuthorities, parseProxy } from "#host/outbound-fetch.ts";
import { textValue } from "./copied-scope.ts";

export interface WayOut {
  /** URL of the proxy, or empty. */
  readonly proxy: string;
  /** PEM certificates one after the other, or empty. */
  readonly authorities: string;
}

/**
 * Reads what `network` names. Fails with `config` when the proxy is none, the file holds no certificate or is too long,
 * with `refused` when it lies beneath the data folder `root`.
 */
export function wayOut(network: Config["network"], root: string): Result<WayOut, Fault> {
  const proxy = network.proxy === undefined ? ok("") : parseProxy(network.proxy);
  if (!proxy.ok) return proxy;
  if (network.ca_file !== undefined && isBeneath(network.ca_file, root)) {
    return fail("refused", "the file that network.ca_file names lies in the data folder", {
      reason: "ca_file",
      hint: "keep certificates where only you can write",
    });
  }
  const found = configuredAuthorities(network);
  if (!found.ok) return found;
  return ok({ proxy: proxy.value, authorities: found.value.join("\n") });
}

/** Hands certificates over by a file in `folder`; nothing where there are none. */
export function handAuthorities(
  folder: string,
  pem: string,
  handoff: Map<string, SecretBytes>,
): Result<void, Fault> {
  if (pem === "") return ok(undefined);
  const reference = keepAuthorities(folder, pem);
  if (!reference.ok) return reference;
  handoff.set(AUTHORITIES_FILE, textValue(reference.value));
  return ok(undefined);
}

/** True where the file lies beneath the folder, links followed; one that is not there is found out by its reader. */
function isBeneath(file: string, root: string): boolean {
  try {
    const way = relative(realpathSync(root), realpathSync(file));
    return way !== ".." && !way.startsWith("../");
  } catch {
    return false;
  }
}
