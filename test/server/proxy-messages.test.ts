import { createAnthropic } from "@ai-sdk/anthropic";
import Anthropic, { APIError, BadRequestError } from "@anthropic-ai/sdk";
import { generateText, streamText } from "ai";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type RunningApp, startApp } from "./running-app.ts";

let app: RunningApp;
let anthropic: Anthropic;

beforeAll(async () => {
  app = await startApp();
  anthropic = new Anthropic({ apiKey: "not-asked-for", baseURL: app.url, maxRetries: 0 });
});
afterAll(() => app.close());
afterEach(async () => {
  for (const { name } of app.simulator.providers) await app.simulator.up(name);
  app.simulator.clearHits();
  await Promise.all(["openai", "anthropic", "ollama"].map((name) => app.client.routing.reset(name)));
});

const messages = [{ role: "user" as const, content: "Say something short about ferries." }];
const base = { model: "auto", max_tokens: 500, messages };
const by = (provider: string) => ({ headers: { "x-switchyard-provider": provider } });
const textOf = ({ content }: Anthropic.Message) =>
  content.map((block) => (block.type === "text" ? block.text : "")).join("");

describe.each(["anthropic", "openai"])("Anthropic's client, served by %s", (provider) => {
  test("is told the answer and who gave it", async () => {
    const { data, response } = await anthropic.messages.create(base, by(provider)).withResponse();
    expect(data).toMatchObject({ type: "message", role: "assistant", stop_reason: "end_turn" });
    expect(textOf(data)).toContain(`[simulated ${provider}/`);
    expect(data.usage.output_tokens).toBeGreaterThan(0);
    expect((data as { switchyard?: unknown }).switchyard).toMatchObject({ provider, calls: [{ provider, ok: true }] });
    expect(response.headers.get("x-switchyard-provider")).toBe(provider);
  });

  test("streams the same answer, piece by piece", async () => {
    const whole = await anthropic.messages.create(base, by(provider));
    const stream = anthropic.messages.stream(base, by(provider));
    let pieces = 0;
    stream.on("text", () => pieces++);
    const final = await stream.finalMessage();
    expect(textOf(final)).toBe(textOf(whole));
    expect(final.stop_reason).toBe("end_turn");
    expect(final.usage.output_tokens).toBe(whole.usage.output_tokens);
    expect(pieces).toBeGreaterThan(2);
  });

  test("has its tools called, whole and streamed, and goes on with their results", async () => {
    const schema = { type: "object" as const, properties: { port: { type: "string" } } };
    const asked = { ...base, tools: [{ name: "tide_at", input_schema: schema }] };
    const whole = await anthropic.messages.create(asked, by(provider));
    const streamed = await anthropic.messages.stream(asked, by(provider)).finalMessage();
    const callOf = ({ content }: Anthropic.Message) => content.find((block) => block.type === "tool_use");
    const call = callOf(whole);
    expect(whole.stop_reason).toBe("tool_use");
    expect(callOf(streamed)).toMatchObject({ name: "tide_at", input: call?.input });

    const said = { role: "assistant" as const, content: whole.content };
    const result = { type: "tool_result" as const, tool_use_id: call?.id ?? "", content: "high" };
    const end = await anthropic.messages.create(
      { ...asked, messages: [...messages, said, { role: "user", content: [result] }] },
      by(provider),
    );
    expect(end.stop_reason).toBe("end_turn");
    expect(textOf(end)).not.toBe("");
  });

  test("is the ai package's as well", async () => {
    const vendor = createAnthropic({ apiKey: "x", baseURL: `${app.url}/v1`, headers: by(provider).headers });
    const { text, usage } = await generateText({
      model: vendor("auto"),
      prompt: "Ferries?",
      maxOutputTokens: 500,
      maxRetries: 0,
    });
    expect(text).toContain(`[simulated ${provider}/`);
    expect(usage.inputTokens).toBeGreaterThan(0);
    const streamed = streamText({ model: vendor("auto"), prompt: "Ferries?", maxOutputTokens: 500, maxRetries: 0 });
    expect(await streamed.text).toBe(text);
  });
});

test("another provider answers where Anthropic is down, streamed too", async () => {
  await app.simulator.down("anthropic", { kind: "status", status: 529 });
  const model = "anthropic/claude-sonnet-4-5";
  const answer = await anthropic.messages.create({ ...base, model });
  expect((answer as { switchyard?: unknown }).switchyard).toMatchObject({
    provider: "openai",
    calls: [
      { provider: "anthropic", ok: false, class: "overloaded" },
      { provider: "openai", ok: true },
    ],
  });
  const final = await anthropic.messages.stream({ ...base, model }).finalMessage();
  expect(textOf(final)).toContain("[simulated openai/");
});

test("what only Anthropic understands goes to it as it came, and to nobody else", async () => {
  const source = { type: "text" as const, media_type: "text/plain" as const, data: "Ferries are ships." };
  const asked = { ...base, messages: [{ role: "user" as const, content: [{ type: "document" as const, source }] }] };
  const answer = await anthropic.messages.create(asked);
  expect((answer as { switchyard?: unknown }).switchyard).toMatchObject({ provider: "anthropic" });
  const refused = anthropic.messages.create(asked, {
    headers: { ...by("openai").headers, "x-switchyard-strict-provider": "true" },
  });
  await expect(refused).rejects.toThrow(/document blocks/);
});

test("errors are of the client's own classes", async () => {
  const empty = anthropic.messages.create({ ...base, messages: [] });
  await expect(empty).rejects.toThrow(BadRequestError);
  await expect(empty).rejects.toThrow(/messages: must not be an empty list/);
  for (const name of ["openai", "anthropic", "ollama"]) await app.simulator.down(name, { kind: "status", status: 500 });
  const failed = await anthropic.messages.create({ ...base }).catch((error: unknown) => error);
  expect(failed).toBeInstanceOf(APIError);
  expect(failed).toMatchObject({
    error: { type: "error", error: { type: expect.stringMatching(/api_error|overloaded/) } },
  });
});

test("a stream that breaks after its first piece is an error to the client", async () => {
  await app.simulator.down("anthropic", { kind: "cut", afterBytes: 900 });
  const stream = anthropic.messages.stream(base, by("anthropic"));
  await expect(stream.finalMessage()).rejects.toThrow(APIError);
});

test("tokens are counted without asking a provider", async () => {
  const { input_tokens: short } = await anthropic.messages.countTokens({ model: "auto", messages });
  const tools = [{ name: "tide_at", input_schema: { type: "object" as const } }];
  const { input_tokens: long } = await anthropic.messages.countTokens({ model: "auto", messages, tools });
  expect(short).toBeGreaterThan(3);
  expect(long).toBeGreaterThan(short);
  expect(app.simulator.hits()).toEqual([]);
});
