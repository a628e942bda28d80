/** Output through a pipe whose reader is slow, or goes away. */
import { expect, test } from "bun:test";

const MODULE = `${import.meta.dir}/standard-stream.ts`;
const PROGRAM = `const { writeWhole } = await import(${JSON.stringify(MODULE)});
writeWhole(1, "x".repeat(1_000_000) + "\\n"); writeWhole(1, "end\\n"); process.exit(7);`;

test("writeWhole loses nothing at the end of the process", async () => {
  const child = Bun.spawn([process.execPath, "-e", PROGRAM], { stdout: "pipe", stderr: "pipe" });
  await Bun.sleep(100);
  const text = await new Response(child.stdout).text();
  expect({ length: text.length, end: text.slice(-4) }).toEqual({ length: 1_000_005, end: "end\n" });
  expect(await child.exited).toBe(7);
});

test("writeWhole ends when nobody reads", async () => {
  const child = Bun.spawn([process.execPath, "-e", PROGRAM], { stdout: "pipe", stderr: "pipe" });
  await child.stdout.cancel();
  expect(await child.exited).toBe(7);
});
