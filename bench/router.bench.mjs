// What routing costs: a decision (one look at Redis and the choice) and a record (an outcome folded in), each beside a bare PING on the same
// connection in the same rounds, one after the other and 50 at a time; and a decision among 50 targets beside one among 3.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadSettings } from "../dist/config/load.js";
import { tokenSource } from "../dist/core/ids.js";
import { createProviders } from "../dist/providers/create.js";
import { connect, ready } from "../dist/redis/connection.js";
import { startEmbedded } from "../dist/redis/embedded.js";
import { keysOf } from "../dist/redis/keys.js";
import { createReachability } from "../dist/router/bounded.js";
import { createFleet } from "../dist/router/fleet-store.js";
import { createLiveRouting } from "../dist/router/live-routing.js";
import { createMemory } from "../dist/router/memory.js";
import { begin } from "../dist/router/request.js";
import { keyField } from "../dist/router/standing.js";

// Short batches in turn: what else the machine does meanwhile is felt by each alike.
const rounds = 120;
const batch = 50;
const prompt = {
  messages: [{ role: "user", content: "Summarise the following text in three sentences. ".repeat(20) }],
};

export async function bench({ say }) {
  const directory = mkdtempSync(join(tmpdir(), "switchyard-bench-"));
  const server = await startEmbedded({ directory });
  const redis = connect(server.url, "impatient", () => undefined);
  try {
    await ready(redis);
    const few = await fleetOf(3, redis, directory);
    const many = await fleetOf(50, redis, directory);
    const works = {
      ping: () => redis.ping(),
      decision: few.decide,
      decision50: many.decide,
    };
    const alone = { ping: [], decision: [], decision50: [], record: [] };
    const together = { ping: [], decision: [], decision50: [], record: [] };
    for (let round = -40; round < rounds; round++) {
      for (const [width, times] of [
        [1, alone],
        [50, together],
      ]) {
        const took = {};
        for (const [name, work] of Object.entries(works)) took[name] = await timed(work, width);
        took.record = await recorded(few, width);
        // The first rounds only warm up.
        if (round >= 0) for (const [name, us] of Object.entries(took)) times[name].push(us);
      }
    }
    return report(alone, together, say);
  } finally {
    redis.disconnect();
    await server.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

function report(alone, together, say) {
  const ratio = (times, name, to) => median(times[name].map((us, i) => us / times[to][i]));
  const ratios = {
    decision_vs_round_trip: ratio(alone, "decision", "ping"),
    record_vs_round_trip: ratio(alone, "record", "ping"),
    targets_50_vs_3: ratio(alone, "decision50", "decision"),
    decision_vs_round_trip_50_in_flight: ratio(together, "decision", "ping"),
    record_vs_round_trip_50_in_flight: ratio(together, "record", "ping"),
    targets_50_vs_3_50_in_flight: ratio(together, "decision50", "decision"),
  };
  const us = (times, name) => median(times[name]);
  const figures = {
    round_trip_us: us(alone, "ping"),
    decision_us: us(alone, "decision"),
    record_us: us(alone, "record"),
    decision_50_targets_us: us(alone, "decision50"),
    decisions_per_s: 1e6 / us(alone, "decision"),
    decisions_per_s_50_in_flight: 1e6 / us(together, "decision"),
    round_trips_per_s_50_in_flight: 1e6 / us(together, "ping"),
    records_per_s_50_in_flight: 1e6 / us(together, "record"),
  };
  const line = (title, name) =>
    say(
      `${title.padEnd(24)}${us(alone, name).toFixed(0).padStart(6)} us ${(1e6 / us(alone, name)).toFixed(0).padStart(8)}/s` +
        `   50 in flight ${(1e6 / us(together, name)).toFixed(0).padStart(7)}/s`,
    );
  line("bare round trip (PING)", "ping");
  line("decision, 3 targets", "decision");
  line("decision, 50 targets", "decision50");
  line("record", "record");
  say("");
  say(`decision / round trip       ${ratios.decision_vs_round_trip.toFixed(2)}   (goal 1.5)`);
  say(`record / round trip         ${ratios.record_vs_round_trip.toFixed(2)}   (goal 1.5)`);
  say(`50 targets / 3 targets      ${ratios.targets_50_vs_3.toFixed(2)}   (goal 2)`);
  say(
    `50 in flight, all on one core: decision ${ratios.decision_vs_round_trip_50_in_flight.toFixed(2)}, record ${ratios.record_vs_round_trip_50_in_flight.toFixed(2)}, ` +
      `50 targets / 3 targets ${ratios.targets_50_vs_3_50_in_flight.toFixed(2)}`,
  );
  return { ratios, figures };
}

/** A router's inside over `count` providers whose targets have been called before. */
async function fleetOf(count, redis, directory) {
  const names = Array.from({ length: count }, (_, i) => `provider-${String(i).padStart(2, "0")}`);
  const file = join(directory, `switchyard-${count}.yaml`);
  const entry = (name) => `  ${name}: { type: custom, endpoint: "http://127.0.0.1:9/v1", model: ${name}-model }`;
  writeFileSync(file, `providers:\n${names.map(entry).join("\n")}\n`);
  const settings = loadSettings({ env: { REDIS_URL: "redis://127.0.0.1" }, cwd: directory, file });
  const providers = createProviders(settings);
  const fleet = createFleet({
    redis,
    keys: keysOf(`bench-${count}`),
    clock: Date.now,
    random: Math.random,
    memory: createMemory(),
    reachability: createReachability(1_000, Date.now, (error) => {
      throw error;
    }),
    timeSource: "redis",
  });
  const live = createLiveRouting(settings, providers, () => undefined);
  const token = tokenSource();
  const context = { live, fleet, clock: Date.now, random: Math.random, token };
  const signal = new AbortController().signal;
  const options = { hints: {}, signal, idempotencyKey: "bench", deadline: Number.POSITIVE_INFINITY };
  const targets = [...providers.values()].map(({ name, defaultModel }) => ({ provider: name, model: defaultModel }));
  const question = { targets, count: false, uses: [] };
  const bookings = (most) =>
    Promise.all(
      Array.from({ length: most }, async (_, i) => {
        const target = targets[i % targets.length];
        const field = keyField(providers.get(target.provider), providers.get(target.provider).keys[0] ?? "default");
        const ask = { tokens: 1_200, usd: 0.001 };
        const booking = { provider: target.provider, keyField: field, limits: null, keyLimits: null, ask };
        const { booked } = await fleet.reserve({ ...booking, token: token() });
        return { target, keyField: field, settle: { booked, actual: { tokens: 700, usd: 0.0007 } } };
      }),
    );
  const record = (call) =>
    fleet.record({ ...call, kind: "ok", ms: 0, token: "", durationMs: 20, latencyMs: 12 }, question);
  for (const call of await bookings(count * 2)) await record(call);
  return { decide: () => begin(context, prompt, options), book: bookings, record };
}

/** Microseconds of one piece of work in a batch. @param width how many are under way at a time */
async function timed(work, width) {
  const start = performance.now();
  const lane = async () => {
    for (let i = 0; i < batch / width; i++) await work();
  };
  await Promise.all(Array.from({ length: width }, lane));
  return ((performance.now() - start) * 1_000) / batch;
}

/** The same of records. Each is of a call that was booked before, as many at a time as are recorded at a time; booking is not counted. */
async function recorded({ book, record }, width) {
  let ms = 0;
  for (let done = 0; done < batch; done += width) {
    const calls = await book(width);
    const start = performance.now();
    await Promise.all(calls.map(record));
    ms += performance.now() - start;
  }
  return (ms * 1_000) / batch;
}

function median(values) {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}
