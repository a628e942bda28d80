import { expect, test } from "bun:test";
import { BASE_TIER } from "#contracts/action.ts";
import { grantKeyOf, STORABLE_KINDS } from "./grant.ts";
import { SAMPLES } from "./samples.case.ts";

test("docs/policy.md has one row for every kind, with its tier and whether it is stored", async () => {
  const text = await Bun.file(new URL("../../docs/policy.md", import.meta.url)).text();
  const rows = [...text.matchAll(/^\| ([a-z_]+) \| ([123]) \|.*\| ([^|]+) \|$/gm)];
  const storable: readonly string[] = STORABLE_KINDS;
  const documented = rows.map(([, kind = "", tier, stored]) => [kind, Number(tier), stored !== "–"]);
  const actual = Object.entries(BASE_TIER).map(([kind, tier]) => [kind, tier, storable.includes(kind)]);
  expect(documented).toEqual(actual);
});

test("STORABLE_KINDS are exactly the kinds that can have a key", () => {
  const lowered = { ...SAMPLES.mcp_call, readOnly: true };
  const pinned = { ...SAMPLES.wasm_call, pinned: true };
  const withKey = [...Object.values(SAMPLES), lowered, pinned].filter(
    (action) => grantKeyOf(action) !== undefined,
  );
  expect(new Set(withKey.map(({ kind }) => kind))).toEqual(new Set(STORABLE_KINDS));
});
