// Switchyard's API server for proxy.bench.mjs, in a process of its own. argv: Redis URL, the mock's address.
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createApp } from "../dist/app.js";
import { loadSettings } from "../dist/config/load.js";
import { createLog } from "../dist/telemetry/log.js";

const [redisUrl, mock] = process.argv.slice(2);
const cwd = mkdtempSync(join(tmpdir(), "switchyard-bench-"));
// Two targets of one kind, the second behind the first, as the peer's fallback has them.
writeFileSync(
  join(cwd, "switchyard.yaml"),
  `providers:
  first: { type: custom, endpoint: "${mock}", model: m, api_key: key }
  second: { type: custom, endpoint: "${mock}", model: m, api_key: key }
`,
);
const env = { REDIS_URL: redisUrl, SWITCHYARD_PORT: "0", SWITCHYARD_LOG: "error", LLM_ROUTING_STRATEGY: "failover" };
const settings = loadSettings({ env, cwd });
const app = await createApp({ settings, roles: { api: true }, log: createLog("error") });
process.send(app.url);
process.once("disconnect", () => process.exit(0));
process.once("SIGTERM", () => process.exit(0));
