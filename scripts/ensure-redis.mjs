// Makes sure a redis-server or valkey-server is on PATH, or that REDIS_URL names one elsewhere. Never substitutes a fake.
import { ensure, runs } from "./ensure-program.mjs";

const isOnPath = (name) => runs(name, ["--version"]);

ensure({
  isHere: () => Boolean(process.env.REDIS_URL) || isOnPath("redis-server") || isOnPath("valkey-server"),
  debian: "redis-server",
  brew: ["redis"],
  otherwise: "redis or valkey",
  missing: "No redis-server or valkey-server on PATH.",
  need: "Switchyard needs a real Redis (or Valkey) server, and none is on PATH.",
  instead: "Or point REDIS_URL at a Redis 6.2+ that is running already.",
});
