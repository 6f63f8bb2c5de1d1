// What going through the proxy costs: requests a second and latencies through /v1/chat/completions, whole and streamed, at 1, 32 and 128 connections, beside the mock
// itself and beside Portkey's gateway in fallback mode, which keeps no state of routing. Each server is a process of its own; all take their turns in each round.
//   --quick            32 connections, whole answers, one round
//   --only=switchyard  one server alone, for a profile: node --cpu-prof in bench/proxy-server.mjs
import { execFileSync, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import autocannon from "autocannon";
import { startEmbedded } from "../dist/redis/embedded.js";

const widths = [1, 32, 128];
const kinds = ["whole", "stream"];
/** Requests before the first round: until then it is the compiler that is measured. */
const warmUp = 4_000;
const seconds = Number(process.env.BENCH_SECONDS ?? 2);

export async function bench({ say, options }) {
  const isQuick = options.includes("--quick");
  const only = options.find((option) => option.startsWith("--only="))?.slice("--only=".length);
  const plan = isQuick
    ? { widths: [32], kinds: ["whole"], rounds: 1 }
    : { widths, kinds: only ? ["whole"] : kinds, rounds: 3 };
  const closers = [];
  try {
    const all = await startServers(closers, say);
    const servers = only ? all.filter(({ name }) => name === only) : all;
    for (const server of servers) await tried(server);
    return report(await measure(servers, plan), plan, say);
  } finally {
    for (const close of closers.reverse()) await close();
  }
}

/** The mock, Portkey and Switchyard, each with the address of its chat completions. */
async function startServers(closers, say) {
  const directory = mkdtempSync(join(tmpdir(), "switchyard-bench-"));
  closers.push(() => rmSync(directory, { recursive: true, force: true }));
  const redis = await startEmbedded({ directory });
  closers.push(() => redis.close());
  const child = (process) => {
    closers.push(() => process.kill());
    return process;
  };
  const mock = child(fork(new URL("provider-server.mjs", import.meta.url), { execArgv: [] }));
  const [port] = await once(mock, "message");
  const base = `http://127.0.0.1:${port}/v1`;
  const switchyard = child(fork(new URL("proxy-server.mjs", import.meta.url), [redis.url, base]));
  const [url] = await once(switchyard, "message");
  return [
    { name: "mock", url: `${base}/chat/completions`, headers: {}, pids: [mock.pid] },
    await startPortkey(base, child, say),
    { name: "switchyard", url: `${url}/v1/chat/completions`, headers: {}, pids: [switchyard.pid, redis.pid] },
  ];
}

/** Installs Portkey's gateway into a folder of its own, once, and starts it. */
async function startPortkey(base, child, say) {
  const folder = join(tmpdir(), "switchyard-bench-portkey");
  if (!existsSync(join(folder, "node_modules/@portkey-ai/gateway"))) {
    say("installing @portkey-ai/gateway 1.15.2 ...");
    mkdirSync(folder, { recursive: true });
    for (const file of ["package.json", "package-lock.json"]) {
      copyFileSync(new URL(`portkey/${file}`, import.meta.url), join(folder, file));
    }
    execFileSync("npm", ["ci", "--no-audit", "--no-fund"], { cwd: folder, stdio: "ignore" });
  }
  const port = await freePort();
  const program = "node_modules/@portkey-ai/gateway/build/start-server.js";
  const env = { ...process.env, NODE_ENV: "production", TRUSTED_CUSTOM_HOSTS: "127.0.0.1,localhost" };
  const gateway = child(
    spawn(process.execPath, [program, `--port=${port}`, "--headless"], { cwd: folder, stdio: "ignore", env }),
  );
  const target = { provider: "openai", api_key: "key", custom_host: base };
  const config = JSON.stringify({ strategy: { mode: "fallback" }, targets: [target, target] });
  return {
    name: "portkey",
    url: `http://127.0.0.1:${port}/v1/chat/completions`,
    headers: { "x-portkey-config": config },
    pids: [gateway.pid],
  };
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

const bodyOf = (kind) =>
  JSON.stringify({
    model: "m",
    messages: [
      { role: "system", content: "You are a careful engineer." },
      { role: "user", content: "Summarise the following text in two sentences. ".repeat(15) },
    ],
    max_tokens: 200,
    ...(kind === "stream" ? { stream: true } : {}),
  });

/** Waits until a server answers, and refuses to measure one that does not give the mock's answer. */
async function tried({ name, url, headers }) {
  for (const kind of kinds) {
    for (let again = 0; ; again++) {
      const said = await fetch(url, {
        method: "POST",
        headers: { ...headers, "content-type": "application/json", authorization: "Bearer key" },
        body: bodyOf(kind),
      }).then(
        async (response) => ({ status: response.status, text: await response.text() }),
        (error) => ({ status: 0, text: String(error) }),
      );
      if (said.status === 200 && said.text.includes("chatcmpl-1")) break;
      if (again > 100) throw new Error(`${name} answers ${said.status}: ${said.text.slice(0, 300)}`);
      await new Promise((next) => setTimeout(next, 100));
    }
  }
}

/** Each server by turns in each round, so that what else the machine does is felt by all alike. */
async function measure(servers, plan) {
  const took = {};
  for (const { name } of servers) took[name] = {};
  for (const kind of plan.kinds) {
    for (const server of servers) await load(server, kind, 32, { amount: kind === "whole" ? warmUp : warmUp / 4 });
    for (const width of plan.widths) {
      const key = `${kind}_${width}`;
      for (let round = 0; round < plan.rounds; round++) {
        for (const server of servers) {
          took[server.name][key] ??= [];
          took[server.name][key].push(await load(server, kind, width, { duration: seconds }));
        }
      }
    }
  }
  return took;
}

async function load({ name, url, headers, pids }, kind, width, much) {
  const before = cpuMs(pids);
  const result = await autocannon({
    url,
    connections: width,
    ...much,
    method: "POST",
    headers: { ...headers, "content-type": "application/json", authorization: "Bearer key" },
    body: bodyOf(kind),
  });
  if (result.non2xx + result.errors > 0)
    throw new Error(`${name}: ${result.non2xx} bad answers, ${result.errors} errors`);
  const { p50, p99 } = result.latency;
  const cpuUs = ((cpuMs(pids) - before) * 1_000) / result.requests.total;
  return { perSecond: result.requests.total / result.duration, p50, p99, cpuUs };
}

/** CPU that processes have used, in milliseconds: that does not depend on what else the machine does. NaN where nothing tells. */
function cpuMs(pids) {
  let ticks = 0;
  for (const pid of pids) {
    try {
      const [, rest] = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ");
      const fields = rest.split(" ");
      ticks += Number(fields[11]) + Number(fields[12]);
    } catch {
      return Number.NaN;
    }
  }
  return ticks * 10;
}

function report(took, plan, say) {
  const of = (name, key, what) => median(took[name]?.[key]?.map((one) => one[what]) ?? []);
  const ratios = {};
  const figures = {};
  for (const kind of plan.kinds) {
    for (const width of plan.widths) {
      const key = `${kind}_${width}`;
      const suffix = kind === "whole" ? `${width}` : `stream_${width}`;
      for (const name of Object.keys(took)) {
        figures[`${name}_per_s_${suffix}`] = of(name, key, "perSecond");
        figures[`${name}_p50_ms_${suffix}`] = of(name, key, "p50");
        figures[`${name}_p99_ms_${suffix}`] = of(name, key, "p99");
        figures[`${name}_cpu_us_${suffix}`] = of(name, key, "cpuUs");
        say(
          `${kind.padEnd(7)}${String(width).padStart(4)} connections  ${name.padEnd(11)}` +
            `${of(name, key, "perSecond").toFixed(0).padStart(7)}/s   p50 ${of(name, key, "p50")} ms   p99 ${of(name, key, "p99")} ms   CPU ${of(name, key, "cpuUs").toFixed(0)} us`,
        );
      }
      for (const peer of ["portkey", "mock"]) {
        if (!took[peer] || !took.switchyard) continue;
        const pairs = took.switchyard[key].map(({ perSecond }, i) => perSecond / took[peer][key][i].perSecond);
        ratios[`vs_${peer}_${suffix}`] = median(pairs);
      }
    }
  }
  if (figures.switchyard_p99_ms_32 !== undefined) figures.p99_ms_32 = figures.switchyard_p99_ms_32;
  for (const [name, value] of Object.entries(ratios)) say(`${name.padEnd(24)}${value.toFixed(2)}`);
  say("vs_portkey_32: goal 3");
  return { ratios, figures };
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
