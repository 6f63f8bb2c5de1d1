import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { pino } from "pino";
import { afterEach, describe, expect, test } from "vitest";
import { createApp } from "../../src/app.ts";
import { SwitchyardClient } from "../../src/client/client.ts";
import { loadSettings } from "../../src/config/load.ts";
import type { Run } from "../../src/core/run.ts";
import { type Simulator, startSimulator } from "../../src/simulator/index.ts";
import { eventually } from "../support/eventually.ts";
import { testRedis } from "../support/redis.ts";

const folder = new URL("../../examples/setups/", import.meta.url);
const providers = ["openai", "anthropic", "ollama", "azure-openai", "bedrock"] as const;

interface SetUp {
  readonly simulator: Simulator;
  readonly client: SwitchyardClient;
  /** Submits the set-up's workflow. */
  begin(input: Readonly<Record<string, string>>): Promise<string>;
  run(input: Readonly<Record<string, string>>): Promise<Run>;
}

let close: (() => Promise<void>) | undefined;
afterEach(async () => {
  await close?.();
  close = undefined;
});

/** The program with a set-up's own settings; only keys and addresses are those of the simulated providers, of all of them. */
async function start(name: string): Promise<SetUp> {
  const [redis, simulator] = await Promise.all([testRedis(), startSimulator({ latencyMs: 0, providers })]);
  const env = { ...simulator.env, REDIS_URL: redis.url, SWITCHYARD_PORT: "0" };
  const file = fileURLToPath(new URL(`${name}/switchyard.yaml`, folder));
  const settings = loadSettings({ env, cwd: redis.directory, file });
  const app = await createApp({ settings, roles: { api: true, worker: true }, log: pino({ level: "silent" }) });
  close = async () => {
    await app.close();
    await simulator.close();
    await redis.close();
  };
  const client = new SwitchyardClient({ url: app.url ?? "" });
  const { name: workflow } = await client.store(readFileSync(new URL(`${name}/workflow.yaml`, folder), "utf8"));
  const begin = async (input: Readonly<Record<string, string>>) => (await client.submit({ workflow, input })).id;
  return { simulator, client, begin, run: async (input) => client.wait(await begin(input)) };
}

const served = ({ status, steps }: Run) => ({ status, by: steps.map((step) => step.served?.provider) });

describe("the set-up", () => {
  test("openai-anthropic-failover: Anthropic answers while OpenAI is down, and OpenAI again once it is back", async () => {
    const { simulator, run } = await start("openai-anthropic-failover");
    const question = { question: "Where is my parcel?" };
    expect(served(await run(question))).toEqual({ status: "succeeded", by: ["openai", "openai"] });
    await simulator.down("openai", { kind: "status", status: 503 });
    expect(served(await run(question))).toEqual({ status: "succeeded", by: ["anthropic", "anthropic"] });
    await simulator.up("openai");
    await eventually(async () => {
      expect(served(await run(question))).toEqual({ status: "succeeded", by: ["openai", "openai"] });
    }, 50_000);
  });

  test("ollama-cloud-fallback: OpenAI takes the steps that may leave the house; the one that may not waits", async () => {
    const { simulator, client, begin, run } = await start("ollama-cloud-fallback");
    const notes = { notes: "Ada called about invoice 17." };
    expect(served(await run(notes))).toEqual({ status: "succeeded", by: ["ollama", "ollama"] });
    await simulator.down("ollama", { kind: "refuse" });
    const id = await begin(notes);
    await eventually(async () => expect((await client.get(id)).steps[0]?.status).toBe("waiting"));
    expect(simulator.hits("openai")).toEqual([]);
    // Back for the step of the house, and away for the one after it.
    await simulator.down("ollama", { kind: "status", status: 503, match: "Summarise in five lines" });
    expect(served(await client.wait(id))).toEqual({ status: "succeeded", by: ["ollama", "openai"] });
  });

  test("azure-second-provider: Anthropic answers while Azure OpenAI is down", async () => {
    const { simulator, run } = await start("azure-second-provider");
    const transcript = { transcript: "Ada: we ship on Monday." };
    expect(served(await run(transcript))).toEqual({ status: "succeeded", by: ["azure-openai", "azure-openai"] });
    await simulator.down("azure-openai", { kind: "refuse" });
    expect(served(await run(transcript))).toEqual({ status: "succeeded", by: ["anthropic", "anthropic"] });
  });

  test("bedrock-regulated: nothing goes elsewhere; the run waits until Bedrock is back", async () => {
    const { simulator, client, begin } = await start("bedrock-regulated");
    await simulator.down("bedrock", { kind: "refuse" });
    const id = await begin({ file: "Case 17" });
    await eventually(async () => expect((await client.get(id)).steps[0]?.status).toBe("waiting"));
    await simulator.up("bedrock");
    expect(served(await client.wait(id))).toEqual({ status: "succeeded", by: ["bedrock", "bedrock"] });
    for (const other of providers.filter((name) => name !== "bedrock")) expect(simulator.hits(other)).toEqual([]);
  });

  test("gradual-migration: most runs stay with OpenAI, some move; either takes all of them while the other is down", async () => {
    const { simulator, run } = await start("gradual-migration");
    const shares = async () => {
      const runs = await Promise.all(Array.from({ length: 100 }, () => run({ product: "kettle" })));
      expect(runs.filter(({ status }) => status !== "succeeded")).toEqual([]);
      const by = runs.map(({ steps }) => steps[0]?.served?.provider);
      return {
        openai: by.filter((name) => name === "openai").length,
        anthropic: by.filter((name) => name === "anthropic").length,
      };
    };
    const before = await shares();
    expect(before.openai + before.anthropic).toBe(100);
    expect(before.anthropic).toBeGreaterThan(0);
    expect(before.openai).toBeGreaterThan(before.anthropic);
    await simulator.down("openai", { kind: "refuse" });
    expect(await shares()).toEqual({ openai: 0, anthropic: 100 });
  });

  test("each one that is shipped is run here; they and all workflows are listed in the examples' README", () => {
    const names = readdirSync(folder);
    const tests = readFileSync(new URL(import.meta.url), "utf8");
    const readme = readFileSync(new URL("../README.md", folder), "utf8");
    for (const name of names) {
      expect(tests).toContain(`start("${name}")`);
      expect(readme).toContain(`(setups/${name})`);
    }
    const workflows = readdirSync(new URL("../../workflows/", folder)).filter((file) => /^[^.]+\.yaml$/.test(file));
    for (const file of workflows) expect(readme).toContain(`(../workflows/${file})`);
  });
});
