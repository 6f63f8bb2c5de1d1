import { execFile } from "node:child_process";
import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { seededRandom } from "../../src/simulator/random.ts";
import { Chaos, planTroubles } from "../support/chaos.ts";
import { eventually } from "../support/eventually.ts";
import { Fleet } from "../support/fleet.ts";
import { mixed, untimed } from "../support/mixed.ts";
import { expectNothingLeft, expectSoundRun } from "../support/soundness.ts";

const run = promisify(execFile);
const main = resolve(import.meta.dirname, "../../dist/cli/main.js");

/** For longer storms by hand: CHAOS_SEED=7 CHAOS_RUNS=300 CHAOS_MS=120000 npx vitest run test/e2e/chaos.test.ts */
const seed = Number(process.env.CHAOS_SEED ?? 1);
const runs = Number(process.env.CHAOS_RUNS ?? 80);
const lastsMs = Number(process.env.CHAOS_MS ?? 25_000);
const workers = 3;

describe(`a storm over three workers, Redis and every provider (seed ${seed})`, () => {
  let fleet: Fleet;
  let chaos: Chaos;
  const accepted: string[] = [];
  beforeAll(async () => {
    fleet = await Fleet.start();
    await fleet.client.store(mixed);
    await fleet.client.store(untimed);
    chaos = new Chaos(fleet, await Promise.all(Array.from({ length: workers }, () => fleet.worker())));
  });
  afterAll(() => fleet?.close());
  // After each, so that a test that failed for want of a process says why that one ended.
  afterEach(async () => expect(await chaos.diedByThemselves()).toEqual([]));

  /** Submits as a careful caller does: again after a 503, under the same key. */
  async function submit(index: number): Promise<void> {
    const tag = `c${index}`;
    const { name: workflow } = index % 3 === 0 ? mixed : untimed;
    const submission = { workflow, input: { tag, odd: index % 2 === 1 }, idempotencyKey: tag };
    accepted.push((await eventually(() => fleet.client.submit(submission), 60_000)).id);
  }

  test(
    "every accepted run succeeds with a whole history, and nothing is left behind",
    async () => {
      const random = seededRandom(seed);
      const begins = Array.from({ length: runs }, () => random() * lastsMs * 0.8);
      const storm = chaos.play(planTroubles(seed, lastsMs, workers));
      await Promise.all(begins.map((at, index) => sleep(at).then(() => submit(index))));
      await storm;
      expect(new Set(accepted).size).toBe(runs);
      for (const id of accepted) await fleet.ended(id, 60_000);
      for (const id of accepted) await expectSoundRun(fleet, id);
      await eventually(() => expectNothingLeft(fleet));
      const { stdout } = await run(process.execPath, [main, "reconcile", "--json"], {
        env: { ...process.env, ...fleet.simulator.env, REDIS_URL: fleet.redis.url },
      });
      expect(JSON.parse(stdout)).toEqual({ runs: 0, added: 0, removed: 0 });
    },
    lastsMs + 150_000,
  );
});
