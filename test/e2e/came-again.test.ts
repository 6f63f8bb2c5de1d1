import { Redis } from "ioredis";
import { afterAll, beforeAll, expect, test } from "vitest";
import { keysOf } from "../../src/redis/keys.ts";
import { eventually } from "../support/eventually.ts";
import { Fleet } from "../support/fleet.ts";

let fleet: Fleet;
let redis: Redis;
beforeAll(async () => {
  fleet = await Fleet.start({ LLM_PROVIDERS: "openai" });
  redis = new Redis(fleet.redis.url);
});
afterAll(async () => {
  redis?.disconnect();
  await fleet?.close();
});

/** What BullMQ's check for stalled jobs does to the one active job of a queue whose lock has run out. */
async function takeFromItsWorker(): Promise<void> {
  const queue = `${keysOf("switchyard").queues}:llm`;
  const [id = ""] = await redis.lrange(`${queue}:active`, 0, -1);
  await redis
    .multi()
    .del(`${queue}:${id}:lock`)
    .lrem(`${queue}:active`, 0, id)
    .rpush(`${queue}:wait`, id)
    .zadd(`${queue}:marker`, 0, "0")
    .exec();
}

test("a job that comes to its own worker again, while its former execution still goes on, keeps its lock when that one ends", async () => {
  await fleet.worker();
  await fleet.simulator.down("openai", { kind: "latency", ms: 1_500, times: 1 }, { kind: "latency", ms: 7_000 });
  const definition = { name: "one", steps: [{ id: "only", llm: { prompt: "Summarise." } }] };
  const { id } = await fleet.client.submit({ definition });
  await eventually(() => expect(fleet.simulator.total("openai")).toBe(1));
  await takeFromItsWorker();
  expect((await fleet.ended(id)).status).toBe("succeeded");
  // The one that lost its lock and the one that took over. A third one would mean that the second had lost its lock too.
  expect(fleet.simulator.total("openai")).toBe(2);
});
