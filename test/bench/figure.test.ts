import { expect, test } from "bun:test";
import { compare, median, quantile } from "./figure.ts";
import { tableOf } from "./table.ts";

test.each([
  [[3], 0.5, 3],
  [[4, 1], 0.5, 2.5],
  [[9, 1, 5], 0.5, 5],
  [[1, 2, 3, 4, 5], 0.99, 4.96],
  [[1, 2, 3, 4, 5], 1, 5],
])("quantile of %j at %d is %d", (values, share, expected) => {
  expect(quantile(values, share)).toBeCloseTo(expected, 10);
});

test("median refuses to be of nothing", () => {
  expect(() => median([])).toThrow(RangeError);
});

test("compare runs both in turn, leaves the first pair out and takes the median of the pairs' ratios", async () => {
  const order: string[] = [];
  const feed = (name: string, values: readonly number[]) => {
    let at = 0;
    return () => {
      order.push(name);
      return values[at++] ?? Number.NaN;
    };
  };
  const compared = await compare(3, feed("ours", [999, 1, 8, 6]), feed("bare", [999, 2, 4, 6]));
  expect(order.join(" ")).toBe("bare ours bare ours bare ours bare ours");
  expect(compared).toEqual({ value: 6, baseline: 4, ratio: 1 });
});

test("tableOf says whether an aim was reached, and nothing about what was not measured", () => {
  const aim = { of: "ratio", bound: "at_least", at: 0.7 } as const;
  const figures = [
    { name: "a", unit: "rows/s", value: 70, baseline: 100, ratio: 0.7, aim },
    { name: "b", unit: "rows/s", value: 69, baseline: 100, ratio: 0.69, aim },
    { name: "c", unit: "ms", value: null, aim, note: "not measured: dist/wirken is missing" },
  ];
  const [, a = "", b = "", c = ""] = tableOf(figures);
  expect(a).toEndWith("reached");
  expect(b).toEndWith("missed");
  expect(c).toMatch(/-.*not measured: dist\/wirken is missing$/);
  expect(c).not.toMatch(/reached|missed/);
});
