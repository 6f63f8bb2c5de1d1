import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { applyOverrides, asOverrides, checkOverrides, type RoutingOverrides } from "../../src/config/overrides.ts";
import { type RoutingSettings, strategyNames } from "../../src/config/settings.ts";
import { AppError } from "../../src/core/errors.ts";
import { refusal, settingsFolder } from "./folder.ts";

const folder = settingsFolder();
const keys = {
  OPENAI_API_KEY: "sk-openai-1,sk-openai-2",
  ANTHROPIC_API_KEY: "sk-ant-1",
  OLLAMA_ENDPOINT: "http://o:1",
};

describe("checkOverrides", () => {
  test("gives back what was said and nothing else, texts as data", () => {
    const settings = folder.load(keys);
    expect(checkOverrides({}, settings)).toEqual({});
    expect(
      checkOverrides(
        { weights: "openai:50, anthropic:30", enabled: "openai,anthropic", strict_default: "yes" },
        settings,
      ),
    ).toEqual({
      weights: { openai: 50, anthropic: 30 },
      enabled: ["openai", "anthropic"],
      strict_default: true,
    });
    const said = {
      strategy: "failover",
      default: "ollama",
      drained: ["openai"],
      limits: { openai: { concurrency: 3, keys: { "key-2": { usd_per_day: 0.5 } } } },
      affinity: "run",
      hedge_after: "off",
      shadow: "off",
      check_every: "30s",
    };
    expect(checkOverrides(said, settings)).toEqual(said);
  });

  test.each([[null], [[]], ["strategy"], [5], [undefined]])("refuses %j, which is no object", (raw) => {
    expect(refusal(() => checkOverrides(raw, folder.load(keys))).problems[0]).toMatchObject({
      path: "routing",
      message: expect.stringContaining("allowed: strategy, weights"),
    });
  });

  test("looks at what comes out together with the settings of the start", () => {
    const settings = folder.load({ ...keys, DEFAULT_LLM_PROVIDER: "ollama", PROVIDER_WEIGHTS: "ollama:1" });
    const enabling = refusal(() => checkOverrides({ enabled: ["openai", "anthropic"] }, settings)).problems;
    expect(enabling.map(({ path }) => path)).toEqual(["routing.enabled", "routing.enabled"]);
    expect(enabling[0]?.message).toContain("The default ollama is not enabled");
    expect(enabling[1]?.message).toContain("(openai, anthropic) weighs 0");
    const said = { enabled: ["openai", "anthropic"], default: "openai", weights: { openai: 1 } };
    expect(checkOverrides(said, settings)).toEqual(said);
    const drained = folder.load(keys, "routing: { drained: [openai] }");
    expect(refusal(() => checkOverrides({ enabled: ["openai"] }, drained)).message).toContain("(openai) is drained");
  });

  test("takes text that looks like a reference as text", () => {
    const problem = refusal(() => checkOverrides({ default: "${OPENAI_API_KEY}" }, folder.load(keys))).problems[0];
    expect(problem?.message).toContain("No provider is called ${OPENAI_API_KEY}");
  });

  test("tells what has no effect", () => {
    const warnings: string[] = [];
    checkOverrides({ enabled: ["openai"], drained: ["ollama"], weights: { openai: 1, ollama: 1 } }, folder.load(keys), {
      warnings,
    });
    expect(warnings).toEqual([
      "routing.weights weighs ollama, which routing.enabled does not enable.",
      "routing.drained drains ollama, which routing.enabled does not enable.",
    ]);
  });

  test("takes `since` from the program only", () => {
    const settings = folder.load(keys);
    const said = { since: { openai: 1_700_000_000_000 } };
    expect(refusal(() => checkOverrides(said, settings)).problems[0]).toMatchObject({ path: "routing.since" });
    expect(checkOverrides(said, settings, { since: true })).toEqual(said);
    const wrong = refusal(() => checkOverrides({ since: { openai: "soon" } }, settings, { since: true }));
    expect(wrong.problems[0]).toMatchObject({
      path: "routing.since.openai",
      message: expect.stringContaining('"soon"'),
    });
  });
});

const duration = fc.oneof(
  fc.constant("off"),
  fc.integer({ min: 1_000, max: 3_600_000 }).map((ms) => `${ms}ms`),
);
const whole = fc.integer({ min: 1, max: 1_000_000 });
const amount = fc.double({ min: 0, max: 1e6, noNaN: true });
const limits = {
  requests_per_minute: whole,
  tokens_per_minute: whole,
  concurrency: whole,
  usd_per_day: fc.double({ min: 0.01, max: 1e6, noNaN: true }),
};
const anyKeys = { requiredKeys: [] };

/** Anything well-formed that may be said about these providers. */
const said = (...names: readonly string[]): fc.Arbitrary<RoutingOverrides> => {
  const name = fc.constantFrom(...names);
  const keysOf = fc.dictionary(fc.constantFrom("key-1", "key-2"), fc.record(limits, anyKeys));
  const shadow = fc.record(
    { provider: name, model: fc.string({ minLength: 1 }), share: fc.double({ min: 0, max: 1, noNaN: true }) },
    { requiredKeys: ["provider", "share"] },
  );
  return fc.record(
    {
      strategy: fc.constantFrom(...strategyNames),
      weights: fc.dictionary(name, amount),
      default: name,
      enabled: fc.array(name),
      costs: fc.dictionary(name, amount),
      strict_default: fc.boolean(),
      drained: fc.array(name, { maxLength: 2 }),
      limits: fc.dictionary(name, fc.record({ ...limits, keys: keysOf }, anyKeys)),
      affinity: fc.constantFrom("none" as const, "run" as const),
      hedge_after: duration,
      shadow: fc.oneof(fc.constant("off" as const), shadow),
      check_every: duration,
      since: fc.dictionary(name, fc.nat()),
    },
    anyKeys,
  );
};

const configured = ["openai", "anthropic", "ollama"];
const overrides = said(...configured, "gone", "__proto__", "constructor");
const base: RoutingSettings = {
  strategy: "weighted",
  weights: { openai: 1, anthropic: 1, ollama: 1 },
  defaultProvider: "openai",
  enabled: configured,
  costs: {},
  strictDefault: false,
  drained: [],
  limits: {},
  affinity: "none",
  hedgeAfterMs: null,
  shadow: null,
  checkEveryMs: null,
  budgets: {},
  rampSince: {},
};
const routings = overrides.map((one) => applyOverrides(base, one, configured));

/** Every provider that a routing names. */
const namesOf = (routing: RoutingSettings): string[] => [
  ...routing.enabled,
  ...routing.drained,
  ...(routing.defaultProvider === null ? [] : [routing.defaultProvider]),
  ...(routing.shadow === null ? [] : [routing.shadow.provider]),
  ...[routing.weights, routing.costs, routing.limits, routing.rampSince].flatMap((byName) => Object.keys(byName)),
];

describe("applyOverrides", () => {
  test("leaves a routing as it is when nothing is said", () => {
    fc.assert(
      fc.property(routings, (routing) => {
        expect(applyOverrides(routing, {}, configured)).toEqual(routing);
      }),
    );
  });

  test("names only providers that this process configures, whatever was said", () => {
    fc.assert(
      fc.property(routings, overrides, fc.subarray(configured), (routing, said, here) => {
        const own = applyOverrides(routing, {}, configured);
        const names = namesOf(applyOverrides(own, said, here));
        const allowed = new Set([...here, ...namesOf(own)]);
        expect(names.filter((one) => !allowed.has(one))).toEqual([]);
        expect(applyOverrides(base, said, configured).enabled.filter((one) => !configured.includes(one))).toEqual([]);
      }),
    );
  });

  test("said twice is said once", () => {
    fc.assert(
      fc.property(routings, overrides, (routing, said) => {
        const once = applyOverrides(routing, said, configured);
        expect(applyOverrides(once, said, configured)).toEqual(once);
      }),
    );
  });

  test("each key of what comes out is either the one said or the one from before", () => {
    fc.assert(
      fc.property(routings, overrides, (routing, said) => {
        const after = applyOverrides(routing, said, configured);
        const kept = (key: keyof RoutingOverrides, member: keyof RoutingSettings) => {
          if (said[key] === undefined) expect(after[member]).toEqual(routing[member]);
        };
        kept("strategy", "strategy");
        kept("weights", "weights");
        kept("enabled", "enabled");
        kept("costs", "costs");
        kept("strict_default", "strictDefault");
        kept("drained", "drained");
        kept("limits", "limits");
        kept("affinity", "affinity");
        kept("hedge_after", "hedgeAfterMs");
        kept("shadow", "shadow");
        kept("check_every", "checkEveryMs");
        kept("since", "rampSince");
        for (const one of configured)
          if (said.weights) expect(after.weights[one]).toBe(Object.hasOwn(said.weights, one) ? said.weights[one] : 0);
        if (after.defaultProvider !== null) expect(after.enabled).toContain(after.defaultProvider);
      }),
    );
  });

  test("a routing written as overrides gives the same routing on any other", () => {
    fc.assert(
      fc.property(routings, routings, (routing, other) => {
        const { defaultProvider } = routing;
        const from = { ...other, defaultProvider };
        const written = JSON.parse(JSON.stringify(asOverrides(routing))) as RoutingOverrides;
        expect(applyOverrides(from, written, configured)).toEqual(routing);
      }),
    );
  });

  test("the check at run time and the start agree: on the routing that comes out, or on everything that is wrong", () => {
    const settings = folder.load(keys);
    const seen = { taken: 0, refused: 0 };
    fc.assert(
      fc.property(said("openai", "anthropic", "ollama"), ({ since: _, ...one }) => {
        const raw = JSON.parse(JSON.stringify(one)) as unknown;
        const atStart = outcomeOf(() => folder.load(keys, `routing: ${JSON.stringify(raw)}\n`).routing);
        const atRunTime = outcomeOf(() => applyOverrides(settings.routing, checkOverrides(raw, settings), configured));
        expect(atRunTime).toEqual(atStart);
        seen[Array.isArray(atStart) ? "refused" : "taken"]++;
      }),
    );
    expect(seen).toEqual({ taken: expect.any(Number), refused: expect.any(Number) });
    expect(Math.min(seen.taken, seen.refused)).toBeGreaterThan(0);
  });
});

/** What comes out, or what is wrong. */
function outcomeOf<T>(act: () => T): T | readonly string[] {
  try {
    return act();
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return error.problems.map(({ path, message }) => `${path}: ${message}`);
  }
}
