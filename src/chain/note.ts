/** Checkpoints: C2SP tlog-checkpoint inside C2SP signed-note, printed and parsed strictly. */
import { type Result, err, ok } from "#contracts/result.ts";
import { concat, equalBytes, fromBase64, toBase64, utf8 } from "./bytes.ts";
import type { Crypto } from "./crypto.ts";

/** Signature type byte of a plain Ed25519 note signature. */
const ED25519 = 0x01;
const NOTE_CHARS_MAX = 65_536;
const SIGNATURES_MAX = 64;
const SIZE = /^(?:0|[1-9][0-9]{0,15})$/;
// C2SP forbids spaces and plus in key names, and control characters in the whole note.
const KEY_NAME = /^[^\s+\p{Cc}\p{Z}]+$/u;

export interface Checkpoint {
  readonly origin: string;
  readonly size: number;
  readonly root: Uint8Array;
}

export interface NoteSignature {
  readonly name: string;
  readonly keyId: Uint8Array;
  readonly signature: Uint8Array;
}

export interface SignedCheckpoint extends Checkpoint {
  /** Number of extension lines; ours have none. */
  readonly extensions: number;
  /** What the signatures cover. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

/** Origin of a log's checkpoints; `restored` counts the `restored` rows before. */
export function originOf(logIdHex: string, restored = 0): string {
  return restored === 0 ? `wirken/${logIdHex}` : `wirken/${logIdHex}/${restored}`;
}

/** The text that a checkpoint's key signs. */
export function checkpointText(checkpoint: Checkpoint): string {
  return `${checkpoint.origin}\n${checkpoint.size}\n${toBase64(checkpoint.root)}\n`;
}

/** `H(name ‖ 0x0A ‖ 0x01 ‖ key)[0..4]`. */
export function noteKeyId(crypto: Crypto, name: string, key: Uint8Array): Uint8Array {
  return crypto.sha256(concat(utf8(`${name}\n`), Uint8Array.of(ED25519), key)).slice(0, 4);
}

/** Prints a note with one signature under a key named by the origin. */
export function printCheckpoint(
  crypto: Crypto,
  checkpoint: Checkpoint,
  key: Uint8Array,
  signature: Uint8Array,
): string {
  const id = noteKeyId(crypto, checkpoint.origin, key);
  return `${checkpointText(checkpoint)}\n— ${checkpoint.origin} ${toBase64(concat(id, signature))}\n`;
}

/** Parses a signed checkpoint. Every accepted text is the only one for its values. */
export function parseCheckpoint(note: string): Result<SignedCheckpoint, "note_malformed"> {
  if (note.length > NOTE_CHARS_MAX || !note.isWellFormed()) return err("note_malformed");
  const split = note.lastIndexOf("\n\n");
  if (split < 0 || !note.endsWith("\n")) return err("note_malformed");
  const text = note.slice(0, split + 1);
  const body = text.slice(0, -1).split("\n");
  const [origin = "", sizeText = "", rootText = ""] = body;
  const root = fromBase64(rootText);
  const size = Number(sizeText);
  if (body.length < 3 || body.some((line) => line === "" || /\p{Cc}/u.test(line)))
    return err("note_malformed");
  if (!SIZE.test(sizeText) || !Number.isSafeInteger(size) || root?.length !== 32)
    return err("note_malformed");
  const lines = note.slice(split + 2, -1).split("\n");
  if (lines.length > SIGNATURES_MAX) return err("note_malformed");
  const signatures: NoteSignature[] = [];
  for (const line of lines) {
    const signature = parseSignature(line);
    if (signature === undefined) return err("note_malformed");
    signatures.push(signature);
  }
  return ok({ origin, size, root, extensions: body.length - 3, text, signatures });
}

/**
 * True when the note carries a valid signature of `key` under the origin's name, and none that fails under
 * it.
 */
export function isSignedBy(crypto: Crypto, note: SignedCheckpoint, key: Uint8Array): boolean {
  const id = noteKeyId(crypto, note.origin, key);
  const own = note.signatures.filter(({ name, keyId }) => name === note.origin && equalBytes(keyId, id));
  const message = utf8(note.text);
  return own.length > 0 && own.every(({ signature }) => crypto.verify(key, message, signature));
}

function parseSignature(line: string): NoteSignature | undefined {
  const [dash, name = "", encoded = "", ...rest] = line.split(" ");
  if (dash !== "—" || rest.length > 0 || !KEY_NAME.test(name)) return undefined;
  const bytes = fromBase64(encoded);
  if (bytes === undefined || bytes.length < 5) return undefined;
  return { name, keyId: bytes.slice(0, 4), signature: bytes.slice(4) };
}
