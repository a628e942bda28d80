/** The list of defences against the sources: each text still stands there, once, so that the list cannot rot. */
import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { ROOT } from "../source-files.ts";
import { CLASSES } from "./defence.ts";
import { DEFENCES } from "./defences.ts";

test("each defence stands in the sources, once, and something else is without it", async () => {
  const wrong: string[] = [];
  for (const { file, text, without, keeps } of DEFENCES) {
    const whole = await Bun.file(`${ROOT}${file}`).text();
    const times = whole.split(text).length - 1;
    if (times !== 1 || text === without) wrong.push(`${file}: ${keeps}: found ${times} times`);
  }
  expect(wrong).toEqual([]);
});

test("each defence has its tests, and no two are the same", () => {
  const missing = DEFENCES.flatMap(({ tests }) => tests).filter((file) => !existsSync(`${ROOT}${file}`));
  expect(missing).toEqual([]);
  const keys = DEFENCES.map(({ file, text, without }) => JSON.stringify([file, text, without]));
  expect(new Set(keys).size).toBe(DEFENCES.length);
});

test("each class of attack is met by some defence", () => {
  const met = new Set(DEFENCES.map(({ attack }) => attack));
  expect(Object.keys(CLASSES).filter((name) => ![...met].some((attack) => attack === name))).toEqual([]);
});
