/** What an operator let in of an MCP server's program: anything that differs keeps it from starting. */
import { expect, test } from "bun:test";
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type McpStdioEntry, mcpFileSchema } from "#contracts/mcp-config.ts";
import { checkPin, pinProgram } from "./program-pin.ts";

function entryOf(value: Readonly<Record<string, unknown>>): McpStdioEntry {
  const entry = mcpFileSchema.parse({ mcpServers: { one: value } }).mcpServers["one"];
  if (entry === undefined || !("command" in entry)) throw new Error("entry");
  return entry;
}

test("checkPin lets in what was pinned, and refuses another program, file, command line or reach", () => {
  const folder = mkdtempSync(join(tmpdir(), "wk-pin-"));
  const program = join(folder, "server");
  const script = join(folder, "script.js");
  writeFileSync(program, "#!/bin/sh\n");
  writeFileSync(script, "1");
  chmodSync(program, 0o755);
  symlinkSync(program, join(folder, "link"));
  const plain = { command: "link", args: [script, "--quiet"] };
  expect(checkPin(entryOf(plain))).toMatchObject({ ok: false, error: { reason: "not_approved" } });
  const made = pinProgram(entryOf(plain), folder);
  if (!made.ok) throw new Error(made.error.message);
  const { value: pin } = made;
  expect(pin.command).toBe(program);
  expect(Object.keys(pin.files)).toEqual([script]);
  const entry = entryOf({ ...plain, pin });
  expect(checkPin(entry)).toEqual({ ok: true, value: program });

  for (const change of [
    { args: [script] },
    { env: { NODE_OPTIONS: "--require /tmp/x.js" } },
    { credentials: { KEY: "other" } },
    { write: ["/srv"] },
    { network: "unconfined" },
  ]) {
    expect(checkPin(entryOf({ ...plain, ...change, pin }))).toMatchObject({
      error: { reason: "entry_changed" },
    });
  }
  writeFileSync(script, "2");
  expect(checkPin(entry)).toMatchObject({ error: { reason: "program_changed" } });
  writeFileSync(script, "1");
  expect(checkPin(entry).ok).toBe(true);
  writeFileSync(program, "#!/bin/sh\nrm\n");
  expect(checkPin(entry)).toMatchObject({ error: { reason: "program_changed" } });
  rmSync(program);
  expect(checkPin(entry)).toMatchObject({ error: { reason: "program_changed" } });
  rmSync(folder, { recursive: true });
});

test("pinProgram finds no program in the folder it is called from, and none that cannot be run", () => {
  const folder = mkdtempSync(join(tmpdir(), "wk-pin-"));
  writeFileSync(join(folder, "data"), "x");
  expect(pinProgram(entryOf({ command: "./server" }), folder).ok).toBe(false);
  expect(pinProgram(entryOf({ command: "data" }), folder).ok).toBe(false);
  expect(pinProgram(entryOf({ command: "sh" }), ".:relative").ok).toBe(false);
  rmSync(folder, { recursive: true });
});
