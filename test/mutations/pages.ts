/** C2, D1, D3, D4: who may speak to a page's process, what a page may load, and whose request counts. */
import type { Defence } from "./defence.ts";

const APP = ["src/pages/page-app.test.ts"] as const;
const gate = { attack: "C2", file: "src/pages/gate.ts", tests: APP } as const;
const headers = { attack: "C2", file: "src/pages/headers.ts", tests: ["src/pages/headers.test.ts"] } as const;
const app = { attack: "C2", file: "src/pages/page-app.ts", tests: APP } as const;
const keys = {
  attack: "D1",
  file: "src/gateway/page-keys.ts",
  tests: ["src/gateway/page-keys.test.ts"],
} as const;
const login = {
  attack: "D3",
  file: "src/gateway/page-login.ts",
  tests: ["src/gateway/page-keys.test.ts"],
} as const;

/** Directives of the content security policy. */
const DIRECTIVES = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
] as const;

export const PAGES: readonly Defence[] = [
  {
    ...gate,
    keeps: "a page answers to its own names alone",
    text: 'if (host === null || !gate.hosts.has(host)) return err("host");',
    without: 'if (host === null) return err("host");',
  },
  {
    ...gate,
    keeps: "no other origin speaks to a page",
    text: 'if (origin === null ? knock.method === "POST" : !sameOrigin(gate, host, origin)) return err("origin");',
    without: "",
  },
  {
    ...gate,
    keeps: "a POST names its origin",
    text: 'origin === null ? knock.method === "POST" :',
    without: "origin === null ? false :",
  },
  {
    ...gate,
    keeps: "localhost does not speak to 127.0.0.1",
    text: "&& origin === `http://${host}`;",
    without: "&& LOOPBACK_NAMES.some((name) => origin.startsWith(`http://${name}:`));",
  },
  {
    ...gate,
    keeps: "a page on another port of this host is another site",
    text: 'if (site !== null && site !== "same-origin" && (knock.api || !navigation)) return err("fetch_site");',
    without: "",
  },
  {
    ...gate,
    keeps: "an origin of the configuration is one to the letter",
    text: "url === undefined || url.origin !== text || ",
    without: "url === undefined || ",
    tests: ["src/pages/gate.test.ts"],
  },
  ...DIRECTIVES.map(
    (directive): Defence => ({
      ...headers,
      keeps: `the pages' policy says ${directive}`,
      text: `"${directive}",`,
      without: "",
    }),
  ),
  { ...headers, keeps: "no page is framed", text: '"x-frame-options": "DENY",', without: "" },
  {
    ...headers,
    keeps: "no answer is guessed to be a script",
    text: '"x-content-type-options": "nosniff",',
    without: "",
  },
  { ...headers, keeps: "no link tells where it was", text: '"referrer-policy": "no-referrer",', without: "" },
  {
    ...app,
    keeps: "a form cannot send what a page sends",
    text: 'if (request.headers.get("content-type") !== JSON_TYPE) {',
    without: "if (request.headers.get('content-type') === null) {",
  },
  {
    ...app,
    attack: "D4",
    keeps: "a request without a signature goes nowhere",
    text: "const auth = readAuth(request.headers);\n  if (!auth.ok) return refuse(UNSIGNED);\n  const body",
    without:
      "const auth = { ok: true, value: { keyId: '', timeMs: 1, counter: 1, signature: '' } };\n  const body",
  },
  {
    ...app,
    attack: "D4",
    keeps: "a page acts after the gateway accepted its request",
    text: "if (!answered.ok || act === undefined || !isAccepted(answered.value)) return reply(answered);",
    without: "if (act === undefined) return reply(answered);",
    tests: ["src/pages/page-acts.test.ts"],
  },
  {
    ...app,
    attack: "F2",
    keeps: "so many requests a minute and no more",
    text: "if (api && !spare.take()) {",
    without: "if (api && spare === undefined) {",
    tests: ["src/pages/page-acts.test.ts"],
  },
  {
    ...keys,
    keeps: "a request is signed by its page's key",
    text: "if (!verifies(known, signedBytes(request), signature)) {",
    without: "if (signature.length === 0) {",
  },
  {
    ...keys,
    keeps: "a signature is over the path",
    text: "lp(utf8(request.path)),",
    without: "",
  },
  {
    ...keys,
    keeps: "a signature is over the method",
    text: "lp(utf8(request.httpMethod)),",
    without: "",
  },
  {
    ...keys,
    keeps: "a signature is over the body",
    text: "sha256(utf8(request.body)),",
    without: "",
  },
  {
    ...keys,
    keeps: "a request counts once",
    text: "|| known.used.has(counter)) return false;",
    without: ") return false;",
  },
  {
    ...keys,
    keeps: "a counter behind the window is spent",
    text: "if (counter <= known.highest - COUNTER_WINDOW || ",
    without: "if (",
  },
  {
    ...keys,
    keeps: "a request counts near its time",
    text: "if (Math.abs(this.#clock.now() - auth.timeMs) > TIME_MS_MAX || ",
    without: "if (",
  },
  {
    ...keys,
    keeps: "a request of before a restart is not taken again",
    text: "|| auth.timeMs < known.notBeforeMs) {",
    without: ") {",
  },
  {
    ...keys,
    keeps: "counters are spent by good signatures alone",
    text: "const signature = new Uint8Array(",
    without: "takeCounter(known, auth.counter);\n    const signature = new Uint8Array(",
  },
  {
    ...keys,
    attack: "D4",
    keeps: "a page's key counts over its own page's connection",
    text: "if (known === undefined || known.peer !== peer) {",
    without: "if (known === undefined) {",
  },
  {
    ...keys,
    attack: "D4",
    keeps: "keys end with an orderly stop",
    text: 'attested.findLastIndex((row) => row.kind === "stopped");',
    without: "-1;",
  },
  {
    ...login,
    keeps: "a login link is good once",
    text: "if (known?.page === page) this.#tokens.delete(key);",
    without: "",
  },
  {
    ...login,
    keeps: "a login link is good for its page",
    text: "known?.page === page && known.expiresMs",
    without: "known !== undefined && known.expiresMs",
  },
  {
    ...login,
    keeps: "a login link ends",
    text: "&& known.expiresMs > this.#clock.now();",
    without: ";",
  },
];
