import { afterAll, beforeAll, expect, test } from "vitest";
import { redisDump } from "../support/redis-dump.ts";
import { type RunningApp, startApp } from "./running-app.ts";

const secret = "the merger is on Friday";
let running: RunningApp;
beforeAll(async () => {
  running = await startApp({ LLM_PROVIDERS: "openai" });
});
afterAll(() => running.close());

test("what a provider's error repeats of a prompt stands in the run and in no place that others see: jobs, health, ledger, audit log", async () => {
  const { client, simulator, redis, url } = running;
  const body = JSON.stringify({ error: { message: `You said: ${secret}` } });
  const ended: string[] = [];
  for (const status of [400, 500]) {
    await simulator.down("openai", { kind: "status", status, body });
    const llm = { prompt: "Say {{ input.what }}" };
    const properties = { what: { type: "string" } };
    const definition = {
      name: `told-${status}`,
      input: { type: "object", properties },
      steps: [{ id: "ask", llm, retry: { attempts: 1, max_wait: "1s" } }],
    };
    const { id } = await client.submit({ definition, input: { what: secret } });
    const run = await client.wait(id);
    expect(JSON.stringify(await client.history(id))).toContain(`You said: ${secret}`);
    expect(run.status).toBe("failed");
    ended.push(id);
  }
  const elsewhere = (await redisDump(redis.redis))
    .split("\n")
    .filter((line) => !ended.some((id) => line.split(" ", 1)[0]?.includes(`{${id}}`)));
  expect(elsewhere.some((line) => line.includes("bull") || line.startsWith("{switchyard}:llm"))).toBe(true);
  expect(elsewhere.filter((line) => line.includes(secret))).toEqual([]);
  for (const path of ["/queues/api/queues?activeQueue=llm&status=failed", "/v1/routing", "/v1/providers", "/v1/audit"])
    expect(await (await fetch(`${url}${path}`)).text()).not.toContain(secret);
});
