import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import OpenAI, { BadRequestError } from "openai";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { startSimulator } from "../../src/simulator/index.ts";
import { type RunningApp, startApp } from "./running-app.ts";

let app: RunningApp;
let openai: OpenAI;
const folder = mkdtempSync(join(tmpdir(), "embeddings-"));
let more: Awaited<ReturnType<typeof startSimulator>>;

beforeAll(async () => {
  const file = join(folder, "switchyard.yaml");
  writeFileSync(file, "models:\n  embed: { openai: text-embedding-3-small, azure-openai: small-deployment }\n");
  more = await startSimulator({ latencyMs: 0, providers: ["gemini", "azure-openai", "bedrock"] });
  app = await startApp({
    ...more.env,
    LLM_PROVIDERS: "openai,anthropic,ollama,gemini,azure-openai,bedrock",
    SWITCHYARD_CONFIG: file,
  });
  openai = new OpenAI({ apiKey: "not-asked-for", baseURL: `${app.url}/v1`, maxRetries: 0 });
});
afterAll(async () => {
  await app.close();
  await more.close();
  rmSync(folder, { recursive: true });
});
afterEach(async () => {
  for (const { name } of app.simulator.providers) await app.simulator.up(name);
  await Promise.all(["openai", "azure-openai"].map((name) => app.client.routing.reset(name)));
});

const near = (a: readonly number[], b: readonly number[]) => a.reduce((sum, x, i) => sum + x * (b[i] ?? 0), 0);
const addedTo = (answer: object) => (answer as { switchyard?: { readonly provider: string } }).switchyard;
const texts = ["The ferry leaves at noon", "At noon the ferry leaves", "Budgets are refused with 402"];

describe.each([
  ["openai", "text-embedding-3-small"],
  ["gemini", "gemini-embedding-001"],
  ["ollama", "nomic-embed-text"],
  ["bedrock", "amazon.titan-embed-text-v2:0"],
  ["bedrock", "cohere.embed-english-v3"],
  ["azure-openai", "azure-openai/small-deployment"],
])("embeddings by %s with %s", (provider, model) => {
  test("come as OpenAI's client asks for them, one for each text in order", async () => {
    const answer = await openai.embeddings.create({ model, input: texts });
    expect(addedTo(answer)).toMatchObject({ provider, calls: [{ provider, ok: true }] });
    const [noon, same, other] = answer.data.map(({ embedding }) => embedding);
    expect(answer.data.map(({ index }) => index)).toEqual([0, 1, 2]);
    expect(near(noon ?? [], same ?? [])).toBeGreaterThan(0.9);
    expect(near(noon ?? [], other ?? [])).toBeLessThan(0.5);
    const floats = await openai.embeddings.create({ model, input: texts[0] ?? "", encoding_format: "float" });
    expect(near(floats.data[0]?.embedding ?? [], noon ?? [])).toBeCloseTo(1, 5);
  });
});

test("vectors are as short as they are asked to be, and their tokens are counted", async () => {
  const asked = { model: "text-embedding-3-small", input: "ferry", dimensions: 64 };
  const { data, usage } = await openai.embeddings.create(asked);
  expect(data[0]?.embedding).toHaveLength(64);
  expect(usage.total_tokens).toBeGreaterThan(0);
});

test("an alias fails over between its providers", async () => {
  await app.simulator.down("openai", { kind: "status", status: 500 });
  const answer = await openai.embeddings.create({ model: "embed", input: "ferry" });
  expect(addedTo(answer)).toMatchObject({
    provider: "azure-openai",
    calls: [
      { provider: "openai", ok: false },
      { provider: "azure-openai", ok: true },
    ],
  });
});

test("nobody else is asked for vectors that could not be compared", async () => {
  await app.simulator.down("openai", { kind: "status", status: 500 });
  const failed = openai.embeddings.create({ model: "text-embedding-3-small", input: "ferry" });
  await expect(failed).rejects.toMatchObject({ status: 502, message: expect.stringContaining("openai") });
  const unknown = openai.embeddings.create({ model: "no-such-model", input: "ferry" });
  await expect(unknown).rejects.toThrow(
    /anthropic: anthropic makes no embeddings; .*another's vectors cannot be compared/,
  );
});

test("what is wrong is said at once", async () => {
  const tokens = openai.embeddings.create({ model: "auto", input: [[1, 2]] });
  await expect(tokens).rejects.toThrow(BadRequestError);
  await expect(tokens).rejects.toThrow(
    /model: must name a model or an alias.*input\.0: must be a text: tokens are one vendor's own/,
  );
});
