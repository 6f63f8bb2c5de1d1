// A process with a router, asked by messages: {id, do, ...}, each answered by {id, value}. argv: Redis URL.

import { loadSettings } from "../../dist/config/load.js";
import { applyOverrides } from "../../dist/config/overrides.js";
import { createProviders } from "../../dist/providers/create.js";
import { connect } from "../../dist/redis/connection.js";
import { keysOf } from "../../dist/redis/keys.js";
import { createRouter } from "../../dist/router/create.js";

const redis = connect(process.argv[2], "patient", () => undefined);
let aheadMs = 0;
let router;
let providers = new Map();
let requests = 0;

const clock = () => Date.now() + aheadMs;
const request = { messages: [{ role: "user", content: "Hello" }] };

const actions = {
  /** A fresh router with settings of its own, on the real time. */
  async start({ prefix, env, routing }) {
    await actions.close();
    aheadMs = 0;
    const read = loadSettings({ env, cwd: "/nonexistent" });
    const names = read.providers.map(({ name }) => name);
    const settings = { ...read, routing: applyOverrides(read.routing, routing, names) };
    providers = createProviders(settings);
    const parts = { settings, providers, redis, keys: keysOf(prefix), clock, random: Math.random };
    router = createRouter({ ...parts, timeSource: "clock", redisBoundMs: 10_000 });
  },
  async close() {
    await router?.close();
    for (const provider of providers.values()) await provider.close();
  },
  ask({ hints, options }) {
    const idempotencyKey = `${process.pid}-${++requests}`;
    const signal = new AbortController().signal;
    return router.call(request, { hints, signal, idempotencyKey, deadline: clock() + 60_000, ...options });
  },
  explain: ({ hints }) => router.explain({ hints }),
  /** Its clock goes on by so much at once. */
  async advance({ ms }) {
    aheadMs += ms;
  },
};

process.on("message", async (message) => {
  process.send({ id: message.id, value: await actions[message.do](message) });
});
process.on("disconnect", () => process.exit());
process.send({ id: 0 });
