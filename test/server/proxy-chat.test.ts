import OpenAI, { APIError, APIUserAbortError, BadRequestError, InternalServerError, RateLimitError } from "openai";
import { zodResponseFormat } from "openai/helpers/zod";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { eventually } from "../support/eventually.ts";
import { type RunningApp, startApp } from "./running-app.ts";

let app: RunningApp;
let openai: OpenAI;

beforeAll(async () => {
  app = await startApp();
  openai = new OpenAI({ apiKey: "not-asked-for", baseURL: `${app.url}/v1`, maxRetries: 0 });
});
afterAll(() => app.close());
afterEach(async () => {
  for (const { name } of app.simulator.providers) await app.simulator.up(name);
  app.simulator.clearHits();
  await Promise.all(["openai", "anthropic", "ollama"].map((name) => app.client.routing.reset(name)));
});

const messages = [{ role: "user" as const, content: "Say something short about ferries." }];

/** What Switchyard adds to an answer. */
interface Added {
  readonly switchyard?: {
    readonly provider: string;
    readonly model: string;
    readonly calls: readonly { readonly provider: string; readonly ok: boolean; readonly class?: string }[];
    readonly cost_usd: number | null;
    readonly warnings?: readonly string[];
  };
}

const addedTo = (answer: object) => (answer as Added).switchyard;
const hinted = (hints: object) => hints as Record<never, never>;

/** A stream read to its end. */
async function readStream(hints: object = {}, more: object = {}) {
  const stream = await openai.chat.completions.create({
    model: "auto",
    messages,
    stream: true,
    ...hinted(hints),
    ...more,
  });
  const chunks: OpenAI.ChatCompletionChunk[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return {
    chunks,
    text: chunks.map(({ choices }) => choices[0]?.delta.content ?? "").join(""),
    reason: chunks.findLast(({ choices }) => choices[0]?.finish_reason)?.choices[0]?.finish_reason,
    added: chunks.map(addedTo).find((one) => one !== undefined),
  };
}

describe.each(["openai", "anthropic", "ollama"])("OpenAI's client, served by %s", (provider) => {
  test("is told the answer, who gave it, in which calls and for how much", async () => {
    const { data, response } = await openai.chat.completions
      .create({ model: "auto", messages, ...hinted({ provider }) })
      .withResponse();
    expect(data.object).toBe("chat.completion");
    expect(data.choices[0]?.message.content).toContain(`[simulated ${provider}/`);
    expect(data.choices[0]?.finish_reason).toBe("stop");
    expect(data.usage?.total_tokens).toBe((data.usage?.prompt_tokens ?? 0) + (data.usage?.completion_tokens ?? 0));
    expect(addedTo(data)).toMatchObject({ provider, calls: [{ provider, ok: true }], cost_usd: expect.any(Number) });
    expect(response.headers.get("x-switchyard-provider")).toBe(provider);
    expect(response.headers.get("x-switchyard-model")).toBe(data.model);
    expect(response.headers.get("x-switchyard-calls")).toBe("1");
    expect(response.headers.get("x-switchyard-decision")).toContain(provider);
    expect((data as { _request_id?: string | null })._request_id).toBe(response.headers.get("x-request-id"));
  });

  test("streams the same answer, piece by piece", async () => {
    const whole = await openai.chat.completions.create({ model: "auto", messages, ...hinted({ provider }) });
    const { chunks, text, reason, added } = await readStream({ provider });
    expect(text).toBe(whole.choices[0]?.message.content);
    expect(reason).toBe("stop");
    expect(chunks.length).toBeGreaterThan(3);
    expect(added).toMatchObject({ provider, calls: [{ provider, ok: true }], cost_usd: addedTo(whole)?.cost_usd });
    // Clients that read choices[0] of every chunk are the rule.
    expect(chunks.every(({ choices }) => choices.length === 1)).toBe(true);
  });

  test("hears the usage at a stream's end only if it asked", async () => {
    const { chunks } = await readStream({ provider }, { stream_options: { include_usage: true } });
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { total_tokens: expect.any(Number) } });
  });

  test("has its tools called, whole and streamed, and goes on with their results", async () => {
    const tools = [
      {
        type: "function" as const,
        function: { name: "tide_at", parameters: { type: "object", properties: { port: { type: "string" } } } },
      },
    ];
    const asked = { model: "auto", messages, tools, ...hinted({ provider }) };
    const { choices } = await openai.chat.completions.create(asked);
    const [call] = choices[0]?.message.tool_calls ?? [];
    if (call?.type !== "function") throw new Error("no tool call");
    expect(choices[0]?.finish_reason).toBe("tool_calls");
    expect(call.function.name).toBe("tide_at");

    const streamed = await openai.chat.completions.stream({ ...asked, stream: true }).finalChatCompletion();
    const [again] = streamed.choices[0]?.message.tool_calls ?? [];
    if (again?.type !== "function") throw new Error("no streamed tool call");
    expect(again.function).toMatchObject({ name: "tide_at" });
    expect(JSON.parse(again.function.arguments)).toEqual(JSON.parse(call.function.arguments));

    const [said] = choices;
    const results = [{ role: "tool" as const, tool_call_id: call.id, content: "high" }];
    const end = await openai.chat.completions.create({
      ...asked,
      messages: [...messages, ...(said ? [said.message] : []), ...results],
    });
    expect(end.choices[0]?.finish_reason).toBe("stop");
    expect(end.choices[0]?.message.content).not.toBe("");
  });

  test("has answers parsed by a schema", async () => {
    const shape = z.object({ name: z.string(), length: z.number() });
    const parsed = await openai.chat.completions.parse({
      model: "auto",
      messages: [{ role: "user", content: "The ferry Aurora is 54 m long. Give name and length." }],
      response_format: zodResponseFormat(shape, "ferry"),
      ...hinted({ provider }),
    });
    expect(shape.safeParse(parsed.choices[0]?.message.parsed).success).toBe(true);
  });
});

describe("a request under way", () => {
  test("goes to the next provider when its own fails, streamed or not", async () => {
    await app.simulator.down("openai", { kind: "status", status: 503 });
    const whole = await openai.chat.completions.create({ model: "auto", messages });
    expect(addedTo(whole)).toMatchObject({
      provider: "anthropic",
      calls: [
        { provider: "openai", ok: false, class: "overloaded" },
        { provider: "anthropic", ok: true },
      ],
    });
    const { added } = await readStream();
    expect(added?.calls.at(-1)).toMatchObject({ provider: "anthropic", ok: true });
  });

  test("goes elsewhere while nothing of a stream has been said, although it had begun", async () => {
    await app.simulator.down("openai", { kind: "cut", afterBytes: 60 });
    const { added, text } = await readStream();
    expect(added?.calls.map(({ provider }) => provider)).toEqual(["openai", "anthropic"]);
    expect(text).toContain("[simulated anthropic/");
  });

  test.each(["openai", "anthropic"])(
    "is an error for the client when the stream of %s is cut midway, and no answer",
    async (provider) => {
      await app.simulator.down(provider, { kind: "cut", afterBytes: 900 });
      const heard: string[] = [];
      const reading = (async () => {
        const stream = await openai.chat.completions.create({
          model: "auto",
          messages,
          stream: true,
          ...hinted({ provider }),
        });
        for await (const { choices } of stream) heard.push(choices[0]?.delta.content ?? "");
      })();
      await expect(reading).rejects.toBeInstanceOf(APIError);
      await expect(reading).rejects.toThrow(/broke off/);
      expect(heard.join("")).toContain(`[simulated ${provider}`);
      expect(app.simulator.hits().map((hit) => hit.provider)).toEqual([provider]);
    },
  );

  test("ends at the provider as soon as its client has gone, before and after the first piece", async () => {
    await app.simulator.down("openai", { kind: "hold" });
    const whole = new AbortController();
    const asked = openai.chat.completions.create({ model: "auto", messages }, { signal: whole.signal });
    const refused = expect(asked).rejects.toBeInstanceOf(APIUserAbortError);
    await eventually(() => expect(app.simulator.hits()).toHaveLength(1));
    whole.abort();
    await refused;
    await eventually(() => expect(app.simulator.hits()[0]?.outcome).toBe("aborted"));

    await app.simulator.down("openai", { kind: "stall", afterBytes: 900 });
    const stream = await openai.chat.completions.create({ model: "auto", messages, stream: true });
    for await (const { choices } of stream) if (choices[0]?.delta.content) break;
    await eventually(() => expect(app.simulator.hits()[1]?.outcome).toMatch(/aborted|fault/));
    expect(app.simulator.hits()).toHaveLength(2);
  });
});

describe("hints", () => {
  test("come in the body, its metadata or headers; the vendor does not hear of them", async () => {
    const base = { model: "auto", messages };
    const served = async (more: object, headers: Record<string, string> = {}) =>
      addedTo(await openai.chat.completions.create({ ...base, ...hinted(more) }, { headers }))?.provider;
    expect(await served({ provider: "ollama" })).toBe("ollama");
    expect(await served({ metadata: { provider: "ollama", strict_provider: "true" } })).toBe("ollama");
    expect(await served({}, { "X-Switchyard-Provider": "ollama" })).toBe("ollama");
    expect(await served({ provider: "openai" }, { "X-Switchyard-Allow": "ollama, anthropic" })).toBe("anthropic");
    expect(await served({ model: "anthropic/claude-sonnet-4-6" })).toBe("anthropic");
    expect(await served({ model: "claude-sonnet-4-6" })).toBe("anthropic");
  });

  test("that name nobody are refused with the names there are", async () => {
    const refused = (body: object) =>
      openai.chat.completions.create({ model: "auto", messages, ...hinted(body) }).catch((error: unknown) => error);
    const unknown = await refused({ provider: "antropic" });
    expect(unknown).toBeInstanceOf(BadRequestError);
    expect(unknown).toMatchObject({
      code: "unknown_provider",
      message: expect.stringMatching(/openai, anthropic, ollama.*mean anthropic/),
    });
    expect(await refused({ model: "mistrl/large" })).toMatchObject({ status: 400, code: "unknown_provider" });
    expect(await refused({ metadata: { max_calls: "none" } })).toMatchObject({
      status: 400,
      param: "metadata.max_calls",
    });
  });
});

describe("errors", () => {
  test("of a pinned provider that is down say when to come back, so that the client's own retries meet it again", async () => {
    const asked = { model: "auto", messages, ...hinted({ provider: "openai", strict_provider: true }) };
    await app.simulator.down("openai", { kind: "status", status: 429, retryAfter: 1, times: 1 });
    const limited = await openai.chat.completions.create(asked).catch((error: unknown) => error);
    expect(limited).toBeInstanceOf(APIError);
    expect(Number((limited as APIError).headers?.get("retry-after"))).toBeGreaterThan(0);
    const retried = await openai.chat.completions.create(asked, { maxRetries: 3 });
    expect(addedTo(retried)?.provider).toBe("openai");
  });

  test("have the class that the failure has", async () => {
    const error = (hints: object) =>
      openai.chat.completions.create({ model: "auto", messages, ...hinted(hints) }).catch((thrown: unknown) => thrown);
    await app.simulator.down("openai", { kind: "status", status: 429 });
    expect(await error({ allow: ["openai"] })).toBeInstanceOf(RateLimitError);
    await app.simulator.down("anthropic", { kind: "status", status: 500 });
    expect(await error({ allow: ["anthropic"], max_calls: 1 })).toBeInstanceOf(InternalServerError);
    await app.simulator.down("ollama", { kind: "status", status: 400 });
    expect(await error({ allow: ["ollama"] })).toMatchObject({ status: 400, code: "provider_rejected" });
  });

  test("name every mistake of a body and its place", async () => {
    const response = await fetch(`${app.url}/v1/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ messages: [{ role: "usr", content: "x" }], temperature: 9 }),
    });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      error: {
        type: "invalid_request_error",
        param: "messages.0.role",
        message: expect.stringMatching(/messages\.0\.role: .*mean user.*temperature: /),
      },
    });
  });
});

describe("what has no translation", () => {
  test("goes only to those that speak the format", async () => {
    await app.simulator.down("openai", { kind: "status", status: 503 });
    await app.simulator.down("ollama", { kind: "status", status: 503 });
    const image = { type: "image_url" as const, image_url: { url: "https://example.org/ferry.png" } };
    const asked = openai.chat.completions.create({ model: "auto", messages: [{ role: "user", content: [image] }] });
    await expect(asked).rejects.toBeInstanceOf(APIError);
    expect(new Set(app.simulator.hits().map(({ provider }) => provider))).not.toContain("anthropic");
  });

  test("and can be done without is told as a warning", async () => {
    const asked = { model: "auto", messages, logprobs: true };
    expect(
      addedTo(await openai.chat.completions.create({ ...asked, ...hinted({ provider: "anthropic" }) }))?.warnings,
    ).toContain("logprobs: left out");
    expect(addedTo(await openai.chat.completions.create(asked))?.warnings).toBeUndefined();
  });
});

test("the models that requests may name are listed", async () => {
  const ids: string[] = [];
  for await (const { id } of openai.models.list()) ids.push(id);
  expect(ids).toEqual(expect.arrayContaining(["auto", "fast", "smart", "claude-sonnet-4-6", "llama3.2"]));
  expect(await openai.models.retrieve("anthropic/claude-sonnet-4-6")).toMatchObject({ owned_by: "anthropic" });
  await expect(openai.models.retrieve("gpt-nil")).rejects.toMatchObject({ status: 404 });
});
