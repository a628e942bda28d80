import { expect, test } from "bun:test";
import fc from "fast-check";
import { jcs } from "#contracts/json.ts";
import { type ProfileLayer, mergeProfiles, pathUnder, profileJson } from "./profile.ts";

const layer: fc.Arbitrary<ProfileLayer> = fc.record(
  {
    maxTier: fc.constantFrom(1, 2, 3),
    allowedHosts: fc.array(
      fc.record({ host: fc.constantFrom("a.com", "b.com"), pathPrefix: fc.constantFrom("/", "/x", "/x/y") }),
      { maxLength: 3 },
    ),
    providers: fc.array(
      fc.record({
        name: fc.constantFrom("p", "q"),
        upTo: fc.constantFrom("public", "personal", "credential"),
      }),
      { maxLength: 2 },
    ),
    deniedKinds: fc.subarray(["shell_exec", "mcp_call"] as const),
  },
  { requiredKeys: [] },
);

test("mergeProfiles does not depend on the order of layers, and a layer never widens", () => {
  fc.assert(
    fc.property(fc.array(layer, { minLength: 1, maxLength: 4 }), layer, (layers, more) => {
      const merged = mergeProfiles(layers);
      expect(jcs(profileJson(mergeProfiles(layers.toReversed())))).toBe(jcs(profileJson(merged)));
      const narrower = mergeProfiles([...layers, more]);
      expect(narrower.maxTier).toBeLessThanOrEqual(merged.maxTier);
      expect(narrower.deniedKinds).toEqual(expect.arrayContaining([...merged.deniedKinds]));
      if (layers.some(({ allowedHosts }) => allowedHosts !== undefined)) {
        for (const { host, pathPrefix } of narrower.allowedHosts) {
          const covers = merged.allowedHosts.some(
            (wide) => wide.host === host && pathUnder(pathPrefix, wide.pathPrefix),
          );
          expect(covers).toBe(true);
        }
      }
    }),
    { numRuns: 300 },
  );
});

test("mergeProfiles grants nothing where nobody does", () => {
  expect(mergeProfiles([])).toEqual({ maxTier: 1, allowedHosts: [], providers: [], deniedKinds: [] });
  expect(mergeProfiles([{ maxTier: 3 }]).providers).toEqual([]);
});

test("pathUnder ends at segments and refuses what a server may fold", () => {
  const table: readonly [string, string, boolean][] = [
    ["/a/b", "/a", true],
    ["/a", "/a", true],
    ["/a?q", "/a", true],
    ["/ab", "/a", false],
    ["/a/../b", "/a", false],
    ["/a/%2e%2e/b", "/a", false],
    ["/a/%2fb", "/a", false],
    ["/a\\..\\b", "/a", false],
    ["/anything", "/", true],
  ];
  for (const [path, prefix, under] of table) expect([path, pathUnder(path, prefix)]).toEqual([path, under]);
});
