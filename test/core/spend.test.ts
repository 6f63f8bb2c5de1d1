import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { addUse, groupSpend, noUse, type Spend, type SpendUse, spendDimensions } from "../../src/core/spend.ts";

const count = fc.nat({ max: 1_000_000 });
const use: fc.Arbitrary<SpendUse> = fc.record({
  calls: count,
  failed: count,
  inputTokens: count,
  outputTokens: count,
  cachedInputTokens: count,
  reasoningTokens: count,
  // Binary fractions add up exactly, in any order.
  costUsd: fc.option(count.map((n) => n / 1_024)),
  unpriced: count,
});
const row: fc.Arbitrary<Spend> = fc.record({
  day: fc.constantFrom("2026-11-21", "2026-11-22"),
  provider: fc.constantFrom("openai", "ollama", "a,b"),
  model: fc.constantFrom("m", "n"),
  key: fc.constantFrom("", "key-1"),
  tenant: fc.constantFrom("default", "acme"),
  workflow: fc.constantFrom(null, "null", "w"),
  use,
});
const rows = fc.array(row, { maxLength: 30 });
const by = fc.subarray([...spendDimensions]);
const sum = (uses: readonly SpendUse[]) => uses.reduce(addUse, noUse);

describe("groupSpend", () => {
  test("keeps every sum, whatever the dimensions", () => {
    fc.assert(
      fc.property(rows, by, (all, dimensions) => {
        const groups = groupSpend(all, dimensions);
        expect(sum(groups.map((group) => group.use))).toEqual(sum(all.map((one) => one.use)));
      }),
    );
  });

  test("has one group for each combination, with just the rows that agree with it", () => {
    fc.assert(
      fc.property(rows, by, (all, dimensions) => {
        const groups = groupSpend(all, dimensions);
        const tell = (of: Readonly<Partial<Record<string, unknown>>>) => JSON.stringify(dimensions.map((d) => of[d]));
        expect(new Set(groups.map(({ of }) => tell(of))).size).toBe(groups.length);
        for (const group of groups) {
          expect(Object.keys(group.of)).toEqual(dimensions);
          const members = all.filter((one) => tell({ ...one }) === tell(group.of));
          expect(group.use).toEqual(sum(members.map((one) => one.use)));
        }
      }),
    );
  });

  test("comes in the same order whatever the order of the rows", () => {
    fc.assert(
      fc.property(rows, by, (all, dimensions) => {
        const names = (some: readonly Spend[]) => groupSpend(some, dimensions).map(({ of }) => of);
        expect(names([...all].reverse())).toEqual(names(all));
      }),
    );
  });

  test("of nothing is no group; one empty one where nothing tells groups apart", () => {
    expect(groupSpend([], ["day"])).toEqual([]);
    expect(groupSpend([], [])).toEqual([{ of: {}, use: noUse }]);
  });

  test("a cost is unknown only if it is so in every row", () => {
    const costs = (...all: (number | null)[]) => sum(all.map((costUsd) => ({ ...noUse, costUsd }))).costUsd;
    expect([costs(), costs(null, null), costs(null, 0), costs(null, 0.5, 0.25)]).toEqual([null, null, 0, 0.75]);
  });
});
