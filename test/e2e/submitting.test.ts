import { Queue } from "bullmq";
import { Redis } from "ioredis";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import type { RunSummary } from "../../src/core/run.ts";
import { keysOf } from "../../src/redis/keys.ts";
import { eventually } from "../support/eventually.ts";
import { Fleet } from "../support/fleet.ts";

const workflow = {
  name: "stored",
  input: {
    type: "object",
    required: ["topic"],
    properties: { topic: { type: "string" }, size: { type: "integer" } },
    additionalProperties: false,
  },
  steps: [
    { id: "first", llm: { prompt: "Do {{ input.topic }}." } },
    { id: "second", llm: { prompt: "Then shorten {{ input.topic }}." } },
  ],
};

let fleet: Fleet;
let redis: Redis;
beforeAll(async () => {
  fleet = await Fleet.start();
  await fleet.client.store(workflow);
  redis = new Redis(fleet.redis.url);
});
afterAll(async () => {
  redis?.disconnect();
  await fleet?.close();
});

/** Every key with its type and content, so that nothing can be added unseen. The audit log has who asked for what, also where it was refused. */
async function everything(): Promise<readonly string[]> {
  const keys = (await redis.keys("*")).filter((key) => key !== keysOf("switchyard").access.begun).sort();
  return Promise.all(keys.map(async (key) => `${key} ${(await redis.dumpBuffer(key))?.toString("base64")}`));
}

function post(body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  return fetch(`${fleet.client.url}/v1/runs`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
}

interface Document {
  readonly status: number;
  readonly code: string;
  readonly fix: string;
  readonly detail: string;
  readonly problems?: readonly { readonly path: string; readonly message: string; readonly line?: number }[];
}

async function problemOf(answer: Response): Promise<Document> {
  expect(answer.headers.get("content-type")).toContain("application/problem+json");
  const document = (await answer.json()) as Document;
  expect([document.status, document.fix === ""]).toEqual([answer.status, false]);
  return document;
}

const good = { workflow: "stored", input: { topic: "pumps" } };
const twoMistakes = `name: new-one
steps:
  - id: a
    llm: { prmpt: "Hello" }
  - id: b
    llm: { prompt: "{{ steps.aa.output }}" }
`;

describe("a submission that is refused", () => {
  const refused: readonly (readonly [string, unknown, number, string, readonly string[]])[] = [
    ["malformed JSON", '{"workflow": "stored", ', 400, "bad_request", []],
    [
      "unknown fields and wrong hints",
      { ...good, inptu: {}, hints: { max_calls: 0, strict_provider: "perhaps" } },
      400,
      "bad_request",
      ["hints.max_calls", "hints.strict_provider", "inptu"],
    ],
    ["an unknown workflow", { ...good, workflow: "stroed" }, 404, "workflow_not_found", []],
    ["a version that is not there", { ...good, version: 7 }, 404, "workflow_not_found", []],
    [
      "wrong input",
      { workflow: "stored", input: { size: "big", colour: "red" } },
      400,
      "invalid_input",
      ["topic", "size", "colour"],
    ],
    ["a definition with mistakes", { definition: twoMistakes }, 400, "invalid_definition", ["prmpt", "steps.aa"]],
    ["a hint for an unknown provider", { ...good, hints: { provider: "opnai" } }, 400, "unknown_provider", []],
    [
      "strict_provider without a provider",
      { ...good, hints: { strict_provider: true } },
      400,
      "strict_needs_provider",
      [],
    ],
    ["an unknown strategy", { ...good, hints: { strategy: "cheapest" } }, 400, "bad_request", []],
    [
      "a good new definition with wrong input",
      { definition: { ...workflow, name: "new-one" }, input: {} },
      400,
      "invalid_input",
      ["topic"],
    ],
    [
      "a good new definition with a wrong hint",
      { definition: { ...workflow, name: "new-one" }, input: { topic: "x" }, hints: { provider: "opnai" } },
      400,
      "unknown_provider",
      [],
    ],
    [
      "a new definition whose step names an unknown provider",
      {
        definition: {
          ...workflow,
          name: "new-one",
          steps: [{ id: "a", llm: { prompt: "x" }, route: { provider: "opnai" } }],
        },
        input: { topic: "x" },
      },
      400,
      "unknown_provider",
      [],
    ],
  ];

  test.each(refused)(
    "for %s says everything that is wrong, and stores nothing",
    async (_what, body, status, code, told) => {
      const before = await everything();
      const document = await problemOf(await post(body, { "idempotency-key": "refused" }));
      expect([document.status, document.code]).toEqual([status, code]);
      const { problems = [] } = document;
      for (const part of told)
        expect(problems.map(({ path, message }) => `${path} ${message}`).join("\n")).toContain(part);
      expect(await everything()).toEqual(before);
    },
  );

  test("leaves its idempotency key free for the corrected one", async () => {
    await post({ workflow: "stored", input: {} }, { "idempotency-key": "corrected" });
    expect((await post(good, { "idempotency-key": "corrected" })).status).toBe(202);
  });
});

describe("fifty submissions at once under one idempotency key", () => {
  test("are one run with one set of jobs, accepted once", async () => {
    const before = (await fleet.client.list({ limit: 500 })).runs.length;
    const answers = await Promise.all(Array.from({ length: 50 }, () => post(good, { "idempotency-key": "fifty" })));
    const runs = (await Promise.all(answers.map((answer) => answer.json()))) as RunSummary[];
    expect(new Set(runs.map(({ id }) => id)).size).toBe(1);
    expect(answers.map(({ status }) => status).sort()).toEqual([...Array(49).fill(200), 202]);
    expect((await fleet.client.list({ limit: 500 })).runs).toHaveLength(before + 1);
    const id = runs[0]?.id ?? "";
    const queue = new Queue("llm", { connection: { url: fleet.redis.url }, prefix: keysOf("switchyard").queues });
    const jobs = (await queue.getJobs()).filter((job) => job.data.run === id);
    await queue.close();
    expect(jobs.map(({ name }) => name)).toEqual(["first"]);
    const types = (await fleet.client.history(id)).map(({ type }) => type);
    expect(types.filter((type) => type === "run.created")).toHaveLength(1);
  });
});

describe("an idempotency key that comes again", () => {
  const key = { "idempotency-key": "again" };
  beforeEach(() => post(good, key));

  const others: readonly (readonly [string, JsonObject])[] = [
    ["another input", { ...good, input: { topic: "valves" } }],
    ["other hints", { ...good, hints: { provider: "anthropic" } }],
  ];
  test.each(others)("with %s is a conflict that names the run, and makes none", async (_what, body) => {
    const before = await everything();
    const document = await problemOf(await post(body, key));
    expect([document.status, document.code]).toEqual([409, "idempotency_conflict"]);
    expect(document.detail).toContain("run_");
    expect(await everything()).toEqual(before);
  });

  test("with the same request in another order of its fields is the same run", async () => {
    const [one, two] = await Promise.all([
      post(good, key),
      post({ input: { topic: "pumps" }, workflow: "stored" }, key),
    ]);
    expect([one.status, two.status]).toEqual([200, 200]);
    expect(((await two.json()) as RunSummary).id).toBe(((await one.json()) as RunSummary).id);
  });
});

describe("a Redis that stands still", () => {
  test("is answered with redis_unavailable and Retry-After; the same submission is accepted once it goes on, and runs", async () => {
    const key = { "idempotency-key": "stood-still" };
    process.kill(fleet.redis.pid, "SIGSTOP");
    try {
      const answer = await post(good, key);
      expect(answer.headers.get("retry-after")).toMatch(/^[1-9]/);
      expect(await problemOf(answer)).toMatchObject({ status: 503, code: "redis_unavailable" });
    } finally {
      process.kill(fleet.redis.pid, "SIGCONT");
    }
    const run = await eventually(async () => {
      const answer = await post(good, key);
      expect([200, 202]).toContain(answer.status);
      return (await answer.json()) as RunSummary;
    });
    await fleet.worker();
    expect((await fleet.ended(run.id)).status).toBe("succeeded");
  });
});

describe("the hints of a run", () => {
  test("reach each of its steps: a strict provider serves them all, or nobody does", async () => {
    await fleet.worker();
    const hints = { provider: "ollama", strict_provider: true };
    const { id } = await fleet.client.submit({ workflow: "stored", input: { topic: "pinned" }, hints });
    const run = await fleet.ended(id);
    expect(run).toMatchObject({ status: "succeeded", hints });
    expect(run.steps.map(({ served }) => served?.provider)).toEqual(["ollama", "ollama"]);
    const decisions = (await fleet.client.history(id)).flatMap((event) =>
      "decision" in event && event.decision ? [event.decision.hints] : [],
    );
    expect(decisions).toMatchObject([hints, hints]);
    await fleet.simulator.down("ollama", { kind: "status", status: 400, match: "Do refused-there." });
    const failed = await fleet.client.submit({ workflow: "stored", input: { topic: "refused-there" }, hints });
    expect((await fleet.ended(failed.id)).error?.code).toBe("provider_rejected");
    const elsewhere = fleet.simulator
      .hits()
      .filter((hit) => hit.prompt.includes("refused-there") && hit.provider !== "ollama");
    expect(elsewhere).toEqual([]);
  });
});
