/**
 * A defence as data: where it stands, what the source would be without it, and the tests that must notice. The classes
 * are those in which the published advisories of comparable programs fall; `docs/attacks.md` says what was tried.
 */

export const CLASSES = {
  A1: "approval and allow-list bypass",
  A2: "command injection",
  A3: "environment injection",
  B1: "escape from confinement",
  B2: "path traversal, links, races",
  B3: "local files as attachments",
  C1: "requests to inner networks",
  C2: "pages: other origins, scripts, framing",
  D1: "replay and forged authentication",
  D2: "sender identity and channel",
  D3: "scope, role and pairing",
  D4: "missing authentication and revocation",
  E1: "foreign words taken for trusted ones",
  E2: "programs and servers that changed",
  F1: "secrets that leak",
  F2: "exhaustion",
  R: "record, signer and vault altered (a class of our own)",
} as const;
export type AttackClass = keyof typeof CLASSES;

export interface Defence {
  readonly attack: AttackClass;
  /** What holds because of it. */
  readonly keeps: string;
  /** Path from the root of the sources. */
  readonly file: string;
  /** Text of the file that is the defence; it occurs there once. */
  readonly text: string;
  /** What stands in its place when it is removed; the file must still be a program. */
  readonly without: string;
  /** Test files of which one at least must fail then. */
  readonly tests: readonly [string, ...string[]];
  /** The tests run the executable, which is built without the defence first. */
  readonly built?: true;
}
