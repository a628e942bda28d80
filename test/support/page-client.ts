/** A page as its process sees it, for tests without a browser: a key, signed requests, a stream read line by line. */
import { expect } from "bun:test";
import { digestHex, signed } from "./page-gateway.ts";

/** A page's key, as the browser makes one. */
export async function pageKey(process: { readonly url: string; readonly gateway: { mint(): string } }) {
  const pair = await crypto.subtle.generateKey({ name: "Ed25519" }, true, ["sign", "verify"]);
  const raw = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
  const keyId = await digestHex(raw);
  const registered = await post(process, "/api/register", {
    token: process.gateway.mint(),
    algorithm: "Ed25519",
    publicKey: raw.toBase64(),
  });
  expect(registered.status).toBe(200);
  let counter = 0;
  return async (method: string, path: string, body: string): Promise<Record<string, string>> => {
    counter += 1;
    const auth = { timeMs: Date.now(), counter };
    const message = await signed(method, path, body, auth);
    const signature = new Uint8Array(await crypto.subtle.sign({ name: "Ed25519" }, pair.privateKey, message));
    return {
      "x-wirken-key": keyId,
      "x-wirken-time": String(auth.timeMs),
      "x-wirken-counter": String(counter),
      "x-wirken-signature": signature.toBase64(),
    };
  };
}

export function post(
  process: { readonly url: string },
  path: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(process.url + path, {
    method: "POST",
    body: typeof body === "string" ? body : JSON.stringify(body),
    headers: { "content-type": "application/json", origin: process.url, ...headers },
  });
}

interface Line {
  readonly seq: number;
  readonly [more: string]: unknown;
}

/** Reads a stream's lines one by one: several may come in one piece. */
export function linesOf(reader: ReadableStreamDefaultReader<Uint8Array>): () => Promise<Line> {
  let rest = "";
  return async () => {
    while (!rest.includes("\n")) rest += new TextDecoder().decode((await reader.read()).value);
    const end = rest.indexOf("\n");
    const line: Line = JSON.parse(rest.slice(0, end));
    rest = rest.slice(end + 1);
    return line;
  };
}
