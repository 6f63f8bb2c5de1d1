import { createHash } from "node:crypto";
import type { Redis } from "ioredis";
import type { Hints } from "../core/call.ts";
import { AppError } from "../core/errors.ts";
import { canonicalJson, type Json, type JsonObject } from "../core/json.ts";
import type { Keys } from "../redis/keys.ts";
import { loadScript } from "../redis/script.ts";
import type { Definitions, LoadedWorkflow } from "./definitions.ts";
import { controlJob, type Dispatcher } from "./dispatch.ts";
import type { SubmitRequest } from "./engine.ts";
import type { RunStore } from "./run-store.ts";

const claimScript = loadScript("claim", new URL("./lua/claim.lua", import.meta.url));

/** How long an idempotency key is remembered. */
const idempotencyMs = 7 * 86_400_000;

/** What submitting needs. */
export interface SubmitParts {
  readonly redis: Redis;
  readonly keys: Keys;
  readonly store: RunStore;
  readonly definitions: Definitions;
  readonly dispatcher: Dispatcher;
  /** @throws AppError when a hint names what does not exist. */
  readonly checkHints: (hints: Hints) => void;
  readonly clock: () => number;
  readonly runId: (nowMs: number) => string;
}

/**
 * Accepts a run: everything is checked, then it is written, listed and given its first job, in this order. A crash in between leaves a run
 * that nobody was promised; the same request with the same idempotency key completes it.
 */
export async function submit(
  parts: SubmitParts,
  request: SubmitRequest,
): Promise<{ readonly id: string; readonly created: boolean }> {
  const workflow = await theWorkflow(parts.definitions, request);
  const input = workflow.compiled.checkInput(request.input ?? {});
  const hints = request.hints ?? {};
  parts.checkHints(hints);
  for (const step of workflow.compiled.steps.values()) parts.checkHints({ ...hints, ...step.route });
  const now = parts.clock();
  const id = await claimed(parts, request.idempotencyKey, parts.runId(now), {
    workflow: workflow.name,
    version: workflow.version,
    input,
    hints: hints as JsonObject,
  });
  const fields = {
    id,
    workflow: workflow.name,
    version: String(workflow.version),
    input: JSON.stringify(input),
    hints: JSON.stringify(hints),
  };
  const first = { type: "run.created", workflow: workflow.name, version: workflow.version } as const;
  const created = await parts.store.create(id, fields, first);
  if (created) {
    await Promise.all([parts.redis.zadd(parts.keys.runs, now, id), parts.redis.zadd(parts.keys.openRuns, now, id)]);
  }
  await start(parts, id, workflow, created);
  return { id, created };
}

/** A run that was there already may have been left by a crash before it was listed or got its job. */
async function start(parts: SubmitParts, id: string, workflow: LoadedWorkflow, created: boolean): Promise<void> {
  if (!created) {
    const [status, createdAt] = await parts.redis.hmget(parts.keys.run(id).run, "status", "createdAt");
    if (status !== "queued") return;
    const at = Number(createdAt);
    await Promise.all([parts.redis.zadd(parts.keys.runs, at, id), parts.redis.zadd(parts.keys.openRuns, at, id)]);
  }
  await parts.dispatcher.add([controlJob(id, workflow.name, workflow.version, "start")]);
}

async function theWorkflow(
  definitions: Definitions,
  { workflow, version, definition }: SubmitRequest,
): Promise<LoadedWorkflow> {
  if (definition !== undefined) return definitions.store(definitions.check(definition));
  if (workflow !== undefined) return definitions.load(workflow, version);
  throw new AppError("bad_request", {
    message: "Say which workflow to run: `workflow` (a stored name) or `definition`.",
  });
}

async function claimed(parts: SubmitParts, key: string | undefined, id: string, request: Json): Promise<string> {
  if (key === undefined) return id;
  const hash = createHash("sha256").update(canonicalJson(request)).digest("base64url");
  const reply = await claimScript.run(parts.redis, [parts.keys.idempotency(key)], [id, hash, idempotencyMs]);
  const [owner, ownerHash] = reply as [string, string];
  if (ownerHash !== hash) {
    const message = `Idempotency key "${key}" was used for run ${owner}, with another workflow, input or hints.`;
    throw new AppError("idempotency_conflict", { message, details: { run: owner } });
  }
  return owner;
}
