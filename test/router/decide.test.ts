import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { strategyNames } from "../../src/config/settings.ts";
import { availability } from "../../src/router/availability.ts";
import { unknownHealth } from "../../src/router/breaker.ts";
import type { RatedCandidate } from "../../src/router/candidates.ts";
import { type DecideInput, decide } from "../../src/router/decide.ts";
import { type OrderFacts, order } from "../../src/router/order.ts";
import { rules } from "../../src/router/rules.ts";
import { strategies } from "../../src/router/strategies/registry.ts";

const now = Date.parse("2026-01-01T12:00:00Z");
const names = ["anthropic", "gemini", "ollama", "openai"];
const unit = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });

const conditions = {
  closed: unknownHealth,
  open: { ...unknownHealth, state: "open", until: now + 3_000 },
  probable: { ...unknownHealth, state: "open", until: now - 1 },
  probed: { ...unknownHealth, state: "half_open", probe: "x", probeUntil: now + 5_000 },
  ramping: { ...unknownHealth, closedAt: now - 6_000 },
  limited: { ...unknownHealth, limitedUntil: now + 1_000 },
  gone: { ...unknownHealth, goneUntil: now + 1_000 },
} as const;

function candidate(
  provider: string,
  condition: keyof typeof conditions,
  more: Partial<RatedCandidate> = {},
): RatedCandidate {
  const health = availability(conditions[condition], { keysOutUntil: 0 }, now, rules);
  return {
    provider,
    model: `${provider}-model`,
    servesAsked: true,
    availability: health,
    latencyMs: null,
    busy: 0,
    costUsd: null,
    ...more,
  };
}

const candidates = fc
  .tuple(
    ...names.map((name) =>
      fc
        .record({
          condition: fc.constantFrom(...(Object.keys(conditions) as (keyof typeof conditions)[])),
          servesAsked: fc.boolean(),
          isExcluded: fc.boolean(),
        })
        .map(({ condition, servesAsked, isExcluded }) =>
          candidate(name, condition, { servesAsked, ...(isExcluded ? { excluded: "not in allow" } : {}) }),
        ),
    ),
  )
  .map((all): readonly RatedCandidate[] => all);

const inputs: fc.Arbitrary<DecideInput> = fc.record({
  strategy: fc.constantFrom(...strategyNames),
  hints: fc.record({ provider: fc.constantFrom(...names) }, { requiredKeys: [] }),
  candidates,
  isSole: fc.constant(false),
  weights: fc.dictionary(fc.constantFrom(...names), fc.constantFrom(0, 1, 50)),
  chain: fc.shuffledSubarray(names),
  counter: fc.nat(),
  bound: fc.constant(null),
  version: fc.nat(),
  avoided: fc.shuffledSubarray(names),
  draws: fc.array(fc.tuple(unit, unit), { minLength: 4, maxLength: 4 }),
  degraded: fc.boolean(),
});

/** Of a first attempt: nobody is avoided. */
const fresh = inputs.map((input): DecideInput => ({ ...input, avoided: [] }));

const isAble = ({ excluded, availability: { block } }: RatedCandidate) => excluded === undefined && !block;

describe("decide", () => {
  test("orders exactly the able and healthy candidates, and lists the others with a reason", () => {
    fc.assert(
      fc.property(inputs, (input) => {
        const { decision, order: targets } = decide(input);
        const able = input.candidates.filter(isAble).map(({ provider }) => provider);
        expect(targets.map(({ provider }) => provider).sort()).toEqual(able);
        expect(decision.candidates.map(({ provider }) => provider).sort()).toEqual(names);
        for (const one of decision.candidates) expect(one.excluded === undefined).toBe(able.includes(one.provider));
        expect(decision.reason).not.toBe("");
      }),
    );
  });

  test("a soft hint comes first where it is able and not ramping, and nowhere else", () => {
    fc.assert(
      fc.property(fresh, (input) => {
        const hinted = input.candidates.find(({ provider }) => provider === input.hints.provider);
        fc.pre(hinted !== undefined && isAble(hinted) && hinted.availability.share === 1);
        expect(decide(input).order[0]?.provider).toBe(hinted?.provider);
      }),
    );
  });

  test("who serves the asked model comes before who does not, as long as nobody is ramping", () => {
    fc.assert(
      fc.property(fresh, (input) => {
        fc.pre(input.hints.provider === undefined);
        fc.pre(input.candidates.every(({ availability: { state } }) => state !== "ramping"));
        const serves = decide(input).order.map(
          (one) => input.candidates.find((c) => c.provider === one.provider)?.servesAsked,
        );
        expect(serves).toEqual([...serves].sort((a, b) => Number(b) - Number(a)));
      }),
    );
  });

  test("is computed again from what it recorded, even after a trip through JSON", () => {
    fc.assert(
      fc.property(inputs, (input) => {
        const { decision, order: targets } = decide(input);
        const facts = JSON.parse(JSON.stringify(decision.inputs)) as OrderFacts;
        expect(order(strategies[input.strategy], facts)).toEqual(targets.map(({ provider }) => provider));
        expect(decide(input)).toEqual(decide(structuredClone(input)));
      }),
    );
  });

  const input = (...some: readonly RatedCandidate[]): DecideInput => ({
    strategy: "weighted",
    hints: {},
    candidates: some,
    isSole: false,
    weights: { anthropic: 30, openai: 70 },
    chain: [],
    counter: 0,
    bound: null,
    version: 0,
    avoided: [],
    draws: some.map(() => [0.5, 0.5]),
    degraded: false,
  });

  test("puts what failed the attempt before behind all others, and says so", () => {
    const both = input(candidate("anthropic", "closed"), candidate("openai", "closed"));
    const { order, decision } = decide({ ...both, hints: { provider: "openai" }, avoided: ["openai"] });
    expect(order.map(({ provider }) => provider)).toEqual(["anthropic", "openai"]);
    expect(decision.reason).toContain("openai failed the attempt before and waits behind");
    const all = decide({ ...both, weights: { openai: 1 }, avoided: ["openai", "anthropic"] });
    expect(all.order.map(({ provider }) => provider)).toEqual(["openai", "anthropic"]);
  });

  test("explains itself to people", () => {
    const { reason } = decide(input(candidate("anthropic", "closed"), candidate("openai", "open"))).decision;
    expect(reason).toBe("weighted drew anthropic (30 of 30); openai is open until 12:00:03");
    const hinted = decide({
      ...input(candidate("anthropic", "closed"), candidate("openai", "limited")),
      hints: { provider: "openai" },
    });
    expect(hinted.decision.reason).toContain("openai is rate limited until 12:00:01");
    const nobody = decide(input(candidate("anthropic", "probed"), candidate("openai", "gone"))).decision;
    expect(nobody.reason).toBe(
      "nobody may be called now; anthropic is half open, another call probes it; openai is out until 12:00:01 (it does not know the model)",
    );
  });

  test("gives a ramping target its share, and everything when it is alone", () => {
    const both = input(candidate("anthropic", "ramping"), candidate("openai", "closed"));
    const first = (draw: number) =>
      decide({
        ...both,
        draws: [
          [0.999, draw],
          [0.001, 0.5],
        ],
      }).order[0]?.provider;
    expect([first(0.19), first(0.21)]).toEqual(["anthropic", "openai"]);
    const alone = decide({
      ...input(candidate("anthropic", "ramping"), candidate("openai", "open")),
      draws: [
        [0.5, 0.99],
        [0.5, 0.5],
      ],
    });
    expect(alone.order.map(({ provider }) => provider)).toEqual(["anthropic"]);
  });

  test("a sole candidate is called although its breaker is open, but not against Retry-After", () => {
    const sole = (condition: keyof typeof conditions) =>
      decide({ ...input(candidate("openai", condition)), isSole: true }).order.length;
    expect([sole("open"), sole("probed"), sole("limited"), sole("gone")]).toEqual([1, 1, 0, 0]);
  });
});
