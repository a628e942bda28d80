/** What a file is, by its first bytes: a platform's word for it is the sender's word. */
const SIGNATURES: readonly (readonly [hex: string, type: string])[] = [
  ["89504e470d0a1a0a", "image/png"],
  ["ffd8ff", "image/jpeg"],
  ["47494638", "image/gif"],
  ["25504446", "application/pdf"],
  ["504b0304", "application/zip"],
  ["1f8b", "application/gzip"],
  ["4f676753", "audio/ogg"],
  ["494433", "audio/mpeg"],
  ["7f454c46", "application/x-executable"],
  ["4d5a", "application/x-executable"],
];
const TYPE = /^[a-z0-9][a-z0-9.+-]{0,62}\/[a-z0-9][a-z0-9.+-]{0,62}$/;
const UNKNOWN = "application/octet-stream";

/**
 * The type of a file.
 * @param declared what the platform says; believed only where the bytes do not speak and it claims no picture
 */
export function mediaTypeOf(head: Uint8Array, declared: string): string {
  const hex = head.toHex();
  const found = SIGNATURES.find(([signature]) => hex.startsWith(signature))?.[1];
  const claim = declared.toLowerCase();
  if (!TYPE.test(claim)) return found ?? UNKNOWN;
  // Office documents are zips and a webp begins like a wave file: a claim of the same family may be finer than we are.
  if (found === undefined) return /^image\/(png|jpeg|gif)$/.test(claim) ? UNKNOWN : claim;
  return found === "application/zip" && claim.startsWith("application/") ? claim : found;
}
