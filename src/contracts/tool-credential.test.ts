/** What stands in the vault for a credential of tools. */
import { expect, test } from "bun:test";
import { SecretBytes } from "./secret.ts";
import { isHeaderPlace, isHeaderSecret, openedHeader, sealedHeader } from "./tool-credential.ts";

const bytesOf = (text: string): SecretBytes => SecretBytes.take(new TextEncoder().encode(text));

test("openedHeader gives back what sealedHeader took", () => {
  using secret = bytesOf("s3cret");
  using sealed = sealedHeader({ header: "authorization", prefix: "Bearer " }, secret);
  const opened = openedHeader(sealed);
  if (!opened.ok) throw new Error("form");
  expect(opened.value.place).toEqual({ header: "authorization", prefix: "Bearer " });
  expect(opened.value.secret.equals(secret)).toBe(true);
});

test.each([
  "",
  "authorization",
  "authorization\0",
  "authorization\0Bearer \0",
  "a\0b\0c\0d",
  "Host\0\0x",
  "host\0\0x",
])("openedHeader refuses %j", (text) => {
  using value = bytesOf(text);
  expect(openedHeader(value).ok).toBe(false);
});

test("isHeaderPlace and isHeaderSecret take nothing that begins another header or moves the request", () => {
  for (const header of [
    "host",
    "proxy-authorization",
    "content-length",
    "accept-encoding",
    "A",
    "a b",
    "a:",
    "a\r\nb",
    "",
  ])
    expect(isHeaderPlace({ header, prefix: "" })).toBe(false);
  for (const prefix of ["a\r\nb", "\0", "é"]) expect(isHeaderPlace({ header: "x-key", prefix })).toBe(false);
  const isSecret = (text: string): boolean => isHeaderSecret(new TextEncoder().encode(text));
  for (const text of ["", "a b", "a\r\n", "é", "\0", "x".repeat(8_193)]) expect(isSecret(text)).toBe(false);
  expect(isSecret("sk-abc_123")).toBe(true);
});
