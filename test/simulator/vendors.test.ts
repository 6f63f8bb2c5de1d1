import { Ajv } from "ajv";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Simulator, startSimulator } from "../../src/simulator/index.ts";
import { chat, member, models, packaged, prompt, textOf, urlOf } from "./support/ask.ts";
import { calmLog, incidentSchema, paymentsLog } from "./support/incident-log.ts";

let simulator: Simulator;
beforeAll(async () => {
  simulator = await startSimulator({
    latencyMs: 0,
    providers: ["openai", "anthropic", "ollama", "gemini", "azure-openai", "custom", "bedrock"],
  });
});
afterAll(() => simulator.close());

const post = (url: string, body: unknown) =>
  fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });

describe.each(packaged)("simulated %s, through its vendor's package", (name) => {
  test("answers in text that says it is simulated, with the asked model and estimated usage", async () => {
    const text = `Who was affected, and how badly?\n${paymentsLog}`;
    const model = models(simulator)[name];
    const answer = await model.doGenerate(prompt(text));
    expect(textOf(answer.content)).toMatch(
      new RegExp(`^\\[simulated ${name.replace(" responses", "")}/${model.modelId}\\]\\n`),
    );
    expect(textOf(answer.content)).toContain("340 customers could not pay");
    expect(answer.finishReason.unified).toBe("stop");
    expect(answer.usage.inputTokens.total).toBe(Math.ceil(text.length / 4));
    expect(answer.usage.outputTokens.total).toBe(Math.ceil(textOf(answer.content).length / 4));
  });

  test("fills a JSON schema from the prompt", async () => {
    const responseFormat = { type: "json", schema: incidentSchema as never } as const;
    const ask = (log: string) =>
      models(simulator)[name].doGenerate(prompt(`Classify the incident.\n${log}`, { responseFormat }));
    const bad = JSON.parse(textOf((await ask(paymentsLog)).content));
    const calm = JSON.parse(textOf((await ask(calmLog)).content));
    // Google's package leaves bounds out of the schema that it sends.
    const unbounded = (key: string, value: unknown) => (/^(min|max)/.test(key) ? undefined : value);
    const text = JSON.stringify(incidentSchema, name === "gemini" ? unbounded : undefined);
    const validate = new Ajv().compile(JSON.parse(text));
    expect([validate(bad), validate(calm)]).toEqual([true, true]);
    expect(bad).toMatchObject({
      severity: "critical",
      component: "payments-api",
      customers_affected: 340,
      rolled_back: true,
    });
    expect(bad.events[0].time).toBe("2026-03-01T10:00:01Z");
    expect(calm).toMatchObject({
      severity: "low",
      component: "search-worker",
      customers_affected: 0,
      rolled_back: false,
    });
  });

  test("keeps to the token limit and says so", async () => {
    const answer = await models(simulator)[name].doGenerate(
      prompt(`Summarise.\n${paymentsLog}`, { maxOutputTokens: 10 }),
    );
    expect(textOf(answer.content)).toHaveLength(40);
    expect(answer.finishReason.unified).toBe("length");
    expect(answer.usage.outputTokens.total).toBe(10);
  });

  test("streams the same answer", async () => {
    const question = prompt(`List what happened, in order:\n${paymentsLog}`);
    const whole = await models(simulator)[name].doGenerate(question);
    const { stream } = await models(simulator)[name].doStream(question);
    let text = "";
    let finish: unknown;
    for await (const part of stream) {
      if (part.type === "text-delta") text += part.delta;
      if (part.type === "finish") finish = { reason: part.finishReason.unified, output: part.usage.outputTokens.total };
    }
    expect(text).toBe(textOf(whole.content));
    expect(finish).toEqual({ reason: "stop", output: Math.ceil(text.length / 4) });
  });

  test("answers a forced tool with a call of it", async () => {
    const tool = { type: "function", name: "open_ticket", inputSchema: incidentSchema as never } as const;
    const toolChoice = { type: "tool", toolName: "open_ticket" } as const;
    const answer = await models(simulator)[name].doGenerate(prompt(paymentsLog, { tools: [tool], toolChoice }));
    const call = answer.content.find((part) => part.type === "tool-call");
    expect(call).toMatchObject({ toolName: "open_ticket" });
    expect(JSON.parse(call?.type === "tool-call" ? call.input : "")).toMatchObject({ severity: "critical" });
    expect(answer.finishReason.unified).toBe("tool-calls");
  });

  test("calls an offered tool once of its own accord, then says what it has learnt", async () => {
    const offered = (name: string) => ({ type: "function", name, inputSchema: incidentSchema as never }) as const;
    const tools = [offered("open_ticket"), offered("close_ticket")];
    const { prompt: messages, ...rest } = prompt(paymentsLog, { tools });
    const conversation = [...messages];
    const called: string[] = [];
    for (let turn = 0; turn < 3; turn++) {
      const { content } = await models(simulator)[name].doGenerate({ ...rest, prompt: conversation });
      const call = content.find((part) => part.type === "tool-call");
      if (call?.type !== "tool-call") {
        expect(textOf(content)).toContain("[simulated");
        break;
      }
      const { toolCallId, toolName } = call;
      called.push(toolName);
      const input: unknown = JSON.parse(call.input);
      conversation.push({ role: "assistant", content: [{ type: "tool-call", toolCallId, toolName, input }] });
      const output = { type: "text", value: "Ticket 4711 is there." } as const;
      conversation.push({ role: "tool", content: [{ type: "tool-result", toolCallId, toolName, output }] });
    }
    expect(called).toEqual(["open_ticket", "close_ticket"]);
  });
});

describe("the wire", () => {
  test("gemini answers generateContent and fills its response schema", async () => {
    const url = `${urlOf(simulator, "gemini")}/models/gemini-2.5-flash:generateContent`;
    const contents = [{ role: "user", parts: [{ text: `Classify.\n${paymentsLog}` }] }];
    const severity = { type: "STRING", enum: ["low", "critical"] };
    const responseSchema = { type: "OBJECT", properties: { severity } };
    const generationConfig = { responseMimeType: "application/json", responseSchema };
    const body = await member(post(url, { contents, generationConfig }));
    const parts = [{ text: '{"severity":"critical"}' }];
    expect(body).toMatchObject({ candidates: [{ content: { parts } }], usageMetadata: { promptTokenCount: 134 } });
    const wrong = await post(url, {});
    expect([wrong.status, await member(wrong, "error", "status")]).toEqual([400, "INVALID_ARGUMENT"]);
  });

  test("azure takes the deployment for the model", async () => {
    const url = `${urlOf(simulator, "azure-openai")}/openai/deployments/fast%2Done/chat/completions?api-version=2024-10-21`;
    const messages = [{ role: "user", content: "Summarise: it works. It is fine." }];
    expect(await member(post(url, { messages }), "model")).toBe("fast-one");
  });

  test("ollama speaks its own format too", async () => {
    const url = urlOf(simulator, "ollama");
    const content = `Summarise.\n${paymentsLog}`;
    const ask = { model: "llama3.2", stream: false, messages: [{ role: "user", content }] };
    const body = await member(post(`${url}/api/chat`, ask));
    expect(body).toMatchObject({ model: "llama3.2", done: true, done_reason: "stop", prompt_eval_count: 134 });
    const text = (body as { message: { content: string } }).message.content;
    expect(text).toContain("payments-api");
    const stream = await (await post(`${url}/api/generate`, { model: "llama3.2", prompt: content })).text();
    const pieces = stream
      .trim()
      .split("\n")
      .map((line) => (JSON.parse(line) as { response: string }).response);
    expect(pieces.join("")).toBe(text);
  });

  test.each([
    ["openai", "/models", "data"],
    ["anthropic", "/models", "data"],
    ["ollama", "/api/tags", "models"],
    ["ollama", "/v1/models", "data"],
    ["gemini", "/models", "models"],
    ["custom", "/models", "data"],
  ])("%s lists its models at %s, and that is no hit", async (name, path, list) => {
    const before = simulator.hits().length;
    expect(await member(fetch(urlOf(simulator, name) + path), list, 0)).toBeTypeOf("object");
    expect(simulator.hits()).toHaveLength(before);
  });

  test("an unknown path is the vendor's 404", async () => {
    const openai = await fetch(`${urlOf(simulator, "openai")}/nothing`);
    expect([openai.status, await openai.json()]).toMatchObject([
      404,
      { error: { type: "invalid_request_error", code: "not_found" } },
    ]);
    const anthropic = await post(`${urlOf(simulator, "anthropic")}/complete`, {});
    expect([anthropic.status, await anthropic.json()]).toMatchObject([
      404,
      { type: "error", error: { type: "not_found_error" } },
    ]);
  });

  test("a wrong request is the vendor's 400", async () => {
    const openai = await post(`${urlOf(simulator, "openai")}/chat/completions`, { model: "gpt-4o" });
    expect([openai.status, await member(openai, "error", "message")]).toEqual([
      400,
      "Missing required parameter: 'messages'.",
    ]);
    const messages = [{ role: "user", content: "hi" }];
    const anthropic = await post(`${urlOf(simulator, "anthropic")}/messages`, { model: "claude", messages });
    expect([anthropic.status, await member(anthropic, "error", "message")]).toEqual([
      400,
      "max_tokens: Field required",
    ]);
    const broken = await fetch(`${urlOf(simulator, "openai")}/chat/completions`, { method: "POST", body: "{" });
    expect(broken.status).toBe(400);
  });

  test("the endpoint's prefix doesn't matter", async () => {
    const origin = new URL(urlOf(simulator, "openai")).origin;
    expect((await chat(origin, "hello")).status).toBe(200);
    expect((await chat(`${origin}/v1/v1`, "hello")).status).toBe(200);
  });
});
