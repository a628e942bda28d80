/** Credentials of tools as the gateway is handed them. */
import { expect, test } from "bun:test";
import { SecretBytes } from "#contracts/secret.ts";
import { sealedHeader } from "#contracts/tool-credential.ts";
import { toolCredentials } from "./tool-credentials.ts";

const bytesOf = (text: string): SecretBytes => SecretBytes.take(new TextEncoder().encode(text));
const sealed = (): SecretBytes => {
  using secret = bytesOf("s3cret-of-a-tool");
  return sealedHeader({ header: "authorization", prefix: "Bearer " }, secret);
};

test("toolCredentials binds each to its one origin, and leaves out what is bound to none, to several, or malformed", () => {
  const handoff = new Map([
    ["tool:lab", sealed()],
    ["tool-origins:lab", bytesOf('["https://api.example.com"]')],
    ["tool:none", sealed()],
    ["tool-origins:none", bytesOf("[]")],
    ["tool:several", sealed()],
    ["tool-origins:several", bytesOf('["https://a.example","https://b.example"]')],
    ["tool:bare", bytesOf("only a secret")],
    ["tool-origins:bare", bytesOf('["https://api.example.com"]')],
    ["provider:openai", bytesOf("a key of another kind")],
  ]);
  const found = toolCredentials(handoff);
  expect([...found.keys()]).toEqual(["lab"]);
  const lab = found.get("lab");
  expect(lab?.origin).toEqual({ scheme: "https", host: "api.example.com", port: 443 });
  expect(lab?.edge).toMatchObject({ name: "lab", header: "authorization", prefix: "Bearer " });
  expect(lab?.edge.secret.use((text) => text)).toBe("s3cret-of-a-tool");
});
