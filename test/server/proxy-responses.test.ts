import { createOpenAI } from "@ai-sdk/openai";
import { generateText, streamText } from "ai";
import OpenAI, { BadRequestError } from "openai";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type RunningApp, startApp } from "./running-app.ts";

let app: RunningApp;
let openai: OpenAI;

beforeAll(async () => {
  // OpenAI speaks the format itself then.
  app = await startApp({ OPENAI_API: "responses" });
  openai = new OpenAI({ apiKey: "not-asked-for", baseURL: `${app.url}/v1`, maxRetries: 0 });
});
afterAll(() => app.close());
afterEach(async () => {
  for (const { name } of app.simulator.providers) await app.simulator.up(name);
  await Promise.all(["openai", "anthropic", "ollama"].map((name) => app.client.routing.reset(name)));
});

const base = { model: "auto", input: "Say something short about ferries." };
const by = (provider: string) => ({ headers: { "x-switchyard-provider": provider } });
const addedTo = (answer: object) => (answer as { switchyard?: unknown }).switchyard;

describe.each(["openai", "anthropic"])("OpenAI's client, served by %s", (provider) => {
  test("is told the answer and who gave it", async () => {
    const answer = await openai.responses.create(base, by(provider));
    expect(answer).toMatchObject({ object: "response", status: "completed" });
    expect(answer.output_text).toContain(`[simulated ${provider}/`);
    expect(answer.usage?.output_tokens).toBeGreaterThan(0);
    expect(addedTo(answer)).toMatchObject({ provider, calls: [{ provider, ok: true }] });
  });

  test("streams the same answer, piece by piece", async () => {
    const whole = await openai.responses.create(base, by(provider));
    const stream = openai.responses.stream(base, by(provider));
    const pieces: string[] = [];
    stream.on("response.output_text.delta", ({ delta }) => pieces.push(delta));
    const final = await stream.finalResponse();
    expect(final.output_text).toBe(whole.output_text);
    expect(pieces.join("")).toBe(whole.output_text);
    expect(pieces.length).toBeGreaterThan(2);
  });

  test("has its tools called, whole and streamed, and goes on with their results", async () => {
    const parameters = { type: "object", properties: { port: { type: "string" } } };
    const tools = [{ type: "function" as const, name: "tide_at", parameters, strict: false }];
    const asked = { ...base, tools };
    const whole = await openai.responses.create(asked, by(provider));
    const streamed = await openai.responses.stream(asked, by(provider)).finalResponse();
    const callOf = ({ output }: { readonly output: readonly OpenAI.Responses.ResponseOutputItem[] }) =>
      output.find((item) => item.type === "function_call");
    const call = callOf(whole);
    expect(callOf(streamed)).toMatchObject({ name: "tide_at", arguments: call?.arguments });

    const input: OpenAI.Responses.ResponseInputItem[] = [
      { role: "user", content: base.input },
      ...(whole.output as OpenAI.Responses.ResponseInputItem[]),
      { type: "function_call_output", call_id: call?.call_id ?? "", output: "high" },
    ];
    const end = await openai.responses.create({ ...asked, input }, by(provider));
    expect(end.output_text).not.toBe("");
  });

  test("is the ai package's as well", async () => {
    const vendor = createOpenAI({ apiKey: "x", baseURL: `${app.url}/v1`, headers: by(provider).headers });
    const { text } = await generateText({ model: vendor.responses("auto"), prompt: "Ferries?", maxRetries: 0 });
    expect(text).toContain(`[simulated ${provider}/`);
    const streamed = streamText({ model: vendor.responses("auto"), prompt: "Ferries?", maxRetries: 0 });
    expect(await streamed.text).toBe(text);
  });
});

test("another provider answers where OpenAI is down", async () => {
  await app.simulator.down("openai", { kind: "status", status: 503 });
  const answer = await openai.responses.create({ ...base, model: "openai/gpt-4.1" });
  expect(addedTo(answer)).toMatchObject({
    provider: "anthropic",
    calls: [
      { provider: "openai", ok: false },
      { provider: "anthropic", ok: true },
    ],
  });
});

test("what OpenAI alone keeps goes to it alone, what nobody keeps is refused", async () => {
  const kept = { ...base, previous_response_id: "resp_1" };
  expect(addedTo(await openai.responses.create(kept))).toMatchObject({ provider: "openai" });
  const pinned = { headers: { ...by("anthropic").headers, "x-switchyard-strict-provider": "true" } };
  await expect(openai.responses.create(kept, pinned)).rejects.toThrow(/previous_response_id/);
  const written = await openai.responses.create(base, by("anthropic"));
  const onward = openai.responses.create({ ...base, previous_response_id: written.id });
  await expect(onward).rejects.toThrow(BadRequestError);
  await expect(onward).rejects.toThrow(/answer that nobody keeps/);
  await expect(openai.responses.create({ ...base, background: true })).rejects.toThrow(/background: is not supported/);
});
