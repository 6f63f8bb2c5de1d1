import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { SwitchyardClient } from "../../src/client/client.ts";
import type { RunEvent } from "../../src/core/run.ts";
import { nextJobScript, settleScript } from "../../src/engine/handover-scripts.ts";
import { loadScript } from "../../src/redis/script.ts";
import { eventually } from "../support/eventually.ts";
import { Fleet } from "../support/fleet.ts";
import type { Program } from "../support/program.ts";
import { expectNothingLeft } from "../support/soundness.ts";

const typesOf = (events: readonly RunEvent[]) => events.map(({ type }) => type);

async function waiting(fleet: Fleet, runId: string, step: string): Promise<void> {
  await eventually(async () => {
    const { steps } = await fleet.client.get(runId);
    expect([step, steps.find(({ id }) => id === step)?.status]).toEqual([step, "waiting"]);
  });
}

describe("a connection that breaks after a command and before its reply", () => {
  let fleet: Fleet;
  beforeAll(async () => {
    fleet = await Fleet.start({ LLM_PROVIDERS: "openai" }, { behindThief: true });
    await fleet.worker();
    await fleet.client.store(kid);
    await operated("warm-up");
  });
  afterAll(() => fleet?.close());

  const kid = "name: kid\nsteps:\n  - id: s\n    wait: { for: 30ms }\noutput: from the child\n";
  const everything = `name: everything
steps:
  - id: nap
    wait: { for: 100ms }
  - id: number
    wait: { signal: number, schema: { type: object, required: [n], properties: { n: { type: number } } }, timeout: 1h }
  - id: child
    workflow: { name: kid }
  - id: ask
    approval: { message: "Go on?" }
  - id: items
    map:
      over: input.items
      steps:
        - id: s
          wait: { for: 5ms }
output: { n: "{{ steps.number.output.n }}", child: "{{ steps.child.output }}", by: "{{ steps.ask.output.by }}" }
`;

  /** Asks again until it is answered, as a careful caller does. */
  const ask = <T>(what: () => Promise<T>) => eventually(what);

  /** A run that is sent one signal that fits after one that does not, is paused and resumed, and is approved. */
  async function operated(tag: string): Promise<string> {
    const { client } = fleet;
    const input = { items: [1, 2, 3] };
    const { id } = await ask(() => client.submit({ definition: everything, input, idempotencyKey: tag }));
    await waiting(fleet, id, "number");
    await ask(() => client.signal(id, "number", { payload: { n: "seven" }, id: "misfit" }));
    await eventually(async () => expect(typesOf(await client.history(id))).toContain("signal.refused"));
    await ask(() => client.pause(id, { author: "ada" }));
    await ask(() => client.signal(id, "number", { payload: { n: 7 }, id: "fit" }));
    await ask(() => client.resume(id, { author: "ada" }));
    await waiting(fleet, id, "ask");
    await ask(() => client.decide(id, "approve", { author: "ada" }));
    return id;
  }

  const names = ["suspend", "wake", "signal", "take", "save", "pause", "adopt", "stow"];
  const own = names.map((name) => loadScript(name, new URL(`../../src/engine/lua/${name}.lua`, import.meta.url)));
  const scripts = [...own, settleScript, nextJobScript].map(({ name, lua }) => [name, lua] as const);

  test.each(scripts)("%s: the run comes to the same end, and nothing is said twice", async (name, lua) => {
    const before = fleet.thief.stolen();
    fleet.thief.steal(lua);
    const id = await operated(name);
    const run = await fleet.ended(id, 60_000);
    expect(fleet.thief.stolen()).toBe(before + 1);
    expect([run.status, run.output]).toEqual(["succeeded", { n: 7, child: "from the child", by: "ada" }]);
    const types = typesOf(await fleet.client.history(id));
    const count = (type: RunEvent["type"]) => types.filter((other) => other === type).length;
    // Two signals, and the approval.
    expect(count("signal.received")).toBe(3);
    // News for watchers, sent together with what is saved: the only line that may stand twice.
    expect([1, 2]).toContain(count("signal.refused"));
    expect([count("run.paused"), count("run.resumed")]).toEqual([1, 1]);
    expect((await fleet.client.list({ parent: id })).runs.length).toBe(4);
    await eventually(() => expectNothingLeft(fleet));
  });

  test("post: a run is cancelled once", async () => {
    const { lua } = loadScript("post", new URL("../../src/engine/lua/post.lua", import.meta.url));
    const { id } = await fleet.client.submit({ definition: everything, input: { items: [] } });
    await waiting(fleet, id, "number");
    // Not even an id that somebody gave to a signal is taken for the command.
    await fleet.client.signal(id, "other", { id: "cancel" });
    const before = fleet.thief.stolen();
    fleet.thief.steal(lua);
    await ask(() => fleet.client.cancel(id, { author: "ada" }));
    expect((await fleet.ended(id)).status).toBe("cancelled");
    expect(fleet.thief.stolen()).toBe(before + 1);
    expect(typesOf(await fleet.client.history(id)).filter((type) => type === "run.cancelled")).toHaveLength(1);
    await eventually(() => expectNothingLeft(fleet));
  });
});

describe("a fleet", () => {
  let fleet: Fleet;
  let workers: Program[] = [];
  beforeEach(async () => {
    fleet = await Fleet.start({ LLM_PROVIDERS: "openai" });
    workers = [await fleet.worker(), await fleet.worker()];
  });
  afterEach(() => fleet?.close());

  async function killAll(): Promise<void> {
    const programs = [fleet.api, ...workers];
    for (const program of programs) program.kill("SIGKILL");
    await Promise.all(programs.map((program) => program.ended));
    await fleet.crashRedis();
    await fleet.reviveRedis();
    await fleet.serve();
  }

  test("whose Redis is killed while steps wait loses no signal that was accepted, and no wait", async () => {
    const definition = `name: kept
steps:
  - { id: now, needs: [], wait: { signal: now } }
  - { id: nap, needs: [], wait: { for: 3s } }
  - { id: later, needs: [nap], wait: { signal: later } }
output: ["{{ steps.now.output }}", "{{ steps.later.output }}"]
`;
    const runs = await Promise.all(Array.from({ length: 10 }, () => fleet.client.submit({ definition })));
    for (const { id } of runs) await waiting(fleet, id, "nap");
    const [first, ...others] = runs.map(({ id }) => id);
    await Promise.all(others.map((id) => fleet.client.signal(id, "later", { payload: "early" })));
    await Promise.all(others.map((id) => fleet.client.signal(id, "now", { payload: "now" })));
    await fleet.crashRedis();
    await fleet.reviveRedis();
    for (const id of others) expect((await fleet.ended(id, 60_000)).output).toEqual(["now", "early"]);
    await eventually(() => fleet.client.signal(first ?? "", "now"));
    await fleet.client.signal(first ?? "", "later");
    expect((await fleet.ended(first ?? "", 60_000)).output).toEqual([null, null]);
    await eventually(() => expectNothingLeft(fleet));
  });

  test("that is killed whole, Redis included, while runs are paused starts nothing when it is back, until they are resumed", async () => {
    await fleet.client.store(
      'name: kid\nsteps:\n  - id: s\n    wait: { for: 1s }\n  - id: t\n    llm: { prompt: "Task of the child" }\n',
    );
    const definition = `name: paused
steps:
  - { id: s, needs: [], wait: { for: 1s } }
  - { id: t, needs: [s], llm: { prompt: "Task of the run" } }
  - { id: c, needs: [], workflow: { name: kid } }
`;
    const { id } = await fleet.client.submit({ definition });
    await waiting(fleet, id, "c");
    await fleet.client.pause(id, { author: "ada" });
    const [child] = (await fleet.client.list({ parent: id })).runs;
    expect((await fleet.client.get(child?.id ?? "")).status).toBe("paused");
    await killAll();
    workers = [await fleet.worker(), await fleet.worker()];
    // A run that is begun and ends after the naps of the paused one are over.
    const other = await fleet.client.submit({ definition: "name: other\nsteps:\n  - id: s\n    wait: { for: 4s }\n" });
    await fleet.ended(other.id);
    expect(fleet.simulator.hits("openai")).toEqual([]);
    expect((await fleet.client.get(id)).status).toBe("paused");
    await fleet.client.resume(id, { author: "ada" });
    const run = await fleet.ended(id);
    expect([run.status, fleet.simulator.hits("openai").length]).toEqual(["succeeded", 2]);
    expect(typesOf(await fleet.client.history(id)).filter((type) => /paused|resumed/.test(type))).toEqual([
      "run.paused",
      "run.resumed",
    ]);
    await eventually(() => expectNothingLeft(fleet));
  });

  test("is paused and resumed many times over, and no step is left behind or done twice", async () => {
    const definition = {
      name: "restless",
      steps: Array.from({ length: 12 }, (_, i) => ({ id: `s${i}`, llm: { prompt: "Task {{ input.tag }}" } })),
    };
    const { id } = await fleet.client.submit({ definition, input: { tag: "restless" } });
    for (let handover = 0; handover < 25; handover++) {
      const { status } = await fleet.client.get(id);
      if (status === "succeeded") break;
      await fleet.client.pause(id).catch((error) => expect(error.code).toBe("run_ended"));
      await fleet.client.resume(id).catch((error) => expect(error.code).toBe("run_ended"));
    }
    // Well before the fleet looks for missing jobs by itself.
    const run = await fleet.ended(id, 10_000);
    expect([run.status, fleet.simulator.hits("openai").length]).toEqual(["succeeded", 12]);
    await eventually(() => expectNothingLeft(fleet));
  });

  test("takes exactly one way where a signal comes at the instant of its timeout", async () => {
    const definition = `name: instant
steps:
  - { id: s, needs: [], wait: { signal: go, timeout: 400ms, on_timeout: continue } }
  - { id: came, needs: [s], when: "steps.s.output == 'came'", wait: { for: 1ms } }
  - { id: late, needs: [s], when: "steps.s.output != 'came'", wait: { for: 1ms } }
output: "{{ steps.s.output }}"
`;
    /** Submits one, signals it so much later, and says which way it took. */
    async function wayAt(afterMs: number): Promise<"came" | "late"> {
      const { id } = await fleet.client.submit({ definition });
      await new Promise((soon) => setTimeout(soon, afterMs));
      const sent = fleet.client.signal(id, "go", { payload: "came" });
      const answer = await sent.then(() => "kept").catch((error) => String(error.code));
      const run = await fleet.ended(id);
      const [, came, late] = run.steps.map(({ status }) => status);
      expect([came, late].sort()).toEqual(["skipped", "succeeded"]);
      expect(run.output).toBe(came === "succeeded" ? "came" : null);
      // It was refused because the run had ended without it.
      if (answer !== "kept") expect([answer, late]).toEqual(["run_ended", "succeeded"]);
      return came === "succeeded" ? "came" : "late";
    }
    const ways = { came: 0, late: 0 };
    let runs = 0;
    // Around the instant: where that is depends on how busy the machine is, so the next ones go nearer to where both ways are taken.
    for (let firstMs = 300; runs < 200 || Math.min(ways.came, ways.late) === 0; runs += 20) {
      const taken = await Promise.all(Array.from({ length: 20 }, (_, i) => wayAt(firstMs + 20 * i)));
      const came = taken.filter((way) => way === "came").length;
      ways.came += came;
      ways.late += taken.length - came;
      firstMs = Math.max(0, firstMs + (came === 20 ? 200 : came === 0 ? -100 : 0));
    }
    await eventually(() => expectNothingLeft(fleet));
  });

  test("makes one run of fifty submissions with one idempotency key, at two servers; another input under it is refused", async () => {
    const another = new SwitchyardClient({ url: (await fleet.anotherApi()).ready.url ?? "" });
    const definition = 'name: once\nsteps:\n  - id: s\n    llm: { prompt: "Task {{ input.tag }}" }\n';
    const asked = { definition, input: { tag: "once" }, idempotencyKey: "fifty" };
    const runs = await Promise.all(
      Array.from({ length: 50 }, (_, i) => (i % 2 === 0 ? fleet.client : another).submit(asked)),
    );
    expect(new Set(runs.map(({ id }) => id)).size).toBe(1);
    await fleet.ended(runs[0]?.id ?? "");
    expect(fleet.simulator.hits("openai")).toHaveLength(1);
    expect((await fleet.client.list()).runs).toHaveLength(1);
    await expect(another.submit({ ...asked, input: { tag: "other" } })).rejects.toMatchObject({
      code: "idempotency_conflict",
      status: 409,
    });
    await eventually(() => expectNothingLeft(fleet));
  });
});
