/** mcp.json as operators and other programs write it. */
import { describe, expect, test } from "bun:test";
import { parseMcpText } from "./mcp-file.ts";

const ROOT = "/home/person/.wirken";

function read(entry: object | string) {
  return parseMcpText(
    typeof entry === "string" ? entry : JSON.stringify({ mcpServers: { one: entry } }),
    ROOT,
  );
}

describe("parseMcpText", () => {
  test("parseMcpText takes the shape that other programs have, with careful defaults", () => {
    const parsed = read({ type: "stdio", command: "npx", args: ["-y", "pkg"], env: { MODE: "x" } });
    expect(parsed).toMatchObject({
      ok: true,
      value: {
        mcpServers: { one: { command: "npx", network: "none", read: [], write: [], readOnlyTools: [] } },
      },
    });
    expect(read({ type: "http", url: "https://far.example/mcp", headers: { "X-Team": "a" } }).ok).toBe(true);
    expect(read("")).toEqual({ ok: true, value: { mcpServers: {} } });
  });

  test.each([
    ["a secret in env", { command: "x", env: { GITHUB_TOKEN: "ghp_1" } }, "looks like a secret"],
    [
      "a secret in headers",
      { url: "https://a.example", headers: { Authorization: "Bearer x" } },
      "looks like a secret",
    ],
    ["a password in the address", { url: "https://a:b@a.example" }, "https"],
    ["plain http", { url: "http://a.example" }, "https"],
    ["what it does not know", { command: "x", autoApprove: ["all"] }, "autoapprove"],
    ["both kinds", { command: "x", url: "https://a.example" }, "unrecognized"],
    ["neither kind", { args: [] }, "mcpservers.one"],
    ["a relative folder", { command: "x", read: ["docs"] }, "read"],
    ["a folder with ..", { command: "x", read: ["/srv/../etc"] }, "absolute"],
    ["an environment variable with =", { command: "x", credentials: { "A=B": "token" } }, "credentials"],
    ["a header over two lines", { url: "https://a.example", headers: { "X-A": "b\r\nX-C: d" } }, "one line"],
    ["the data folder", { command: "x", read: [`${ROOT}/vault`] }, "data folder"],
    ["a folder around it", { command: "x", write: ["/home/person"] }, "data folder"],
    ["no JSON", "{", "not json"],
    ["a name that is none", '{"mcpServers":{"../x":{"command":"x"}}}', "mcpservers"],
  ])("parseMcpText refuses %s, and says where", (_, entry, why) => {
    const parsed = read(entry);
    expect(parsed.ok).toBe(false);
    if (!parsed.ok) expect(parsed.error.message.toLowerCase()).toContain(why);
  });
});
