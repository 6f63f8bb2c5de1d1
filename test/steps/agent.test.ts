import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import type { StepHandler, StepOutcome } from "../../src/steps/handler.ts";
import { type TestRedis, testRedis } from "../support/redis.ts";
import { type Heard, type Said, type ScriptedModel, scriptedModel } from "../support/scripted-model.ts";
import { type ToolServer, toolServer } from "../support/tool-server.ts";
import { type AgentOptions, agentUnderTest, Died, dispatchOf, rendered } from "./agent-under-test.ts";
import { describeHandler } from "./handler-suite.ts";

let redis: TestRedis;
let model: ScriptedModel;
let tools: ToolServer;
const closers: (() => Promise<void>)[] = [];
beforeAll(async () => {
  [redis, model, tools] = await Promise.all([testRedis(), scriptedModel(), toolServer()]);
});
afterAll(async () => {
  for (const close of closers) await close();
  await model?.close();
  await tools?.close();
  await redis?.close();
});
beforeEach(() => tools.answers(() => ({ ok: true })));

function handlerWith(options: Partial<AgentOptions> = {}): StepHandler {
  const { handler, close } = agentUnderTest(redis, { ...options, env: { ...model.env, ...options.env } });
  closers.push(close);
  return handler;
}

const number = { type: "object", required: ["n"], properties: { n: { type: "number" } }, additionalProperties: false };

/** An agent with a tool `add` that posts its arguments, and what else is asked for. */
function agent(more: JsonObject = {}): JsonObject {
  const add = { name: "add", description: "Adds", input: number, http: { method: "POST", url: `${tools.url}/add` } };
  return { prompt: "Do it.", tools: [add], ...more };
}

const call = (n: unknown, name = "add") => ({ name, args: { n } as object });

/** The model asks for each of these lists of calls in turn, then ends. */
function asks(...turns: readonly (readonly { readonly name: string; readonly args: object | string }[])[]) {
  return ({ turns: said }: Heard): Said => {
    const calls = turns[said];
    return calls ? { calls } : { text: "All done." };
  };
}

async function run(body: JsonObject, options: Partial<AgentOptions> = {}, hints = {}): Promise<StepOutcome> {
  const handler = handlerWith(options);
  return dispatchOf(await rendered(body, {}, handler.env)).execute(handler, { hints });
}

describeHandler("agent", async () => {
  const world = await scriptedModel();
  const mine = () => agentUnderTest(redis, { env: { ...world.env, LLM_PROVIDERS: "openai" } });
  let own = mine();
  const fine = ({ turns }: Heard): Said => (turns === 0 ? { calls: [call(1)] } : { text: "All done." });
  return {
    get handler() {
      return own.handler;
    },
    body: await rendered(agent()),
    async heal() {
      world.says(fine);
      closers.push(own.close);
      own = mine();
    },
    breakForGood: async () => world.says(() => ({ status: 400 })),
    breakForNow: async () => world.says(() => ({ status: 500 })),
    async defer() {
      world.says(() => ({ status: 429 }));
      for (let i = 0; i < 3; i++) await own.handler.execute(await suiteWork());
    },
    async hang() {
      world.says(() => ({ hold: true }));
      return () => world.heard.length > 0;
    },
    close: () => world.close(),
  };
});

async function suiteWork() {
  const { workOf } = await import("./handler-suite.ts");
  return workOf(await rendered(agent()));
}

describe("an agent", () => {
  test("calls what the model asks for, side by side, tells it the results in their order, and ends with its text", async () => {
    model.says(asks([call(1), call(2)], [call(3)]));
    tools.answers(({ body }) => ({ sum: (body as { n: number }).n + 1 }));
    const handler = handlerWith();
    const dispatch = dispatchOf(await rendered(agent()));
    const outcome = await dispatch.execute(handler);
    expect(outcome).toMatchObject({ type: "succeeded", output: "All done.", served: { provider: "openai" } });
    expect(outcome.report.calls).toHaveLength(3);
    expect(model.heard.map(({ results }) => results)).toEqual([[], ['{"sum":2}', '{"sum":3}'], ['{"sum":4}']]);
    expect(model.heard[0]?.tools).toEqual(["add"]);
    expect(tools.hits.map(({ body }) => body)).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
    const told = dispatch.notes.map((note) => ("tool" in note ? [note.type, note.turn, note.call, note.tool] : []));
    expect(told).toHaveLength(6);
    expect(told.slice(-2)).toEqual([
      ["tool.called", 2, 1, "add"],
      ["tool.answered", 2, 1, "add"],
    ]);
    expect(dispatch.notes.at(-1)).toMatchObject({ ok: true, durationMs: expect.any(Number), step: "s1", attempt: 1 });
  });

  test("goes on with another provider in the middle of the conversation, which is told the results", async () => {
    model.says(({ vendor, turns }) => {
      if (turns === 0 && vendor === "openai") return { text: "I add.", calls: [call(1), call(2)] };
      return vendor === "openai" ? { status: 500 } : asks([], [call(9)])({ turns } as Heard);
    });
    tools.answers(({ body }) => body);
    const outcome = await run(agent());
    expect(outcome).toMatchObject({ type: "succeeded", output: "All done.", served: { provider: "anthropic" } });
    const byAnthropic = model.heard.filter(({ vendor }) => vendor === "anthropic");
    expect(byAnthropic.map(({ results }) => results)).toEqual([['{"n":1}', '{"n":2}'], ['{"n":9}']]);
    expect(outcome.report.calls.map(({ provider, ok }) => `${provider} ${ok}`)).toContain("openai false");
  });

  test("gives its answer and the list of its turns, where a transcript is asked for", async () => {
    model.says(({ turns }) => (turns === 0 ? { text: "First I add.", calls: [call(1)] } : { text: "Done." }));
    expect(await run(agent({ transcript: true }))).toMatchObject({
      output: {
        answer: "Done.",
        turns: [
          {
            text: "First I add.",
            provider: "openai",
            model: "gpt-4.1-mini",
            tools: [
              { tool: "add", arguments: { n: 1 }, ok: true, result: '{"ok":true}', duration_ms: expect.any(Number) },
            ],
          },
          { text: "Done.", tools: [] },
        ],
      },
    });
  });
});

describe("the answer", () => {
  const output = { type: "object", required: ["sum"], properties: { sum: { type: "number" } } };

  test("is an object of the output schema, which the model is told", async () => {
    model.says(({ turns }) => (turns === 0 ? { calls: [call(1)] } : { text: 'Here: {"sum": 2}' }));
    expect(await run(agent({ output }))).toMatchObject({ type: "succeeded", output: { sum: 2 } });
    expect(model.heard[0]?.system).toContain('"sum"');
  });

  test("that does not match is asked for again with what is wrong; tools may be used once more", async () => {
    model.says(({ turns }) =>
      turns === 0 ? { text: "Two." } : turns === 1 ? { calls: [call(1)] } : { text: '{"sum": 3}' },
    );
    expect(await run(agent({ output }))).toMatchObject({ type: "succeeded", output: { sum: 3 } });
    expect(model.heard[1]?.user).toContain("does not match");
  });

  test("that never matches fails the attempt; the next one asks again", async () => {
    model.says(() => ({ text: "Two." }));
    const handler = handlerWith();
    const dispatch = dispatchOf(await rendered(agent({ output })));
    expect(await dispatch.execute(handler)).toMatchObject({
      type: "failed",
      retryable: true,
      error: { code: "output_invalid" },
    });
    expect(model.heard).toHaveLength(3);
    model.says(() => ({ text: '{"sum": 4}' }));
    expect(await dispatch.execute(handler, { attempt: 2 })).toMatchObject({ type: "succeeded", output: { sum: 4 } });
    expect(model.heard.map(({ turns }) => turns)).toEqual([3]);
  });
});

describe("what is wrong with a tool call goes back to the model, and nothing is called", () => {
  test.each([
    ["arguments that do not fit", { name: "add", args: { n: "one" } }, '"n" must be number'],
    ["arguments too many", { name: "add", args: { n: 1, m: 2 } }, "must NOT have additional properties"],
    ["arguments that are no JSON", { name: "add", args: '{"n": ' }, "not a JSON object"],
    ["arguments that are no object", { name: "add", args: "[1]" }, "not a JSON object"],
    ["a tool that is not there", { name: "ad", args: {} }, "There is no tool ad; there is add. Did you mean add?"],
  ])("%s", async (_what, wrong, words) => {
    model.says(asks([wrong], [call(1)]));
    expect(await run(agent())).toMatchObject({ type: "succeeded" });
    expect(model.heard[1]?.results[0]).toContain(words);
    expect(tools.hits).toHaveLength(1);
  });
});

describe("a tool that fails", () => {
  test("is told to the model with what it said; the agent goes on", async () => {
    model.says(asks([call(1)]));
    tools.answers((_hit, response) => void response.writeHead(422).end("too small"));
    expect(await run(agent())).toMatchObject({ type: "succeeded" });
    expect(model.heard[1]?.results[0]).toMatch(/POST http:.*\/add answered 422: too small/);
  });

  test("is given up after its time, and the model hears that it may have taken effect", async () => {
    model.says(asks([call(1)]));
    tools.answers(() => undefined);
    expect(await run(agent({ tool_timeout: "50ms" }))).toMatchObject({ type: "succeeded" });
    expect(model.heard[1]?.results[0]).toContain("longer than 0.05 s");
  });

  test("by asking for a pause makes the step wait; the call is made again under its key, the others are not", async () => {
    model.says(asks([call(1), call(2)]));
    let isBusy = true;
    tools.answers(({ body }, response) => {
      if (!isBusy || (body as { n: number }).n === 1) return { ok: true };
      return void response.writeHead(429, { "retry-after": "7" }).end();
    });
    const handler = handlerWith();
    const dispatch = dispatchOf(await rendered(agent()));
    expect(await dispatch.execute(handler)).toMatchObject({ type: "deferred", delayMs: 7_000 });
    isBusy = false;
    expect(await dispatch.execute(handler)).toMatchObject({ type: "succeeded", output: "All done." });
    expect(Object.values(tools.keys())).toEqual([1, 2]);
  });

  test("by asking for pauses without end is told to the model after three", async () => {
    model.says(asks([call(1)]));
    tools.answers((_hit, response) => void response.writeHead(429, { "retry-after": "7" }).end());
    const handler = handlerWith();
    const dispatch = dispatchOf(await rendered(agent()));
    for (let wait = 0; wait < 3; wait++) expect((await dispatch.execute(handler)).type).toBe("deferred");
    expect(await dispatch.execute(handler)).toMatchObject({ type: "succeeded" });
    expect(model.heard.at(-1)?.results[0]).toContain("429");
  });

  test("has a result that is cut to what the model may be told", async () => {
    model.says(asks([call(1)]));
    tools.answers(() => "x".repeat(1_000));
    await run(agent({ max_result: 100 }));
    expect(model.heard[1]?.results[0]).toBe(`${"x".repeat(100)}\n[cut: 900 of 1000 characters are left out]`);
  });
});

describe("a limit fails the step for good and says what was reached", () => {
  const forEver = () => ({ calls: [call(1)] });

  test("turns: the last answer's calls are not made any more", async () => {
    model.says(forEver);
    expect(await run(agent({ max_turns: 3 }))).toMatchObject({
      type: "failed",
      retryable: false,
      error: {
        code: "agent_limit",
        message: "The agent had 3 turns, all that max_turns allows, and still asks for add.",
        details: { limit: "turns", allowed: 3, turns: 3, calls: 3 },
      },
    });
    expect(tools.hits).toHaveLength(2);
  });

  test("ten turns where nothing is said", async () => {
    model.says(forEver);
    expect(await run(agent())).toMatchObject({ error: { code: "agent_limit", details: { allowed: 10 } } });
  });

  test("calls of providers, over all turns", async () => {
    model.says(forEver);
    const outcome = await run(agent(), {}, { max_calls: 2 });
    expect(outcome).toMatchObject({
      error: { code: "agent_limit", details: { limit: "calls", allowed: 2, calls: 2 } },
    });
    expect(model.heard).toHaveLength(2);
  });

  test("calls of providers that fail", async () => {
    model.says(({ turns }) => (turns === 0 ? { calls: [call(1)] } : { status: 500 }));
    const outcome = await run(agent(), {}, { max_calls: 3 });
    expect(outcome).toMatchObject({ retryable: false, error: { code: "agent_limit", details: { limit: "calls" } } });
    expect(model.heard).toHaveLength(3);
  });

  test("cost, over all turns and attempts", async () => {
    model.says(forEver);
    const [first] = (await run(agent({ max_turns: 1 }))).report.calls;
    const price = first?.costUsd ?? 0;
    expect(price).toBeGreaterThan(0);
    model.says(forEver);
    const outcome = await run(agent(), {}, { max_usd: 2.5 * price });
    expect(outcome).toMatchObject({ error: { code: "agent_limit", details: { limit: "usd" } } });
    expect(model.heard).toHaveLength(3);
  });
});

describe("arguments in a tool's request", () => {
  const place = (http: JsonObject, input: JsonObject = {}) =>
    agent({
      tools: [{ name: "look", description: "Looks", input: { type: "object", properties: { q: {}, ...input } }, http }],
    });
  const look = (args: object) => asks([{ name: "look", args }]);

  test("go into the query of a GET where the request names none", async () => {
    model.says(look({ q: "a b&c=d", n: 3 }));
    await run(place({ url: `${tools.url}/look` }, { n: {} }));
    expect(tools.hits[0]).toMatchObject({ method: "GET", path: "/look?q=a+b%26c%3Dd&n=3", body: undefined });
  });

  test("stand where the templates put them, with the step's own data beside them", async () => {
    model.says(look({ q: "red", n: 3 }));
    const http = {
      method: "PUT",
      url: `${tools.url}/things/{{ args.q }}`,
      headers: { "x-of": "{{ input.who }}" },
      body: { count: "{{ args.n }}", text: "{{ args.q }} for {{ input.who }}" },
    };
    const handler = handlerWith();
    await dispatchOf(await rendered(place(http, { n: {} }), { who: "Ada {{ args.q }}" })).execute(handler);
    expect(tools.hits[0]).toMatchObject({
      path: "/things/red",
      headers: { "x-of": "Ada {{ args.q }}" },
      body: { count: 3, text: "red for Ada {{ args.q }}" },
    });
  });

  test.each([
    ["../admin?x=1#", "/things/..%2Fadmin%3Fx%3D1%23"],
    ["a/b", "/things/a%2Fb"],
    ["@evil.test", "/things/%40evil.test"],
  ])("cannot lead an address elsewhere: %s", async (q, path) => {
    model.says(look({ q }));
    await run(place({ url: `${tools.url}/things/{{ args.q }}` }));
    expect(tools.hits.map((hit) => hit.path)).toEqual([path]);
  });

  test.each(["..", "."])("that are %s alone are refused", async (q) => {
    model.says(look({ q }));
    await run(place({ url: `${tools.url}/things/{{ args.q }}` }));
    expect(tools.hits).toEqual([]);
    expect(model.heard[1]?.results[0]).toContain("another path");
  });

  test("go where environment variables are known, and no secret comes back to the model", async () => {
    model.says(look({ q: "x" }));
    tools.answers(({ headers }) => ({ you: `sent ${headers.authorization}` }));
    const http = { url: `${tools.url}/look`, headers: { authorization: "Bearer {{ env.TOKEN }}" } };
    await run(place(http), { stepEnv: { TOKEN: "s3cret-Token-4711" } });
    expect(tools.hits[0]?.headers.authorization).toBe("Bearer s3cret-Token-4711");
    expect(model.heard[1]?.results[0]).toBe('{"you":"sent Bearer ***"}');
  });
});

describe("a crash at any write", () => {
  test("repeats no tool call that has a result, and repeats one that has none under its key", async () => {
    const script = asks([call(1), call(2)], [call(3)]);
    tools.answers(({ body }) => body);
    const body = await rendered(agent());
    const handler = handlerWith();
    let writes = 0;
    const whole = dispatchOf(body);
    whole.onWrite(() => {
      writes += 1;
    });
    model.says(script);
    await whole.execute(handler);
    expect(writes).toBeGreaterThan(10);
    for (let at = 1; at <= writes; at++) {
      tools.answers(({ body: sent }) => sent);
      model.says(script);
      const dispatch = dispatchOf(body);
      let count = 0;
      dispatch.onWrite(() => {
        count += 1;
        if (count === at) throw new Died();
      });
      await expect(dispatch.execute(handler)).rejects.toThrow(Died);
      const finished = new Set(
        dispatch.notes.flatMap((note) => (note.type === "tool.answered" ? [`-t${note.turn}-${note.call}`] : [])),
      );
      const before = tools.keys();
      const outcome = await dispatch.execute(handler, { attempt: 2 });
      expect(outcome).toMatchObject({ type: "succeeded", output: "All done." });
      for (const [key, times] of Object.entries(tools.keys())) {
        const isFinished = [...finished].some((end) => key.endsWith(end));
        expect(times, `${key} after a crash at write ${at}`).toBeLessThanOrEqual(isFinished ? (before[key] ?? 0) : 2);
      }
      expect(Object.keys(tools.keys())).toHaveLength(3);
      expect(model.heard.at(-1)?.results).toEqual(['{"n":3}']);
      // What the dead execution had called is in the report of the one that ended.
      expect(outcome.report.calls.length).toBeGreaterThanOrEqual(3);
    }
  });

  test("tells the model of a call that may not be repeated, and does not repeat it", async () => {
    model.says(asks([call(1)]));
    const [add] = agent().tools as readonly JsonObject[];
    const handler = handlerWith();
    const dispatch = dispatchOf(await rendered(agent({ tools: [{ ...add, repeat: false }] })));
    let count = 0;
    dispatch.onWrite((when) => {
      count += when === "before" ? 1 : 0;
      // The answer is stowed, its memo is saved; then comes the result.
      if (when === "before" && count === 3) throw new Died();
    });
    await expect(dispatch.execute(handler)).rejects.toThrow(Died);
    expect(tools.hits).toHaveLength(1);
    expect(await dispatch.execute(handler, { attempt: 2 })).toMatchObject({ type: "succeeded" });
    expect(tools.hits).toHaveLength(1);
    expect(model.heard.at(-1)?.results[0]).toContain("Nobody knows whether this call took effect");
  });
});
