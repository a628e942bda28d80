/** Whose call a server's question belongs to: where that is not plain, nobody is asked. */
import { describe, expect, test } from "bun:test";
import { loadLibc } from "#host/libc.ts";
import { McpLab, labEntry } from "./lab.case.ts";

const schema = { type: "object", properties: { sure: { type: "boolean" } }, required: ["sure"] };

describe.if(loadLibc() !== undefined)("a server's question", () => {
  test("is put to nobody while two of its calls run, and to the person again when one does", async () => {
    await using lab = new McpLab({ servers: { one: labEntry("honest") }, person: () => true });
    await lab.ready("one");
    const [, asked] = await Promise.all([lab.call("one", "slow"), lab.call("one", "ask", { schema })]);
    expect(asked.text).toBe('{"action":"decline"}');
    expect(lab.questions).toEqual([]);
    expect((await lab.call("one", "ask", { schema })).text).toContain("accept");
    expect(lab.questions).toHaveLength(1);
  });
});
