/** What main.ts gives to a role's `main` after it read the hand-off. The role owns the secrets. */
import type { SecretBytes } from "./secret.ts";

export interface RoleStart {
  /** Words of the command line after the role's name. */
  readonly words: readonly string[];
  /** The hand-off by name (handoff.ts). */
  readonly handoff: Map<string, SecretBytes>;
  /** Aborted by SIGINT and SIGTERM. */
  readonly signal: AbortSignal;
  /** Absolute path of the gateway's socket where the link is not inherited on descriptor 3, else empty. */
  readonly gatewaySocket: string;
}

/** A role's entry: resolves to the process's exit code. */
export type RoleMain = (start: RoleStart) => Promise<number>;

/** The text of a hand-off value; `undefined` when it was not handed over. For values that are not secret. */
export function handedText(handoff: ReadonlyMap<string, SecretBytes>, name: string): string | undefined {
  return handoff.get(name)?.use((bytes) => new TextDecoder("utf-8", { fatal: true }).decode(bytes));
}
