import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SwitchyardClient } from "../../src/client/client.ts";
import { type EmbeddedRedis, startEmbedded } from "../../src/redis/embedded.ts";
import { routes } from "../../src/server/routes.ts";
import { switchyard } from "../cli/built-program.ts";
import { vendorWires } from "../providers/vendor-wire.ts";
import { json, type WireRequest, type WireServer, wireServer } from "../providers/wire-server.ts";
import { eventually } from "../support/eventually.ts";
import { type Program, startProgram } from "../support/program.ts";
import { redisDump } from "../support/redis-dump.ts";

/** A secret like no other text. */
const made = () => randomBytes(24).toString("base64url");

/** Vendors whose calls fail with an answer that repeats the key, each with a status of its own. */
const failing = {
  openai: 401,
  anthropic: 500,
  "azure-openai": 403,
  gemini: 429,
  bedrock: 400,
  "my-vllm": 200,
} as const;
type Failing = keyof typeof failing;
const names = Object.keys(failing) as Failing[];

const secrets = {
  ...(Object.fromEntries(names.map((name) => [name, made()])) as Record<Failing, string>),
  second: made(),
  ollama: made(),
  awsToken: made(),
  plugin: made(),
  option: made(),
  redis: made(),
  proxy: made(),
};

/** What an unkind vendor says: the key whole, in parts, in other writing, and everything it was sent. */
function echo(secret: string, { headers, body }: WireRequest): string {
  const parts = `${secret.slice(0, 14)}... and ...${secret.slice(-12)}`;
  const encoded = [Buffer.from(secret).toString("base64"), encodeURIComponent(secret)].join(" ");
  return `MARK refused ${secret}, that is ${parts}, ${encoded}, in ${JSON.stringify(headers)} ${JSON.stringify(body)}`;
}

/** A plug-in that fails with its key, and brings its process down where it is asked to. */
const plugin = `export default ({ options }) => ({
  async call(request, { apiKey }) {
    const told = { apiKey, token: options.token, env: { ...process.env } };
    if (JSON.stringify(request).includes("CRASH")) {
      setTimeout(() => { throw Object.assign(new Error("MARK crashed with " + apiKey), told); });
      await new Promise(() => {});
    }
    throw Object.assign(new Error("MARK plug-in: " + apiKey + " and " + options.token), { class: "auth", ...told });
  },
});`;

const oneStep = { name: "one", steps: [{ id: "only", llm: { prompt: "Say {{ input.word }}." } }] };

let folder = "";
let redis: EmbeddedRedis;
let env: Readonly<Record<string, string>> = {};
let api: Program;
let worker: Program;
const servers: WireServer[] = [];
const runs: string[] = [];
/** The report that a signal asked for. */
let signalled = "";
/** Everything that was produced, by where. */
const produced = new Map<string, string>();

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "switchyard-secrets-"));
  mkdirSync(join(folder, "reports"));
  redis = await startEmbedded({ directory: join(folder, "redis") });
  const open = new Redis(redis.url);
  await open.config("SET", "requirepass", secrets.redis);
  open.disconnect();
  await startAll();
  await useAll();
}, 120_000);
afterAll(async () => {
  for (const program of [api, worker]) program?.kill("SIGKILL");
  await Promise.all(servers.map((server) => server.close()));
  await redis.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Configures every provider, some by variables, some by the file, and starts an API and a worker as processes. */
async function startAll(): Promise<void> {
  const entries: Record<string, unknown> = {};
  const variables: Record<string, string> = {};
  for (const name of names) {
    const wire = vendorWires.find(({ provider }) => provider === name);
    const server = await wireServer();
    servers.push(server);
    server.respond((response, request) => {
      const body = wire?.error("some_error", echo(secrets[name], request));
      json(failing[name], body)(response);
    });
    const { env: own, entry } = wire?.configure(server.url, secrets[name]) ?? {};
    Object.assign(variables, own);
    if (entry) entries[name] = entry;
  }
  const ollama = await wireServer();
  servers.push(ollama);
  ollama.respond(json(200, vendorWires.find(({ provider }) => provider === "ollama")?.answer("fine")));
  writeFileSync(join(folder, "ollama-key"), `${secrets.ollama}\n`);
  writeFileSync(join(folder, "acme.mjs"), plugin);
  const acme = {
    type: "plugin",
    module: "./acme.mjs",
    model: "m",
    api_key: secrets.plugin,
    options: { token: "${ACME_TOKEN}" },
  };
  const file = {
    redis_url: `redis://:\${REDIS_PASSWORD}@127.0.0.1:${redis.port}`,
    proxy: `http://proxy-user:${secrets.proxy}@127.0.0.1:1`,
    providers: { ...entries, acme, ollama: { api_key: "${file:ollama-key}", streaming: false } },
  };
  writeFileSync(join(folder, "switchyard.yaml"), JSON.stringify(file));
  env = {
    ...variables,
    OPENAI_API_KEY: `${secrets.openai},${secrets.second}`,
    OLLAMA_ENDPOINT: ollama.url,
    // As the chain of AWS finds them.
    AWS_ACCESS_KEY_ID: "AKIDEXAMPLE",
    AWS_SECRET_ACCESS_KEY: secrets.bedrock,
    AWS_SESSION_TOKEN: secrets.awsToken,
    ACME_TOKEN: secrets.option,
    REDIS_PASSWORD: secrets.redis,
    SWITCHYARD_CONFIG: join(folder, "switchyard.yaml"),
    SWITCHYARD_LOG: "trace",
    LLM_ROUTING_STRATEGY: "failover",
    LLM_PROVIDERS: [...names, "acme", "ollama"].join(","),
  };
  const reports = `--report-uncaught-exception --report-on-signal --report-directory=${join(folder, "reports")}`;
  const withReports = { ...env, NODE_OPTIONS: reports };
  [api, worker] = await Promise.all([
    startProgram(["serve", "--port", "0"], withReports),
    startProgram(["worker"], withReports),
  ]);
}

/** A run for each provider, every route and command, a report of the API, a crash of the worker. */
async function useAll(): Promise<void> {
  const client = new SwitchyardClient({ url: api.ready.url ?? "" });
  for (const provider of [...names, "acme"]) {
    const hints = { provider, allow: [provider, "ollama"] };
    runs.push((await client.submit({ definition: oneStep, input: { word: "hello" }, hints })).id);
  }
  await Promise.all(runs.map((id) => client.wait(id)));
  await askRoutes();
  await askCommands();
  api.kill("SIGUSR2");
  const reports = () => readdirSync(join(folder, "reports"));
  await eventually(() => expect(reports()).toHaveLength(1));
  signalled = `report ${reports()[0]}`;
  // Its key is out since its first call.
  await fetch(`${api.ready.url}/v1/routing/providers/acme/reset`, { method: "POST" });
  const hints = { provider: "acme", strict_provider: true };
  runs.push((await client.submit({ definition: oneStep, input: { word: "CRASH" }, hints })).id);
  produced.set("how the worker ended", String(await worker.ended));
  api.kill("SIGTERM");
  await api.ended;
  for (const name of reports()) produced.set(`report ${name}`, readFileSync(join(folder, "reports", name), "utf8"));
  produced.set("the API's output", api.stdout() + api.stderr());
  produced.set("the worker's output", worker.stdout() + worker.stderr());
  const inside = new Redis(redis.url, { password: secrets.redis });
  produced.set("Redis", await redisDump(inside));
  inside.disconnect();
  for (const name of readdirSync(join(folder, "redis/appendonlydir")))
    produced.set(`file ${name}`, readFileSync(join(folder, "redis/appendonlydir", name), "latin1"));
}

async function askRoutes(): Promise<void> {
  const gets = routes.filter(({ method }) => method === "GET").map(({ url }) => url);
  const ids = (url: string) => (url.includes(":id") ? runs.map((id) => url.replace(":id", id)) : [url]);
  const paths = [...gets.flatMap(ids), "/queues", "/queues/api/queues?activeQueue=llm&page=1", "/v1/nowhere"];
  for (const path of paths) {
    const answer = await fetch(`${api.ready.url}${path}`, { signal: AbortSignal.timeout(10_000) });
    produced.set(`GET ${path}`, `${answer.status} ${JSON.stringify([...answer.headers])} ${await answer.text()}`);
  }
}

async function askCommands(): Promise<void> {
  const url = api.ready.url ?? "";
  const commands = [
    ["config", "show"],
    ["config", "check"],
    ["providers", "list"],
    ...[...names, "acme"].map((name) => ["providers", "test", name]),
    ["runs", "list", "--url", url],
    ...runs.slice(0, 2).map((id) => ["runs", "show", id, "--url", url]),
    ["route", "show", "--url", url],
    ["costs", "--url", url],
    // Settings with mistakes around the secrets.
    ["serve", "--port", "none"],
  ];
  for (const words of commands) {
    await Promise.all(
      [words, [...words, "--json"]].map(async (args) => {
        const { code, out, err } = await switchyard(args, { cwd: folder, env });
        produced.set(`switchyard ${args.join(" ")}`, `${code} ${out} ${err}`);
      }),
    );
  }
  const wrong = {
    ...env,
    REDIS_URL: `http://:${secrets.redis}@x`,
    OPENAI_ENDPOINT: `http://u:${secrets.openai}@x`,
    SWITCHYARD_HOST: secrets.second,
  };
  const { code, out, err } = await switchyard(["config", "check"], { cwd: folder, env: wrong });
  produced.set("switchyard config check, all wrong", `${code} ${out} ${err}`);
}

/** Ten characters of a secret in a row. */
function pieces(secret: string): readonly string[] {
  return Array.from({ length: secret.length - 9 }, (_, at) => secret.slice(at, at + 10));
}

describe("secrets", () => {
  test("were used: the vendors got their keys, and repeated them in what was kept of their failures", () => {
    const sent = servers.map((server) => JSON.stringify(server.requests.map(({ headers }) => headers)));
    for (const name of ["openai", "anthropic", "azure-openai", "gemini", "my-vllm"] as const)
      expect(sent.join()).toContain(secrets[name]);
    for (const name of ["ollama", "awsToken"] as const) expect(sent.join()).toContain(secrets[name]);
    const kept = runs.slice(0, names.length + 1).map((id) => produced.get(`GET /v1/runs/${id}/events`) ?? "");
    for (const [at, events] of kept.entries()) {
      const name = [...names, "acme"][at];
      // What streams end with a body that is none says nothing of its body.
      if (name !== "my-vllm") expect([name, events.includes("***")]).toEqual([name, true]);
      expect([name, events.includes('"ok":false')]).toEqual([name, true]);
    }
    expect(produced.get("Redis")).toContain("MARK refused ***");
  });

  test("the worker crashed on its own exception, told it, and wrote a report", () => {
    expect(produced.get("how the worker ended")).toBe("1");
    expect(produced.get("the worker's output")).toContain("MARK crashed with ***");
    const reports = [...produced.keys()].filter((name) => name.startsWith("report "));
    expect(reports).toHaveLength(2);
  });

  test("are nowhere, whole or in part: answers, output, logs, reports, Redis, its file", () => {
    const leaks: string[] = [];
    for (const [name, secret] of Object.entries(secrets)) {
      const forms = [secret, Buffer.from(secret).toString("base64")];
      const all = forms.flatMap(pieces);
      for (const [where, text] of produced) {
        const found = all.find((piece) => text.includes(piece));
        // On a Node that cannot leave the environment out of reports, one that a signal asks for has AWS's own variables.
        const isKnown = where === signalled && !("excludeEnv" in (process.report ?? {}));
        if (found && !(isKnown && ["bedrock", "awsToken"].includes(name))) {
          const at = text.indexOf(found);
          leaks.push(`${name} in ${where}: ...${text.slice(Math.max(0, at - 80), at + 80)}...`);
        }
      }
    }
    expect(leaks).toEqual([]);
  });
});
