// What a provider costs beside the network: CPU a call and calls a second over loopback, for a short answer and for a stream of 200 pieces, beside a
// bare undici request for the same bytes in the same rounds. The server is another process, so that its work does not count.
//   --only=anthropic   one provider alone, for a profile: node --cpu-prof bench/run.mjs providers --only=anthropic
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Agent, request, fetch as undiciFetch } from "undici";
import { loadSettings } from "../dist/config/load.js";
import { createProviders } from "../dist/providers/create.js";
import { pieces } from "./provider-wires.mjs";

const rounds = 16;
const warmUps = 4;
/** Calls of one round, and how many are under way at a time. */
const sizes = { whole: { calls: 60, width: 10 }, stream: { calls: 6, width: 3 } };
const peers = ["undici", "fetch"];

const asked = {
  system: "You are a careful engineer.",
  messages: [{ role: "user", content: "Summarise the following text in two sentences. ".repeat(15) }],
  maxTokens: 200,
};

export async function bench({ say, options }) {
  const directory = mkdtempSync(join(tmpdir(), "switchyard-bench-"));
  const server = fork(new URL("provider-server.mjs", import.meta.url));
  const agent = new Agent({ connections: 256 });
  const [port] = await once(server, "message");
  const providers = providersAt(`http://127.0.0.1:${port}`, directory);
  try {
    const only = options?.find((option) => option.startsWith("--only="))?.slice("--only=".length);
    const names = [...providers.keys()].filter((name) => only === undefined || name === only);
    if (names.length === 0) throw new Error(`--only=${only} is none of ${[...providers.keys()].join(", ")}.`);
    const works = {
      ...bareWorks(`http://127.0.0.1:${port}/v1/chat/completions`, agent),
      ...Object.fromEntries(names.map((name) => [name, providerWork(providers.get(name))])),
    };
    return report(await measure(works), names, say);
  } finally {
    await Promise.all([...providers.values()].map((provider) => provider.close()));
    await agent.destroy();
    server.kill();
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Each work by turns in each round, so that what else the machine does is felt by all alike. */
async function measure(works) {
  const took = Object.fromEntries(Object.keys(works).map((name) => [name, { whole: [], stream: [] }]));
  for (let round = -warmUps; round < rounds; round++) {
    for (const kind of ["whole", "stream"]) {
      for (const [name, work] of Object.entries(works)) {
        const one = await timed(work[kind], sizes[kind]);
        if (round >= 0) took[name][kind].push(one);
      }
    }
  }
  return took;
}

/** Microseconds of CPU that this process spends on a call, and calls a second. */
async function timed(call, { calls, width }) {
  const lane = async () => {
    for (let i = 0; i < calls / width; i++) await call();
  };
  const cpu = process.cpuUsage();
  const start = performance.now();
  await Promise.all(Array.from({ length: width }, lane));
  const ms = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  return { cpuUs: (user + system) / calls, perSecond: (calls * 1_000) / ms };
}

function providerWork(provider) {
  const model = provider.defaultModel;
  return {
    async whole() {
      const { text } = await provider.call(asked, { model, signal: new AbortController().signal });
      if (!text.startsWith("The payment")) throw new Error(`${provider.name} answered: ${text}`);
    },
    async stream() {
      let heard = 0;
      const onDelta = () => heard++;
      await provider.call(asked, { model, signal: new AbortController().signal, onDelta });
      if (heard !== pieces) throw new Error(`${provider.name} streamed ${heard} pieces.`);
    },
  };
}

/** The same request by undici alone: `request`, its shortest way, and the web's fetch, which the vendors' packages are made for. */
function bareWorks(url, dispatcher) {
  const body = (stream) =>
    JSON.stringify({
      model: "m",
      max_tokens: asked.maxTokens,
      messages: [{ role: "system", content: asked.system }, ...asked.messages],
      ...(stream ? { stream } : {}),
    });
  const options = (stream) => ({
    method: "POST",
    headers: { "content-type": "application/json", authorization: "Bearer bench" },
    body: body(stream),
    dispatcher,
  });
  const drain = async (chunks) => {
    let bytes = 0;
    for await (const chunk of chunks) bytes += chunk.length;
    return bytes;
  };
  return {
    undici: {
      whole: async () => (await request(url, options(false))).body.json(),
      stream: async () => drain((await request(url, options(true))).body),
    },
    fetch: {
      whole: async () => (await undiciFetch(url, options(false))).json(),
      stream: async () => drain((await undiciFetch(url, options(true))).body),
    },
  };
}

function report(took, names, say) {
  const of = (name, kind, figure) => median(took[name][kind].map((one) => one[figure]));
  const ratio = (name, kind) =>
    median(took[name][kind].map(({ cpuUs }, round) => cpuUs / took.undici[kind][round].cpuUs));
  const ratios = {};
  const figures = {};
  say(`${"".padEnd(18)}${"a short answer".padStart(36)}${`a stream of ${pieces} pieces`.padStart(36)}`);
  const heads = ["CPU us", "x undici", "calls/s"].map((head) => head.padStart(12)).join("");
  say(`${"".padEnd(18)}${heads}${heads}`);
  for (const name of [...peers, ...names]) {
    const key = name.replaceAll("-", "_");
    const cells = ["whole", "stream"].flatMap((kind) => {
      const prefix = kind === "whole" ? key : `${key}_stream`;
      if (name !== "undici") ratios[`${prefix}_vs_undici`] = ratio(name, kind);
      figures[`${prefix}_cpu_us`] = of(name, kind, "cpuUs");
      figures[`${prefix}_calls_per_s`] = of(name, kind, "perSecond");
      return [
        of(name, kind, "cpuUs").toFixed(0),
        name === "undici" ? "1" : ratio(name, kind).toFixed(2),
        of(name, kind, "perSecond").toFixed(0),
      ];
    });
    say(`${name.padEnd(18)}${cells.map((cell) => cell.padStart(12)).join("")}`);
  }
  return { ratios, figures };
}

/** All seven, and OpenAI's other interface, at one address. */
function providersAt(url, directory) {
  const file = join(directory, "switchyard.yaml");
  writeFileSync(file, `providers:\n  custom: { type: custom, endpoint: "${url}", api_key: bench-key, model: m }\n`);
  const env = {
    OPENAI_API_KEY: "bench-key",
    OPENAI_ENDPOINT: url,
    ANTHROPIC_API_KEY: "bench-key",
    ANTHROPIC_ENDPOINT: url,
    AZURE_OPENAI_API_KEY: "bench-key",
    AZURE_OPENAI_ENDPOINT: url,
    AZURE_OPENAI_DEPLOYMENT_NAME: "m",
    GOOGLE_API_KEY: "bench-key",
    GOOGLE_ENDPOINT: url,
    OLLAMA_ENDPOINT: url,
    BEDROCK_REGION: "eu-central-1",
    BEDROCK_ENDPOINT: url,
  };
  // Signed, as most calls of Bedrock are: the chain reads its credentials from the process.
  process.env.AWS_ACCESS_KEY_ID = "AKIDEXAMPLE";
  process.env.AWS_SECRET_ACCESS_KEY = "bench-secret-key";
  const load = (more) => createProviders(loadSettings({ env: { ...env, ...more }, cwd: directory, file }));
  return new Map([...load({}), ["openai-responses", load({ OPENAI_API: "responses" }).get("openai")]]);
}

function median(values) {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}
