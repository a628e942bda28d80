/**
 * The client that the official conformance suite starts, over the proxy's own code: one remote server, its address the
 * last word. Logs in where it is asked to, as an operator with a browser would, and calls every tool once.
 */
import { McpLab } from "#mcp/lab.case.ts";

const LOGINS_MAX = 3;
/** The document that the suite takes for its client's. */
const METADATA = "https://conformance-test.local/client-metadata.json";
const url = process.argv.at(-1) ?? "";
const context = JSON.parse(process.env["MCP_CONFORMANCE_CONTEXT"] ?? "{}");

await using lab = new McpLab({ servers: { c: entryOf() }, secrets: secretsOf(), person: () => true });
const steady = ["ready", "login", "refused", "waiting"];
let view = await lab.until("c", ({ state }) => steady.includes(state));
for (let i = 0; view.state === "login" && i < LOGINS_MAX; i++) view = await logIn();
if (view.state !== "ready") throw new Error(`${view.state}: ${view.code} ${view.detail}`);
for (const { name } of view.tools) {
  let answer = await lab.call("c", name, { a: 5, b: 3 });
  for (let i = 0; answer.code === "login" && i < LOGINS_MAX; i++) {
    await lab.until("c", ({ state }) => state === "login");
    await logIn();
    answer = await lab.call("c", name, { a: 5, b: 3 });
  }
  process.stderr.write(`${name}: ${JSON.stringify(answer)}\n`);
}

async function logIn() {
  const login = lab.logins.get("c");
  const begun = await login?.begin("http://127.0.0.1:9/callback");
  if (begun?.ok !== true) throw new Error(`login: ${begun?.error.message}`);
  const page = await fetch(begun.value.url, { redirect: "manual" });
  const back = new URL(page.headers.get("location") ?? "", begun.value.url);
  const finished = await login?.finish(back.search.slice(1));
  if (finished?.ok !== true) throw new Error(`login: ${finished?.error.message}`);
  lab.server("c").reconnect();
  return await lab.until("c", ({ state, starts }) => steady.includes(state) && starts > view.starts);
}

function entryOf(): Record<string, unknown> {
  const { client_id: clientId, client_secret: secret } = context;
  if (clientId === undefined) return { url, oauth: { clientMetadataUrl: METADATA } };
  const credentials = secret === undefined ? {} : { client_secret: "secret" };
  return { url, oauth: { clientId }, credentials };
}

function secretsOf(): Record<string, string> {
  return context.client_secret === undefined ? {} : { "c/secret": context.client_secret };
}
