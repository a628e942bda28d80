/**
 * Certificates on their way to a role: a distribution's whole bundle is larger than a hand-off may be, and no secret.
 * The keeper writes them to one file that no role can write, and hands over its name and hash
 * (docs/formats/handoff.md, `authorities-file`).
 */
import { join } from "node:path";
import { type Fault, fail } from "#contracts/fault.ts";
import { type Result, ok } from "#contracts/result.ts";
import { SecretBytes } from "#contracts/secret.ts";
import { CA_BYTES_MAX } from "./outbound-fetch.ts";
import { ensureFolder, readFileBounded, writeFileAtomic } from "./files.ts";
import type { Handoff } from "./handoff.ts";

/** What the keeper hands over. */
export const AUTHORITIES_FILE = "authorities-file";
/** What the role finds in its place. */
export const AUTHORITIES = "authorities";
const FILE = "authorities.pem";

/** Keeps `pem` in `folder` for roles to read. Returns the reference to hand over: `<sha256> <path>`. */
export function keepAuthorities(folder: string, pem: string): Result<string, Fault> {
  const bytes = new TextEncoder().encode(pem);
  const path = join(folder, FILE);
  const reference = `${sha256(bytes)} ${path}`;
  const there = readFileBounded(path, CA_BYTES_MAX);
  if (there.ok && sha256(there.value) === sha256(bytes)) return ok(reference);
  const made = ensureFolder(folder);
  if (!made.ok) return made;
  const written = writeFileAtomic(path, bytes);
  return written.ok ? ok(reference) : written;
}

/**
 * Puts the certificates themselves in the place of the reference, where a hand-off has one. Fails with `config` when
 * the file is not the one that was meant: the role ends, and is started again with what is true then.
 */
export function takeAuthorities(handoff: Handoff): Result<Handoff, Fault> {
  const reference = handoff.get(AUTHORITIES_FILE)?.use((bytes) => new TextDecoder().decode(bytes));
  if (reference === undefined) return ok(handoff);
  const [, hash, path = ""] = /^([0-9a-f]{64}) (.+)$/s.exec(reference) ?? [];
  const bytes = readFileBounded(path, CA_BYTES_MAX);
  if (!bytes.ok || sha256(bytes.value) !== hash) {
    return fail("config", "the file of certificates that was handed over is another or gone", {
      reason: "handoff",
    });
  }
  handoff.set(AUTHORITIES, SecretBytes.take(bytes.value));
  return ok(handoff);
}

function sha256(bytes: Uint8Array): string {
  return new Bun.CryptoHasher("sha256").update(bytes).digest("hex");
}
