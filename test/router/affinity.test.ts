import { describe, expect, test } from "vitest";
import type { RouterUnderTest } from "./router-under-test.ts";
import { wired } from "./wired.ts";

const w = wired();

/** Takes turns, so that whoever stays does so for the run's sake. */
const turns = (affinity: "none" | "run" = "run", hedgeAfter = "off") =>
  w.start({ LLM_PROVIDERS: "openai,anthropic", LLM_ROUTING_STRATEGY: "round_robin" }, [], undefined, {
    routing: { affinity, hedge_after: hedgeAfter },
  });
const served = async (router: RouterUnderTest, affinity?: string, hints = {}) => {
  const outcome = await router.ask(hints, affinity === undefined ? {} : { affinity });
  return outcome.type === "answered" ? outcome.served.provider : outcome.type;
};

describe("affinity: run", () => {
  test("the steps of a run stay with one provider, in whatever process they are; other runs take their turns", async () => {
    const [one, other] = [turns(), turns()];
    const first = await served(one, "run-a");
    for (let i = 0; i < 5; i++) expect(await served(i % 2 ? one : other, "run-a")).toBe(first);
    const others = [await served(one, "run-b"), await served(other, "run-c"), await served(one), await served(one)];
    expect(new Set(others)).toEqual(new Set(["openai", "anthropic"]));
    const outcome = await other.ask({}, { affinity: "run-a" });
    expect(outcome.decision?.reason).toBe(`the run stays with ${first}`);
    expect(outcome.decision?.inputs.bound).toBe(first);
  });

  test("a run that had to fail over stays where it went, also when the first is back", async () => {
    const [one, other] = [turns(), turns()];
    const first = (await served(one, "run-a")) as "openai" | "anthropic";
    const second = first === "openai" ? "anthropic" : "openai";
    w.vendors.fail(first, 503);
    expect(await served(other, "run-a")).toBe(second);
    w.vendors.up(first);
    for (let i = 0; i < 4; i++) expect(await served(i % 2 ? one : other, "run-a")).toBe(second);
  });

  test("a run whose calls all failed stays bound to whom it was bound to", async () => {
    const router = turns();
    const first = (await served(router, "run-a")) as "openai" | "anthropic";
    const second = first === "openai" ? "anthropic" : "openai";
    for (const name of [first, second] as const) w.vendors.fail(name, 503);
    expect(await served(router, "run-a", { max_calls: 2 })).toBe("failed");
    for (const name of [first, second] as const) w.vendors.up(name);
    for (let i = 0; i < 2; i++) expect(await served(router, "run-a")).toBe(first);
  });

  test("a call that was outrun binds nobody", async () => {
    const router = turns("run", "300ms");
    const slow = w.vendors.hold("openai");
    await router.ask({ provider: "openai" }, { affinity: "run-a" });
    expect(slow.closed + slow.waiting).toBe(1);
    w.vendors.up("openai");
    for (let i = 0; i < 3; i++) expect(await served(router, "run-a")).toBe("anthropic");
  });

  test("a hint wins; who does not serve the asked model is not stayed with", async () => {
    const router = turns();
    const first = await served(router, "run-a");
    const second = first === "openai" ? "anthropic" : "openai";
    expect(await served(router, "run-a", { provider: second })).toBe(second);
    const models = { openai: "gpt-5.2", anthropic: "claude-opus-4-5" };
    for (const name of ["openai", "anthropic"] as const)
      expect(await served(router, "run-a", { model: models[name] })).toBe(name);
  });

  test("is off unless it is set", async () => {
    const router = turns("none");
    const all = [];
    for (let i = 0; i < 4; i++) all.push(await served(router, "run-a"));
    expect(all.sort()).toEqual(["anthropic", "anthropic", "openai", "openai"]);
  });
});
