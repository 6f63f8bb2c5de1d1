import { describe, expect, test } from "vitest";
import type { RouterUnderTest } from "./router-under-test.ts";
import { wired } from "./wired.ts";

const w = wired();
const callers = Array.from({ length: 400 }, (_, i) => `tenant-${i}`);
const weighted = (weights: string) =>
  w.start(
    { LLM_PROVIDERS: "openai,anthropic", LLM_ROUTING_STRATEGY: "weighted", PROVIDER_WEIGHTS: weights },
    [],
    Math.random,
  );

/** Whom each caller would be given. */
async function drawn({ router }: RouterUnderTest): Promise<ReadonlyMap<string, string>> {
  const all = callers.map(async (caller) => {
    const { candidates } = await router.explain({ hints: { caller } });
    return [caller, candidates[0]?.provider ?? ""] as const;
  });
  return new Map(await Promise.all(all));
}
const share = (of: ReadonlyMap<string, string>, name: string) =>
  [...of.values()].filter((provider) => provider === name).length / of.size;

describe("a caller", () => {
  test("is given the same provider each time, by every router, and others are shared by weight", async () => {
    const [one, other] = [weighted("openai:90,anthropic:10"), weighted("openai:90,anthropic:10")];
    const first = await drawn(one);
    expect(await drawn(other)).toEqual(first);
    expect(share(first, "anthropic")).toBeGreaterThan(0.06);
    expect(share(first, "anthropic")).toBeLessThan(0.14);
    for (const caller of callers.slice(0, 20)) {
      for (const router of [one, other])
        expect(await router.ask({ caller })).toMatchObject({ served: { provider: first.get(caller) } });
    }
  });

  test("moves only if it must when the weights change", async () => {
    const before = await drawn(weighted("openai:90,anthropic:10"));
    const after = await drawn(weighted("openai:80,anthropic:20"));
    const moved = callers.filter((caller) => before.get(caller) !== after.get(caller));
    expect(new Set(moved.map((caller) => after.get(caller)))).toEqual(new Set(["anthropic"]));
    expect(moved.length / callers.length).toBeGreaterThan(0.06);
    expect(moved.length / callers.length).toBeLessThan(0.14);
    expect(share(after, "anthropic")).toBeGreaterThan(0.16);
    expect(share(after, "anthropic")).toBeLessThan(0.24);
    expect(await drawn(weighted("openai:900,anthropic:100"))).toEqual(before);
  });

  test("goes elsewhere while its provider is out, and comes back", async () => {
    const router = weighted("openai:50,anthropic:50");
    const first = await drawn(router);
    const caller = callers.find((one) => first.get(one) === "openai") ?? "";
    w.vendors.fail("openai", 429, { "retry-after": "30" });
    expect(await router.ask({ caller })).toMatchObject({ served: { provider: "anthropic" } });
    w.vendors.up("openai");
    w.clock.advance(30_000);
    for (let i = 0; i < 3; i++) expect(await router.ask({ caller })).toMatchObject({ served: { provider: "openai" } });
  });
});
