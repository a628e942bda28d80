/** A pairing code as an operator passes it on: the link that opens the bot with it, and the words to send by hand. */
import { moment } from "../../output.ts";
import type { PairingWords } from "../../channels/setup.ts";

export interface PairingCode {
  readonly code: string;
  /** Unix milliseconds. */
  readonly expiresMs: number;
}

/** What to do with a code, line by line. */
export function pairingLines(code: PairingCode, { link, press, byHand }: PairingWords): readonly string[] {
  return [
    ...(link === "" ? [byHand] : [`open ${link} and ${press}`, `or ${byHand}`]),
    `it works once, until ${moment(code.expiresMs)}; then say "list files"`,
  ];
}
