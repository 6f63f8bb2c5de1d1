import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { Fleet } from "../support/fleet.ts";
import type { Program } from "../support/program.ts";
import { expectNothingLeft } from "../support/soundness.ts";

let fleet: Fleet;
beforeAll(async () => {
  fleet = await Fleet.start({ LLM_PROVIDERS: "openai" });
});
afterAll(() => fleet?.close());

const definition = `name: cancelled
steps:
  - id: s
    llm: { prompt: "Task of {{ input.tag }}" }
    timeout: 10m
  - id: t
    wait: { for: 1ms }
`;

/** A run whose call is held by the provider. */
async function held(tag: string): Promise<string> {
  await fleet.simulator.down("openai", { kind: "hold", match: `Task of ${tag}` });
  const { id } = await fleet.client.submit({ definition, input: { tag } });
  await eventually(() => expect(callsOf(tag)).toHaveLength(1));
  return id;
}

function callsOf(tag: string) {
  return fleet.simulator.hits("openai").filter(({ prompt }) => prompt.startsWith(`Task of ${tag}`));
}

async function stop(...programs: readonly Program[]): Promise<void> {
  for (const program of programs) program.kill("SIGKILL");
  await Promise.all(programs.map((program) => program.ended));
}

async function expectCancelledOnce(runId: string): Promise<void> {
  const run = await fleet.ended(runId);
  expect([run.status, run.steps.map(({ status }) => status)]).toEqual(["cancelled", ["cancelled", "pending"]]);
  const types = (await fleet.client.history(runId)).map(({ type }) => type);
  expect(types.filter((type) => type === "run.cancelled" || type === "step.succeeded")).toEqual(["run.cancelled"]);
}

describe("cancelling a run whose call runs in another process", () => {
  test("closes the call's connection, which the provider would have held for ever", async () => {
    const workers = [await fleet.worker(), await fleet.worker()];
    const id = await held("closed");
    await fleet.client.cancel(id);
    await eventually(() => expect(callsOf("closed").map(({ outcome }) => outcome)).toEqual(["aborted"]), 2_000);
    await expectCancelledOnce(id);
    expect(callsOf("closed")).toHaveLength(1);
    await stop(...workers);
  });

  test("does not wait for a worker that is stopped; what that one brings later is dropped", async () => {
    const sleeper = await fleet.worker();
    const id = await held("slept");
    sleeper.kill("SIGSTOP");
    const other = await fleet.worker();
    await fleet.client.cancel(id);
    await expectCancelledOnce(id);
    const before = await fleet.client.history(id);
    await fleet.simulator.up("openai");
    sleeper.kill("SIGCONT");
    // It works again: it takes the next run's step, as the only one.
    await stop(other);
    const next = await fleet.client.submit({ definition, input: { tag: "after-sleep" } });
    expect((await fleet.ended(next.id)).status).toBe("succeeded");
    expect(await fleet.client.history(id)).toEqual(before);
    await eventually(() => expectNothingLeft(fleet));
    await stop(sleeper);
  });

  test("still closes it when the worker that ended the run died before it could tell", async () => {
    const caller = await fleet.worker();
    const id = await held("untold");
    caller.kill("SIGSTOP");
    const teller = await fleet.worker({ SWITCHYARD_CRASH_AT: "after-commit:" });
    await fleet.client.cancel(id);
    expect(await teller.ended).toBe("SIGKILL");
    expect((await fleet.client.get(id)).status).toBe("cancelled");
    expect(callsOf("untold")[0]?.outcome).toBe("open");
    caller.kill("SIGCONT");
    await eventually(() => expect(callsOf("untold").at(0)?.outcome).toBe("aborted"));
    await expectCancelledOnce(id);
    await eventually(() => expectNothingLeft(fleet));
    await stop(caller);
  });

  test("closes it too where the caller was not listening at that moment", async () => {
    const caller = await fleet.worker();
    const id = await held("unheard");
    const other = await fleet.worker();
    caller.kill("SIGSTOP");
    const redis = new Redis(fleet.redis.url);
    await redis.call("CLIENT", "KILL", "TYPE", "pubsub");
    redis.disconnect();
    await fleet.client.cancel(id);
    await expectCancelledOnce(id);
    expect(callsOf("unheard").map(({ outcome }) => outcome)).toEqual(["open"]);
    caller.kill("SIGCONT");
    await eventually(() => expect(callsOf("unheard").map(({ outcome }) => outcome)).toEqual(["aborted"]));
    await eventually(() => expectNothingLeft(fleet));
    await stop(caller, other);
  });

  test("is one ending among outcomes that come at the same time", async () => {
    const workers = [await fleet.worker(), await fleet.worker()];
    const branches = Array.from({ length: 6 }, (_, i) => `  - { id: s${i}, needs: [], wait: { for: ${60 + i}ms } }`);
    const wide = `name: wide\nsteps:\n${branches.join("\n")}\n  - { id: end, needs: [${branches.map((_, i) => `s${i}`)}], wait: { for: 1ms } }\n`;
    const ids = await Promise.all(
      Array.from({ length: 30 }, async (_, i) => {
        const { id } = await fleet.client.submit({ definition: wide });
        await new Promise((soon) => setTimeout(soon, 10 * i));
        await fleet.client.cancel(id).catch((error) => expect(error.code).toBe("run_ended"));
        return id;
      }),
    );
    const runs = await Promise.all(ids.map((id) => fleet.ended(id)));
    for (const { status, steps } of runs) {
      expect(["cancelled", "succeeded"]).toContain(status);
      const open = steps.filter((step) => !["succeeded", "cancelled", "pending"].includes(step.status));
      expect(open).toEqual([]);
    }
    await eventually(() => expectNothingLeft(fleet));
    await stop(...workers);
  });
});

describe("cancelling a run with child runs", () => {
  const child = "name: kid\nsteps:\n  - id: s\n    wait: { signal: never }\n";
  const mother = "name: mother\nsteps:\n  - id: c\n    workflow: { name: kid }\n";
  const kidsOf = async (id: string) => (await fleet.client.list({ parent: id, limit: 500 })).runs;

  test("while a child is being created leaves none behind", async () => {
    await fleet.client.store(child);
    const workers = [await fleet.worker(), await fleet.worker()];
    const ids = await Promise.all(
      Array.from({ length: 40 }, async (_, i) => {
        const { id } = await fleet.client.submit({ definition: mother });
        await new Promise((soon) => setTimeout(soon, 3 * i));
        await fleet.client.cancel(id);
        return id;
      }),
    );
    for (const id of ids) expect((await fleet.ended(id)).status).toBe("cancelled");
    await eventually(async () => {
      const kids = (await Promise.all(ids.map(kidsOf))).flat();
      expect(kids.filter(({ status }) => status !== "cancelled")).toEqual([]);
    });
    await eventually(() => expectNothingLeft(fleet));
    await stop(...workers);
  });

  test("whose worker died when it had just created one ends that one too", async () => {
    await fleet.client.store(child);
    const dying = await fleet.worker({ SWITCHYARD_CRASH_AT: "after-child:c" });
    const { id } = await fleet.client.submit({ definition: mother });
    expect(await dying.ended).toBe("SIGKILL");
    await fleet.client.cancel(id);
    const heir = await fleet.worker();
    expect((await fleet.ended(id)).status).toBe("cancelled");
    const [kid, ...more] = await kidsOf(id);
    expect(more).toEqual([]);
    expect((await fleet.ended(kid?.id ?? "")).status).toBe("cancelled");
    await eventually(() => expectNothingLeft(fleet));
    await stop(heir);
  });
});
