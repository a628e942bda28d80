/** The proxy and the certificates that adapters are handed. */
import { afterAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { rootCertificates } from "node:tls";
import { takeAuthorities } from "#host/authorities-file.ts";
import { handAuthorities, wayOut } from "./way-out.ts";

const folder = mkdtempSync(join(tmpdir(), "wk-"));
afterAll(() => rmSync(folder, { recursive: true }));
const root = join(folder, "data");
mkdirSync(root);
const PEM = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----";
const outside = join(folder, "ca.pem");
const inside = join(root, "ca.pem");
for (const path of [outside, inside]) writeFileSync(path, `a remark\n${PEM}\n`);

test("wayOut hands over the proxy and the certificates alone", () => {
  expect(wayOut({}, root)).toEqual({ ok: true, value: { proxy: "", authorities: "" } });
  expect(wayOut({ proxy: "http://proxy.example:3128", ca_file: outside }, root)).toEqual({
    ok: true,
    value: { proxy: "http://proxy.example:3128/", authorities: PEM },
  });
});

test("wayOut takes no certificate that the gateway could have written, also over a link", () => {
  const link = join(folder, "link.pem");
  symlinkSync(inside, link);
  for (const ca_file of [inside, link]) {
    expect(wayOut({ ca_file }, root)).toMatchObject({ ok: false, error: { reason: "ca_file" } });
  }
});

test("wayOut refuses what is no proxy, a password in it, and a bundle above 1 MiB", () => {
  for (const proxy of ["socks5://x", "http://ana:secret@x", "nonsense"]) {
    expect(wayOut({ proxy }, root)).toMatchObject({ ok: false, error: { code: "config" } });
  }
  const long = join(folder, "long.pem");
  writeFileSync(long, `${PEM}\n`.repeat(20_000));
  const refused = wayOut({ ca_file: long }, root);
  expect(refused.ok ? "" : refused.error.message).toContain("larger than 1048576 bytes");
});

test("takeAuthorities gives a role the whole of a distribution's bundle, and no other file in its place", () => {
  const pem = rootCertificates.join("\n");
  expect(pem.length).toBeGreaterThan(150_000);
  const trust = join(folder, "trust");
  const handoff = new Map();
  expect(handAuthorities(trust, pem, handoff)).toEqual({ ok: true, value: undefined });
  const taken = takeAuthorities(handoff);
  const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  expect(taken.ok && taken.value.get("authorities")?.use(text)).toBe(pem);
  writeFileSync(join(trust, "authorities.pem"), PEM);
  expect(takeAuthorities(handoff)).toMatchObject({ ok: false, error: { code: "config", reason: "handoff" } });
  rmSync(join(trust, "authorities.pem"));
  expect(takeAuthorities(handoff).ok).toBe(false);
});
