import { pino } from "pino";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type App, createApp } from "../../src/app.ts";
import { SwitchyardClient } from "../../src/client/client.ts";
import { loadSettings } from "../../src/config/load.ts";
import type { LiveEvent } from "../../src/core/live.ts";
import { startVendors, type Vendors } from "../router/router-under-test.ts";
import { openStream, streamed } from "../router/streamed.ts";
import { type TestRedis, testRedis } from "../support/redis.ts";

const definition = `name: tell
steps:
  - id: tell
    llm: { prompt: "Tell me something." }
output: "{{ steps.tell.output }}"
`;

let redis: TestRedis;
let vendors: Vendors;
let worker: App;
let api: App;
let client: SwitchyardClient;

beforeAll(async () => {
  [redis, vendors] = await Promise.all([testRedis(), startVendors()]);
  const env = {
    ...vendors.env,
    REDIS_URL: redis.url,
    SWITCHYARD_PORT: "0",
    LLM_ROUTING_STRATEGY: "failover",
    LLM_PROVIDERS: "openai,anthropic,ollama",
  };
  const settings = loadSettings({ env, cwd: redis.directory });
  const log = pino({ level: "silent" });
  // The one that is watched is not the one that works.
  worker = await createApp({ settings, roles: { worker: true }, log });
  api = await createApp({ settings, roles: { api: true }, log });
  client = new SwitchyardClient({ url: api.url ?? "" });
});
afterAll(async () => {
  await api.close();
  await worker.close();
  await vendors.close();
  await redis.close();
});
beforeEach(() => vendors.reset());

/** A promise to be kept from outside. */
function gate() {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

/** Runs the workflow and reads along. @param onToken called at each piece */
async function readAlong(onToken: (event: LiveEvent) => void = () => undefined) {
  const { id } = await client.submit({ definition });
  const live: LiveEvent[] = [];
  const types: string[] = [];
  for await (const event of client.live(id)) {
    types.push(event.type);
    if (event.type !== "step.tokens" && event.type !== "step.restarted") continue;
    live.push(event);
    onToken(event);
  }
  return { run: await client.get(id), live, types };
}

/** What a reader has before him who begins anew where he is told to. */
function read(live: readonly LiveEvent[]): string {
  return live.reduce((text, event) => (event.type === "step.restarted" ? "" : text + event.text), "");
}

test("an answer is read as it is written, in another process than the one that asks", async () => {
  const ready = gate();
  vendors.servers.openai.respond((response) => {
    const stream = openStream("openai", response);
    stream.piece("Once upon");
    void ready.promise.then(() => {
      stream.piece(" a time");
      stream.end();
    });
  });
  const { run, live, types } = await readAlong((event) => {
    // The first words are there before the last ones are written.
    if (event.type === "step.tokens" && event.text.includes("Once upon")) ready.resolve();
  });
  expect(run.output).toBe("Once upon a time");
  expect(read(live)).toBe("Once upon a time");
  expect(live.map((event) => event.type === "step.tokens" && event.at)).toEqual([0, "Once upon".length]);
  expect(types.filter((type) => type !== "step.tokens").at(-1)).toBe("run.succeeded");
  expect(types.lastIndexOf("step.tokens")).toBeLessThan(types.indexOf("step.succeeded"));
});

test("an answer that breaks off is told as restarted, and the stored one is the other provider's alone", async () => {
  const cut = gate();
  vendors.servers.openai.respond((response) => {
    const stream = openStream("openai", response);
    stream.piece("This answer will never");
    void cut.promise.then(() => response.destroy());
  });
  vendors.servers.anthropic.respond(streamed("anthropic", ["A whole", " answer"]));
  const { run, live } = await readAlong(() => cut.resolve());
  expect(run.output).toBe("A whole answer");
  expect(read(live)).toBe("A whole answer");
  expect(live.map((event) => `${event.type} ${event.provider} ${event.call}`)).toEqual([
    "step.tokens openai 1",
    "step.restarted openai 1",
    "step.tokens anthropic 2",
  ]);
  expect(run.steps[0]?.served?.provider).toBe("anthropic");
});

test("a stream that ends without its last part is no answer", async () => {
  vendors.servers.openai.respond((response) => {
    openStream("openai", response).piece("Half of");
    response.end();
  });
  const { run } = await readAlong();
  expect(run.output).toBe("anthropic answers");
  expect(run.steps[0]).toMatchObject({ failedCalls: 1, served: { provider: "anthropic" } });
});
