import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadSettings } from "../../src/config/load.ts";
import { addCosts } from "../../src/core/history.ts";
import type { Json, JsonObject } from "../../src/core/json.ts";
import type { EventBody } from "../../src/core/run.ts";
import { createProviders } from "../../src/providers/create.ts";
import { keysOf } from "../../src/redis/keys.ts";
import { createRouter } from "../../src/router/create.ts";
import { type Simulator, startSimulator } from "../../src/simulator/index.ts";
import type { StepHandler, StepOutcome } from "../../src/steps/handler.ts";
import { llmHandler } from "../../src/steps/llm.ts";
import { vendorWires } from "../providers/vendor-wire.ts";
import { json, type WireServer, wireServer } from "../providers/wire-server.ts";
import { type TestRedis, testRedis } from "../support/redis.ts";
import { describeHandler, workOf } from "./handler-suite.ts";

let redis: TestRedis;
let simulator: Simulator;
let wire: WireServer;
const closers: (() => Promise<void>)[] = [];
beforeAll(async () => {
  [redis, simulator, wire] = await Promise.all([testRedis(), startSimulator({ latencyMs: 0 }), wireServer()]);
});
afterAll(async () => {
  for (const close of closers) await close();
  await simulator?.close();
  await wire?.close();
  await redis?.close();
});

let fleets = 0;

/** The handler as a worker has it, with a health of its own. Pauses between calls take no time. */
function handlerWith(env: Readonly<Record<string, string>>): StepHandler {
  const settings = loadSettings({ env: { LLM_ROUTING_STRATEGY: "failover", ...env }, cwd: redis.directory });
  const providers = createProviders(settings);
  const router = createRouter({
    settings,
    providers,
    redis: redis.redis,
    keys: keysOf(`llm${++fleets}`),
    clock: Date.now,
    random: () => 0.5,
    sleep: async () => undefined,
    redisBoundMs: 10_000,
  });
  closers.push(async () => {
    await router.close();
    for (const provider of providers.values()) await provider.close();
  });
  return llmHandler(router);
}

describeHandler("llm", async () => {
  let handler = handlerWith({ ...simulator.env, LLM_PROVIDERS: "openai" });
  return {
    get handler() {
      return handler;
    },
    body: { prompt: "Summarise: the pump failed at noon." },
    async heal() {
      await simulator.up("openai");
      handler = handlerWith({ ...simulator.env, LLM_PROVIDERS: "openai" });
    },
    breakForGood: () => simulator.down("openai", { kind: "status", status: 400 }),
    breakForNow: () => simulator.down("openai", { kind: "status", status: 500 }),
    defer: () => simulator.down("openai", { kind: "status", status: 429, retryAfter: 30 }),
    async hang() {
      await simulator.down("openai", { kind: "hold" });
      const before = simulator.total("openai");
      return () => simulator.total("openai") > before;
    },
    close: async () => undefined,
  };
});

describe("a key that is refused, or a model that nobody knows", () => {
  test.each([
    ["a refused key", 401, "provider_auth"],
    ["an unknown model", 404, "provider_model_not_found"],
  ])("%s on the only provider fails the step for good: waiting would not help", async (_what, status, code) => {
    const handler = handlerWith({ ...simulator.env, LLM_PROVIDERS: "openai" });
    await simulator.down("openai", { kind: "status", status });
    const outcome = await handler.execute(workOf({ prompt: "Hello" }));
    expect(outcome).toMatchObject({ type: "failed", retryable: false, error: { code } });
    const before = simulator.total("openai");
    const again = await handler.execute(workOf({ prompt: "Hello" }));
    expect(again).toMatchObject({ type: "failed", retryable: false, error: { code }, report: { calls: [] } });
    expect(simulator.total("openai")).toBe(before);
    await simulator.up("openai");
  });

  test("on one provider of two is passed over", async () => {
    const handler = handlerWith({ ...simulator.env, LLM_PROVIDERS: "openai,anthropic" });
    await simulator.down("openai", { kind: "status", status: 401 });
    const outcome = await handler.execute(workOf({ prompt: "Hello" }));
    expect(outcome).toMatchObject({ type: "succeeded", served: { provider: "anthropic" } });
    await simulator.up("openai");
  });
});

describe("calls that fail on the way", () => {
  test("are told as they fail, and kept with the attempt that another provider saves", async () => {
    const handler = handlerWith({ ...simulator.env, LLM_PROVIDERS: "openai,anthropic" });
    await simulator.down("openai", { kind: "reset" });
    const notes: EventBody[] = [];
    const outcome = await handler.execute(workOf({ prompt: "Hello" }, { attempt: 2 }, notes));
    expect(outcome.report.calls.map(({ provider, ok }) => [provider, ok])).toEqual([
      ["openai", false],
      ["anthropic", true],
    ]);
    expect(notes).toEqual([{ type: "call.failed", step: "s1", attempt: 2, call: outcome.report.calls[0] }]);
    expect(outcome.report.decision).toMatchObject({ strategy: "failover" });
    await simulator.up("openai");
  });
});

const schema = {
  type: "object",
  required: ["title", "points"],
  properties: { title: { type: "string" }, points: { type: "array", items: { type: "string" } } },
  additionalProperties: false,
};
const body = { prompt: "Summarise: the pump failed at noon.", output: schema, max_tokens: 200 };
const value = { title: "Pump", points: ["It failed.", "At noon."] };
const right = JSON.stringify(value);
const wrong = '{"title": 7, "points": ["It failed."]}';

type Answer = string | { readonly text: string; readonly finish: "length" } | { readonly status: number };

/** Asks a server that gives these answers in this order, the last one again and again, in the shape of OpenAI's wire. */
async function ask(answers: readonly Answer[], hints = {}): Promise<StepOutcome> {
  const openai = vendorWires.find(({ provider }) => provider === "openai");
  if (!openai) throw new Error("no wire of openai's");
  wire.requests.length = 0;
  wire.respond((response) => {
    const answer = answers[Math.min(wire.requests.length, answers.length) - 1] ?? "";
    if (typeof answer !== "string" && "status" in answer) {
      return json(answer.status, openai.error("server_error", "no"))(response);
    }
    const [text, isCutOff] = typeof answer === "string" ? [answer, false] : [answer.text, true];
    const { contentType, chunks } = openai.stream([text], isCutOff);
    response.writeHead(200, { "content-type": contentType }).end(Buffer.concat(chunks));
  });
  return handlerWith(openai.configure(wire.url, "a-secret").env).execute(workOf(body, { hints }));
}

describe("structured output", () => {
  test("of the simulated provider matches the schema at once", async () => {
    const handler = handlerWith({ ...simulator.env, LLM_PROVIDERS: "openai" });
    const outcome = await handler.execute(workOf(body));
    expect(outcome).toMatchObject({ type: "succeeded", output: { title: expect.any(String) } });
    expect(outcome.report.calls).toHaveLength(1);
  });

  test("that is valid at once costs one call, which asks for the schema", async () => {
    const outcome = await ask([right]);
    expect(outcome).toMatchObject({ type: "succeeded", output: value });
    expect(wire.requests).toHaveLength(1);
    expect(JSON.stringify(wire.requests[0]?.body.response_format)).toContain('"points"');
  });

  test.each([
    ["prose before it", `Here is the summary that you asked for:\n\n${right}`],
    ["prose around it", `Sure! ${right} Tell me if you need more.`],
    ["a code fence", `\`\`\`json\n${right}\n\`\`\``],
    ["a code fence without a language", `\`\`\`\n${right}\n\`\`\``],
    ["a fence, and prose with braces behind it", `\`\`\`json\n${right}\n\`\`\`\nReplace {title} as you like.`],
    ["prose with brackets before it", `The summary [of the log], see [1]: ${right}`],
    ["blanks around it", `\n  ${right}\n\n`],
  ])("wrapped in %s is read without asking again", async (_what, text) => {
    expect(await ask([text])).toMatchObject({ type: "succeeded", output: value });
    expect(wire.requests).toHaveLength(1);
  });

  test.each([
    ["a comma too many", '{"title": "Pump", "points": ["It failed.", "At noon.",],}'],
    ["single quotes", "{'title': 'Pump', 'points': ['It failed.', 'At noon.']}"],
    ["bare keys", '{title: "Pump", points: ["It failed.", "At noon."]}'],
    ["a comment", '{"title": "Pump", /* both */ "points": ["It failed.", "At noon."]}'],
    ["no last brace", '{"title": "Pump", "points": ["It failed.", "At noon."]'],
    ["a comma too many in a fence", '```json\n{"title": "Pump", "points": ["It failed.", "At noon.",]}\n```'],
  ])("with %s is repaired without asking again", async (_what, text) => {
    expect(await ask([text])).toMatchObject({ type: "succeeded", output: value });
    expect(wire.requests).toHaveLength(1);
  });

  test("that does not match is asked for again with what is wrong, and then taken", async () => {
    const outcome = await ask([wrong, right]);
    expect(outcome).toMatchObject({ type: "succeeded", output: value });
    const [, second] = wire.requests;
    const messages = second?.body.messages as readonly { readonly role: string; readonly content: string }[];
    expect(messages.map(({ role }) => role)).toEqual(["user", "assistant", "user"]);
    expect(messages[1]?.content).toBe(wrong);
    expect(messages[2]?.content).toContain('"title" must be');
  });

  test("that is no JSON at all is asked for again too", async () => {
    expect(await ask(["I cannot say that in JSON.", right])).toMatchObject({ type: "succeeded", output: value });
  });

  test("counts calls, usage and cost of every asking, failed calls among them", async () => {
    const { report } = await ask([wrong, { status: 500 }, wrong, right]);
    expect(report.calls.map(({ ok }) => ok)).toEqual([true, false, true, true]);
    const one = await ask([right]);
    const [single] = one.report.calls;
    expect(single?.costUsd).toBeGreaterThan(0);
    expect(addCosts(...report.calls.map(({ costUsd }) => costUsd))).toBeCloseTo(3 * (single?.costUsd ?? 0), 12);
    const tokens = report.calls.map(({ usage }) => usage?.inputTokens ?? 0);
    expect(tokens).toEqual([19, 0, 19, 19]);
  });

  test("makes each call under an idempotency key of its own", async () => {
    await ask([wrong, { status: 500 }, wrong, right]);
    const keys = wire.requests.map(({ headers }) => headers["idempotency-key"]);
    expect(new Set(keys).size).toBe(4);
  });

  test.each([
    [undefined, 3],
    [2, 2],
    [1, 1],
  ])("that is never right fails for now; with max_calls %s after %s calls", async (max_calls, calls) => {
    const outcome = await ask([wrong], max_calls === undefined ? {} : { max_calls });
    expect(outcome).toMatchObject({ type: "failed", retryable: true, error: { code: "output_invalid" } });
    expect([wire.requests.length, outcome.report.calls.length]).toEqual([calls, calls]);
    const { details } = outcome.type === "failed" ? outcome.error : { details: {} };
    expect(JSON.stringify(details)).toContain("title");
  });

  test("asks no more once the attempt's money is spent", async () => {
    const outcome = await ask([wrong], { max_usd: 0.000_001 });
    expect(outcome).toMatchObject({ type: "failed", error: { code: "output_invalid" } });
    expect(wire.requests).toHaveLength(1);
  });

  test("whose second asking fails keeps the first one's call", async () => {
    const outcome = await ask([wrong, { status: 500 }]);
    expect(outcome).toMatchObject({ type: "failed", retryable: true, error: { code: "provider_failed" } });
    expect(outcome.report.calls.filter(({ ok }) => ok)).toHaveLength(1);
  });
});

describe("structured output that is cut at max_tokens", () => {
  test.each([
    ["in the middle", '{"title": "Pump", "points": ["It failed.", "At n'],
    ["where it happens to be whole", right],
    ["behind its fence's end", `\`\`\`json\n${right}\n\`\`\`\nIn other w`],
  ])("%s is never repaired into a success", async (_where, text) => {
    const outcome = await ask([{ text, finish: "length" }]);
    expect(outcome).toMatchObject({ type: "failed", retryable: true, error: { code: "output_invalid" } });
    expect(outcome.type === "failed" && outcome.error.message).toContain("max_tokens (200)");
    expect(wire.requests).toHaveLength(3);
  });

  test("is taken when a shorter one comes at the next asking", async () => {
    const outcome = await ask([{ text: right.slice(0, -5), finish: "length" }, right]);
    expect(outcome).toMatchObject({ type: "succeeded", output: value });
  });
});

describe("plain text", () => {
  test("is taken as it is, also when it was cut", async () => {
    const handler = handlerWith({ ...simulator.env, LLM_PROVIDERS: "openai" });
    const outcome = await handler.execute(workOf({ prompt: "Tell a long story of the pump.", max_tokens: 5 }));
    expect(outcome).toMatchObject({ type: "succeeded", output: expect.any(String) });
  });
});

describe("images", () => {
  const pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
  const sent = async (body: Json): Promise<unknown> => {
    const openai = vendorWires.find(({ provider }) => provider === "openai");
    if (!openai) throw new Error("no wire of openai's");
    wire.requests.length = 0;
    wire.respond((response) => {
      const { contentType, chunks } = openai.stream(["A dot."], false);
      response.writeHead(200, { "content-type": contentType }).end(Buffer.concat(chunks));
    });
    const { env } = openai.configure(wire.url, "a-secret");
    const outcome = await handlerWith({ ...env, OPENAI_MODEL: "gpt-4o" }).execute(workOf(body));
    expect(outcome).toMatchObject({ type: "succeeded", output: "A dot." });
    return JSON.stringify(wire.requests[0]?.body);
  };

  test("go to the model as they stand, however they are given", async () => {
    const images = [`data:image/png;base64,${pixel}`, [{ base64: pixel }], null];
    const body = await sent({ prompt: "What is on these?", images });
    expect(String(body).split(`data:image/png;base64,${pixel}`)).toHaveLength(3);
  });

  test("belong to their message of a conversation", async () => {
    const messages = [
      { role: "user", content: "What is on this?", images: { base64: pixel, media_type: "image/bmp" } },
      { role: "assistant", content: "A dot." },
      { role: "user", content: "Of which colour?" },
    ];
    expect(await sent({ messages })).toContain(`data:image/bmp;base64,${pixel}`);
  });

  test.each([
    ["an address", "https://shop.example/a.png", "An http step fetches one"],
    ["bytes of nothing that is known", { base64: "aGVsbG8gd29ybGQhISE=" }, "say media_type"],
    ["no base64", { base64: "%%%" }, "must be a picture"],
    ["a text's data URL", "data:text/plain;base64,aGVsbG8=", "must be a picture"],
  ])("that are %s fail the step at once, and name the place", async (_what, image, message) => {
    const outcome = await handlerWith(simulator.env).execute(workOf({ prompt: "?", images: [image] }));
    expect(outcome).toMatchObject({ type: "failed", retryable: false, error: { code: "image_invalid" } });
    expect(outcome).toMatchObject({ error: { message: expect.stringContaining("images.0") } });
    expect(outcome).toMatchObject({ error: { message: expect.stringContaining(message) }, report: { calls: [] } });
  });
});

describe("tools that are offered", () => {
  const order = {
    name: "order",
    input: {
      type: "object",
      required: ["number"],
      properties: { number: { type: "integer" }, fast: { type: "boolean", default: false } },
    },
  };
  const tools = [order, { name: "nothing", description: "There is nothing to do." }];
  /** Asks a server whose model makes these calls, one answer after the other. */
  const asks = async (answers: readonly (readonly [name: string, args: string] | null)[], more: JsonObject = {}) => {
    const openai = vendorWires.find(({ provider }) => provider === "openai");
    if (!openai) throw new Error("no wire of openai's");
    wire.requests.length = 0;
    wire.respond((response) => {
      const call = answers[Math.min(wire.requests.length, answers.length) - 1];
      const [name, args] = call ?? [];
      const delta = call
        ? { tool_calls: [{ index: 0, id: "c1", type: "function", function: { name, arguments: args } }] }
        : { content: "Hello." };
      const chunks = [{ delta }, { delta: {}, finish_reason: call ? "tool_calls" : "stop" }].map((choice) => {
        const choices = [{ index: 0, ...choice }];
        return `data: ${JSON.stringify({ id: "1", object: "chat.completion.chunk", created: 1, model: "m", choices })}\n\n`;
      });
      response.writeHead(200, { "content-type": "text/event-stream" }).end(`${chunks.join("")}data: [DONE]\n\n`);
    });
    const { env } = openai.configure(wire.url, "a-secret");
    return handlerWith(env).execute(workOf({ prompt: "Order 7.", tools, ...more }));
  };

  test("are told to the model; what it asks for is the output, with the defaults of its arguments", async () => {
    const outcome = await asks([["order", '{"number": 7}']], { tool_choice: "required" });
    expect(outcome).toMatchObject({
      type: "succeeded",
      output: { text: "", tools: [{ tool: "order", arguments: { number: 7, fast: false } }] },
    });
    expect(wire.requests[0]?.body).toMatchObject({
      tool_choice: "required",
      tools: [{ function: { name: "order" } }, {}],
    });
  });

  test("need not be asked for", async () => {
    expect(await asks([null])).toMatchObject({ type: "succeeded", output: { text: "Hello.", tools: [] } });
  });

  test.each([
    ["with arguments that do not fit", ["order", '{"number": "seven"}'], "must be integer"],
    ["that are not there", ["ordr", "{}"], "Did you mean order?"],
    ["with arguments that are no JSON", ["order", "{number"], "not JSON"],
    ["not at all, where one is wanted", null, "Ask for one of the tools."],
  ] as const)("%s are asked for again", async (_what, call, told) => {
    const outcome = await asks([call, ["order", '{"number": 7}']], { tool_choice: "required" });
    expect(outcome).toMatchObject({ type: "succeeded", output: { tools: [{ arguments: { number: 7 } }] } });
    expect(JSON.stringify(wire.requests[1]?.body.messages)).toContain(told);
  });
});
