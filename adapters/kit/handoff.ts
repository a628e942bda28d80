/**
 * What an adapter is handed by the keeper, once, over stdin (docs/formats/handoff.md): its secrets by name and
 * the few settings that are not secret. The kit sees values only through this port, so that it never parses
 * the hand-off itself.
 */
import type { SecretBytes, SecretString } from "#contracts/secret.ts";

export interface AdapterHandoff {
  /** `telegram`, `slack:eu`: the instance this process speaks for. */
  readonly instance: string;
  /** 32 bytes that seal what the adapter keeps in its state folder. */
  readonly stateKey: SecretBytes;
  /** A credential of this channel, by its name in the launch plan; absent when it was not handed over. */
  secret(name: string): SecretString | undefined;
  /** A setting that is not secret (`api-base`); absent when the operator chose none. */
  setting(name: string): string | undefined;
}
