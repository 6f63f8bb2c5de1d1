import { createHash } from "node:crypto";
import type { Redis } from "ioredis";
import { AppError, type ErrorRecord } from "../core/errors.ts";
import type { Json } from "../core/json.ts";
import type { RunStatus } from "../core/run.ts";
import { fullName, ownName, tenantOf } from "../core/tenant.ts";
import type { Keys } from "../redis/keys.ts";
import type { Child, ChildRequest, Children } from "../steps/handler.ts";
import type { Definitions, LoadedWorkflow } from "./definitions.ts";
import type { ChildOf, Parent, SubmitRequest } from "./engine.ts";
import { hasEnded } from "./restore.ts";
import type { Execution, RunStore } from "./run-store.ts";
import { FenceLost } from "./waiting-store.ts";

/** What child runs are made with. */
export interface ChildrenParts {
  readonly redis: Redis;
  readonly keys: Keys;
  readonly store: RunStore;
  readonly definitions: Definitions;
  /** @returns whether it was not there before */
  readonly submit: (request: SubmitRequest, as: ChildOf) => Promise<boolean>;
  readonly cancel: (runId: string, by: string, reason: string) => Promise<void>;
  readonly pause: (runId: string, by: string) => Promise<void>;
  readonly resume: (runId: string, by: string) => Promise<void>;
}

/** The child runs of one dispatch of a step. A child's id is made of the dispatch and the key, so that asking again after a crash finds the same run. */
export function childrenOf(parts: ChildrenParts, execution: Execution, { name, version }: LoadedWorkflow): Children {
  const { redis, keys, definitions } = parts;
  const { runId, actor, epoch, priority } = execution;
  // What a step names is its tenant's.
  const tenant = tenantOf(name);
  const parent: Parent = { run: runId, workflow: name, version, actor, epoch, ...(priority ? { priority } : {}) };
  return {
    id: (key) => childId(execution, key),
    store: async (definition) =>
      storedVersion(await definitions.store(definitions.check(definition), { tenant, isBlock: true })),
    newest: async (workflow) => storedVersion(await definitions.load(fullName(tenant, workflow))),
    start: ({ workflow, ...request }) =>
      start(parts, execution, parent, {
        ...request,
        tenant,
        ...(workflow === undefined ? {} : { workflow: fullName(tenant, workflow) }),
      }),
    async ended(ids) {
      if (ids.length === 0) return [];
      const entries = await redis.hmget(keys.run(runId).children, ...ids);
      return ids.filter((_, i) => hasEnded(entries[i] ?? ""));
    },
    look: (ids, { outputs = true } = {}) => Promise.all(ids.map((id) => look(parts, id, outputs))),
    async cancel(ids, reason) {
      for (const id of ids) await parts.cancel(id, `run ${runId}`, reason);
    },
  };
}

async function start(
  parts: ChildrenParts,
  execution: Execution,
  parent: Parent,
  { key, ...request }: ChildRequest & { readonly tenant: string },
): Promise<string> {
  const id = childId(execution, key);
  // Known to the parent before it exists: whoever ends the parent can end it.
  const adopted = await parts.store.waiting.adopt(execution, id);
  if (!adopted) throw new FenceLost();
  const created = await parts.submit(request, { id, parent, paused: adopted.paused });
  // Who ended, paused or resumed the parent in between has found nothing to be ended, paused or resumed.
  const still = await parts.store.waiting.adopt({ ...execution, token: "" }, id);
  if (still && (!created || still.paused !== adopted.paused)) {
    await parts[still.paused ? "pause" : "resume"](id, `run ${parent.run}`);
  }
  if (still) return id;
  await parts.cancel(id, `run ${parent.run}`, "The step that started it is not wanted any more.");
  throw new FenceLost();
}

async function look({ redis, keys }: ChildrenParts, id: string, outputs: boolean): Promise<Child> {
  const fields = ["status", "error", "finishedAt", ...(outputs ? ["output"] : [])];
  const [status, error, finishedAt, output] = await redis.hmget(keys.run(id).run, ...fields);
  if (!status) {
    throw new AppError("run_not_found", { message: `The child run ${id} is not there.`, details: { run: id } });
  }
  return {
    id,
    status: status as RunStatus,
    output: output ? (JSON.parse(output) as Json) : null,
    error: error ? (JSON.parse(error) as ErrorRecord) : null,
    finishedAt: finishedAt ? Number(finishedAt) : null,
  };
}

function storedVersion({ name, version }: LoadedWorkflow): { readonly workflow: string; readonly version: number } {
  return { workflow: ownName(name), version };
}

const alphabet = "0123456789abcdefghjkmnpqrstvwxyz";

function childId({ runId, actor, epoch }: Execution, key: string): string {
  const hash = createHash("sha256").update([runId, actor, epoch, key].join("\n")).digest();
  return `run_${Array.from(hash.subarray(0, 20), (byte) => alphabet.charAt(byte % 32)).join("")}`;
}
