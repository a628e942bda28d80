import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { systemSupport } from "#confine/status.ts";
import { GatewayLab, inbound } from "./lab.case.ts";

// Without Landlock no command counts as reading.
const held = systemSupport().landlockAbi > 0;

let lab: GatewayLab;
beforeEach(async () => {
  lab = new GatewayLab();
  await lab.start();
});
afterEach(async () => {
  await lab.stop();
  lab.dispose();
});

const ended = (times: number) => (): boolean =>
  lab.kinds().filter((kind) => kind === "turn_ended").length === times;

test.skipIf(!held)(
  "gateway asks once about a command that reads, and each time about one that writes",
  async () => {
    const chat = await lab.peer("webchat");
    using control = await lab.control();
    chat.connection.send(inbound({ text: "run: ls -la" }));
    await lab.until(() => chat.of("prompt").length === 1, "a prompt");
    const first = chat.of("prompt")[0]?.prompt;
    expect(first).toMatchObject({ tier: 2, answerable: true });
    const approvalId = first?.approvalId ?? "";
    expect((await control.call("permissions_approve", { approvalId, remember: true })).ok).toBe(true);
    await lab.until(ended(1), "the first turn's end");

    for (const [at, command] of ["ls -la", "ls -R .", "ls notes.md"].entries()) {
      chat.connection.send(inbound({ text: `run: ${command}` }));
      await lab.until(ended(at + 2), `the end of ${command}`);
    }
    expect(chat.of("prompt")).toHaveLength(1);
    const decisions = lab.rows().filter((row) => row.kind === "decision" && row.payload?.["by"] === "policy");
    expect(decisions.map((row) => row.payload?.["rule"])).toEqual([
      ["tier"],
      ["granted"],
      ["granted"],
      ["granted"],
    ]);
    const results = lab.rows().filter((row) => row.kind === "tool_result");
    expect(results.map((row) => row.payload?.["outcome"])).toEqual(["done", "done", "done", "done"]);

    chat.connection.send(inbound({ text: "run: ls -la | sort -o x" }));
    await lab.until(() => chat.of("prompt").length === 2, "another prompt");
    expect(chat.of("prompt")[1]?.prompt).toMatchObject({ tier: 3, answerable: false });
    expect(existsSync(join(lab.paths.workspace("default"), "x"))).toBe(false);
  },
);
