/** What the operating system said, as a fault without paths: `errno` names are safe to show, messages are not. */
import { type Fault, fault } from "#contracts/fault.ts";

/** The `errno` name of an error from the system (`ENOENT`), or `undefined`. */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error) || typeof error.code !== "string") return undefined;
  return /^E[A-Z0-9]{1,24}$/.test(error.code) ? error.code : undefined;
}

/** An `io` fault with the error's `errno` name. Rethrows what did not come from the system: that is a bug. */
export function ioFault(message: string, error: unknown): Fault {
  const code = systemCode(error);
  if (code === undefined) throw error;
  return fault("io", `${message} (${code})`, { reason: code });
}
