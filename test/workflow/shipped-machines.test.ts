import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import { decideNext, decideStart } from "../../src/engine/decide.ts";
import { driverOf } from "../../src/engine/definitions.ts";
import { readTests } from "../../src/engine/rehearse/read-tests.ts";
import { machineTestCoverage, runTests } from "../../src/engine/rehearse/run-tests.ts";
import type { InboxEntry, Transition } from "../../src/engine/state.ts";
import { machineModules } from "../../src/steps/machine-modules.ts";
import { checkDefinition, defaultKinds } from "../../src/workflow/check.ts";
import { compileWorkflow } from "../../src/workflow/compile.ts";

const folder = fileURLToPath(new URL("../../workflows/machines/", import.meta.url));

async function shipped(name: string) {
  const checked = checkDefinition(readFileSync(`${folder}${name}.yaml`, "utf8"), { fileName: `${name}.yaml` });
  return compileWorkflow(await machineModules(folder).load(checked));
}

/** Brings entries one after the other; `end` ends the one step that is under way. */
async function played(name: string, input: JsonObject, entries: readonly (InboxEntry | { readonly end: unknown })[]) {
  const driver = driverOf(await shipped(name));
  let last: Transition = decideStart(driver, input, 0);
  for (const entry of entries) {
    const [actor = "", { epoch } = { epoch: 0 }] =
      Object.entries(last.state.active).find(([, one]) => !one.timer) ?? [];
    const next = "end" in entry ? ({ type: "done", actor, epoch, output: entry.end } as InboxEntry) : entry;
    last = decideNext(driver, last.state, [next], 0);
  }
  return last;
}

const send = (type: string, payload: JsonObject = {}): InboxEntry => ({ type: "event", event: { type, ...payload } });

describe("the shipped machines", () => {
  const names = readdirSync(folder).flatMap((file) =>
    /^[a-z-]+\.yaml$/.test(file) ? [file.replace(".yaml", "")] : [],
  );

  test.each(names)("%s is valid and bears its file's name", async (name) => {
    expect((await shipped(name)).name).toBe(name);
  });

  test.each(names)("%s passes its tests, and these take every transition and go every path", async (name) => {
    const checked = checkDefinition(readFileSync(`${folder}${name}.yaml`, "utf8"), { fileName: `${name}.yaml` });
    const how = { definition: await machineModules(folder).load(checked), kinds: defaultKinds };
    const file = `${name}.test.yaml`;
    const run = { ...how, tests: readTests(readFileSync(`${folder}${file}`, "utf8"), { ...how, fileName: file }) };
    const results = await runTests(run);
    expect(results.flatMap(({ name: test, unmet }) => unmet.map((one) => [test, one]))).toEqual([]);
    const { steps, states, transitions, paths } = machineTestCoverage(run, results);
    expect([steps, states, transitions, paths].map((part) => part?.missing)).toEqual([[], [], [], []]);
  });

  test("parcel hands its signals on to its child machine", async () => {
    const moves = [send("HURRY"), { end: { courier: "bike" } }, send("COLLECTED")];
    const { ending } = await played("parcel", { grams: 300 }, moves);
    expect(ending).toEqual({ status: "succeeded", output: { booked: true, courier: "bike", hurried: true } });
  });

  test("refund, written as data, refunds where somebody says so", async () => {
    for (const refund of [true, false]) {
      const { ending } = await played("refund", { text: "broken" }, [{ end: "damage" }, send("DECIDE", { refund })]);
      expect(ending).toEqual({ status: "succeeded", output: { reason: "damage", refunded: refund } });
    }
  });
});
