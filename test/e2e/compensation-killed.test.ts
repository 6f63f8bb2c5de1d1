import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { Fleet } from "../support/fleet.ts";
import type { Program } from "../support/program.ts";
import { expectNothingLeft } from "../support/soundness.ts";
import { type ToolServer, toolServer } from "../support/tool-server.ts";

let fleet: Fleet;
let server: ToolServer;
beforeAll(async () => {
  server = await toolServer();
  fleet = await Fleet.start({ SWITCHYARD_HTTP_ALLOW: "127.0.0.1" });
});
afterAll(async () => {
  await fleet?.close();
  await server?.close();
});
beforeEach(() => server.answers(() => ({ ok: true })));

const books = (id: string) => `  - id: ${id}
    http: { method: PUT, url: "{{ input.api }}/${id}" }
    compensate: { retry: { attempts: 9, backoff: 1ms }, http: { method: DELETE, url: "{{ input.api }}/${id}" } }
`;
const definition = `name: trip\ntimeout: 1h\nsteps:\n${books("flight")}${books("hotel")}  - id: car\n    wait: { signal: go }\n`;

/** A run that has booked and waits. */
async function waiting(): Promise<string> {
  const { id } = await fleet.client.submit({ definition, input: { api: server.url } });
  await eventually(async () => {
    const { steps } = await fleet.client.get(id);
    expect(steps.map(({ status }) => status)).toEqual(["succeeded", "succeeded", "waiting"]);
  });
  return id;
}

const undone = () => server.hits.filter(({ method }) => method === "DELETE");

async function stop(...programs: readonly Program[]): Promise<void> {
  for (const program of programs) program.kill("SIGKILL");
  await Promise.all(programs.map((program) => program.ended));
}

/** The run ended once, each compensation was committed once, and was asked for at most twice: under the same key. */
async function expectUndoneOnce(id: string): Promise<void> {
  const run = await fleet.ended(id);
  expect([run.status, run.error]).toEqual(["cancelled", null]);
  const events = await fleet.client.history(id);
  const ends = events.flatMap((event) => (event.type === "step.succeeded" ? [event.step] : []));
  expect(ends).toEqual(["flight", "hotel", "hotel.compensate", "flight.compensate"]);
  expect(events.filter(({ type }) => type === "run.compensating")).toHaveLength(1);
  for (const path of ["/hotel", "/flight"]) {
    const hits = undone().filter((hit) => hit.path === path);
    expect(hits.length).toBeGreaterThanOrEqual(1);
    expect(hits.length).toBeLessThanOrEqual(2);
    expect(new Set(hits.map(({ key }) => key)).size).toBe(1);
  }
  expect(
    undone()
      .map(({ path }) => path)
      .lastIndexOf("/hotel"),
  ).toBeLessThan(
    undone()
      .map(({ path }) => path)
      .indexOf("/flight"),
  );
  await eventually(() => expectNothingLeft(fleet));
}

describe("a worker that is killed while a run is undone", () => {
  test("in the middle of a compensation: that one is made again under its key, the others once", async () => {
    const victim = await fleet.worker();
    const id = await waiting();
    let isHeld = true;
    server.answers(() => (isHeld ? undefined : { ok: true }));
    await fleet.client.cancel(id);
    await eventually(() => expect(undone()).toHaveLength(1));
    await stop(victim);
    isHeld = false;
    const heir = await fleet.worker();
    await expectUndoneOnce(id);
    expect(undone().map(({ path }) => path)).toEqual(["/hotel", "/hotel", "/flight"]);
    await stop(heir);
  });

  test.each([
    ["once the cancel is committed", "after-commit:"],
    ["once a compensation's answer is delivered", "after-deliver:hotel.compensate"],
    ["once a compensation is committed", "after-commit:hotel.compensate"],
  ])("%s, and the next one has no job yet", async (_, point) => {
    const victim = await fleet.worker({ SWITCHYARD_CRASH_AT: point });
    const id = await waiting();
    await fleet.client.cancel(id);
    expect(await victim.ended).toBe("SIGKILL");
    const heir = await fleet.worker();
    await expectUndoneOnce(id);
    await stop(heir);
  });

  test.each(["after-child", "after-park"])(
    "%s of the compensation that undoes a block's runs: each of them is undone once",
    async (point) => {
      const victim = await fleet.worker({ SWITCHYARD_CRASH_AT: `${point}:both.compensate` });
      const both = `  - id: both
    map: { over: [1, 2], input: { api: "{{ input.api }}" }, steps: [{ id: seat, http: { method: PUT, url: "{{ input.api }}/seat-{{ input.item }}" }, compensate: { http: { method: DELETE, url: "{{ input.api }}/seat-{{ input.item }}" } } }] }
`;
      const { id } = await fleet.client.submit({
        definition: `name: seats\nsteps:\n${both}  - id: never\n    wait: { signal: go }\n`,
        input: { api: server.url },
      });
      await eventually(async () => expect((await fleet.client.get(id)).steps[1]?.status).toBe("waiting"));
      await fleet.client.cancel(id);
      expect(await victim.ended).toBe("SIGKILL");
      const heir = await fleet.worker();
      expect(await fleet.ended(id)).toMatchObject({ status: "cancelled", error: null });
      // What was under way when the worker died is asked for again under its key.
      expect(new Set(undone().map(({ path }) => path))).toEqual(new Set(["/seat-1", "/seat-2"]));
      expect(new Set(undone().map(({ key }) => key)).size).toBe(2);
      await eventually(() => expectNothingLeft(fleet));
      await stop(heir);
    },
  );

  test("before it could end the runs of a block that is to be undone: they are ended, and undo themselves", async () => {
    const victim = await fleet.worker({ SWITCHYARD_CRASH_AT: "after-commit:" });
    const seat = `{ id: seat, http: { method: PUT, url: "{{ input.api }}/seat" }, compensate: { http: { method: DELETE, url: "{{ input.api }}/seat" } } }`;
    const { id } = await fleet.client.submit({
      definition: `name: held
steps:
  - id: one
    parallel: { branches: { only: { input: { api: "{{ input.api }}" }, steps: [${seat}, { id: held, wait: { signal: never } }] } } }
`,
      input: { api: server.url },
    });
    await eventually(() => expect(server.hits.map(({ method }) => method)).toEqual(["PUT"]));
    await eventually(async () => expect((await fleet.client.get(id)).steps[0]?.status).toBe("waiting"));
    await fleet.client.cancel(id);
    expect(await victim.ended).toBe("SIGKILL");
    const heir = await fleet.worker();
    expect(await fleet.ended(id)).toMatchObject({ status: "cancelled", error: null });
    expect(undone().map(({ path }) => path)).toEqual(["/seat"]);
    await eventually(() => expectNothingLeft(fleet));
    await stop(heir);
  });
});
