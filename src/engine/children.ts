import { createHash } from "node:crypto";
import type { Redis } from "ioredis";
import { AppError, type ErrorRecord } from "../core/errors.ts";
import type { Json } from "../core/json.ts";
import type { RunStatus } from "../core/run.ts";
import { fullName, ownName, tenantOf } from "../core/tenant.ts";
import type { Keys } from "../redis/keys.ts";
import type { Child, ChildRequest, Children, StartedChild, UndoneChild } from "../steps/handler.ts";
import type { Definitions, LoadedWorkflow } from "./definitions.ts";
import type { ChildrenOf, Parent, SubmitRequest } from "./engine.ts";
import { hasEnded } from "./restore.ts";
import type { Execution, RunStore } from "./run-store.ts";
import type { SubmittedChild } from "./submit.ts";
import { runsToUndo, undoingRun } from "./undo-runs.ts";
import { FenceLost } from "./waiting-store.ts";
import type { NewRun } from "./write-run.ts";

/** What child runs are made with. */
export interface ChildrenParts {
  readonly redis: Redis;
  readonly keys: Keys;
  readonly store: RunStore;
  readonly definitions: Definitions;
  /** @returns in their order */
  readonly submit: (
    requests: readonly (SubmitRequest & { readonly id: string })[],
    as: ChildrenOf,
  ) => Promise<readonly SubmittedChild[]>;
  /** Writes runs that undo others. */
  readonly write: (runs: readonly NewRun[]) => Promise<void>;
  readonly clock: () => number;
  readonly cancel: (runId: string, by: string, reason: string) => Promise<void>;
  readonly pause: (runId: string, by: string) => Promise<void>;
  readonly resume: (runId: string, by: string) => Promise<void>;
}

/** The child runs of one dispatch of a step. A child's id is made of the dispatch and the key, so that asking again after a crash finds the same run. */
export function childrenOf(parts: ChildrenParts, execution: Execution, workflow: LoadedWorkflow): Children {
  const { name, version, compiled } = workflow;
  const { redis, keys, definitions } = parts;
  const { runId, actor, epoch, priority } = execution;
  const tenant = tenantOf(name);
  const parent: Parent = { run: runId, workflow: name, version, actor, epoch, ...(priority ? { priority } : {}) };
  return {
    id: (key) => childId(execution, key),
    async toUndo() {
      const { open, succeeded } = await runsToUndo(parts, runId, compiled.steps.get(actor)?.compensates ?? "");
      // Whoever ended the step may have died before it ended these.
      for (const id of open) await parts.cancel(id, `run ${runId}`, "The step that started it is not wanted any more.");
      return { open: open.length, succeeded };
    },
    undo: (ids) => undo(parts, execution, parent, ids),
    store: async (definition) =>
      storedVersion(await definitions.store(definitions.check(definition), { tenant, isBlock: true })),
    newest: async (workflow) => storedVersion(await definitions.load(fullName(tenant, workflow))),
    async start(request) {
      const [child] = await startAll(parts, execution, parent, [request]);
      if (child?.refusal) throw child.refusal;
      return childId(execution, request.key);
    },
    startAll: (requests) => startAll(parts, execution, parent, requests),
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

async function startAll(
  parts: ChildrenParts,
  execution: Execution,
  parent: Parent,
  requests: readonly ChildRequest[],
): Promise<readonly StartedChild[]> {
  // What a step names is its tenant's.
  const tenant = tenantOf(parent.workflow);
  const wanted = requests.map(({ key, workflow, ...request }) => ({
    ...request,
    tenant,
    ...(workflow === undefined ? {} : { workflow: fullName(tenant, workflow) }),
    id: childId(execution, key),
  }));
  const ids = wanted.map(({ id }) => id);
  // Known to the parent before they exist: whoever ends the parent can end them.
  const adopted = await parts.store.waiting.adopt(execution, ids);
  if (!adopted) throw new FenceLost();
  const submitted = await parts.submit(wanted, { parent, paused: adopted.paused });
  // Who ended, paused or resumed the parent in between has found nothing to be ended, paused or resumed.
  const still = await parts.store.waiting.adopt({ ...execution, token: "" }, ids);
  const by = `run ${parent.run}`;
  for (const child of submitted) {
    if (child.refusal) continue;
    const { id, created } = child;
    if (!still) await parts.cancel(id, by, "The step that started it is not wanted any more.");
    else if (!created || still.paused !== adopted.paused) await parts[still.paused ? "pause" : "resume"](id, by);
  }
  if (!still) throw new FenceLost();
  return submitted.map(({ id, refusal }) => ({ id, ...(refusal ? { refusal } : {}) }));
}

async function undo(
  parts: ChildrenParts,
  execution: Execution,
  parent: Parent,
  ids: readonly string[],
): Promise<readonly UndoneChild[]> {
  const newId = (of: string) => childId(execution, `undo ${of}`);
  const adopted = await parts.store.waiting.adopt(execution, ids.map(newId));
  if (!adopted) throw new FenceLost();
  const as: ChildrenOf = { parent, paused: adopted.paused };
  const planned = await Promise.all(
    ids.map(async (of): Promise<{ readonly run?: NewRun | undefined; readonly child: UndoneChild }> => {
      try {
        const run = await undoingRun(parts, of, { id: newId(of), as, now: parts.clock() });
        return { run, child: { of, id: run?.id ?? null } };
      } catch (error) {
        if (error instanceof AppError && error.code === "run_not_found")
          return { child: { of, id: null, refusal: error } };
        throw error;
      }
    }),
  );
  const runs = planned.flatMap(({ run }) => run ?? []);
  await parts.write(runs);
  const still = await parts.store.waiting.adopt({ ...execution, token: "" }, []);
  if (!still) throw new FenceLost();
  const by = `run ${parent.run}`;
  if (still.paused !== adopted.paused) {
    for (const { id } of runs) await parts[still.paused ? "pause" : "resume"](id, by);
  }
  return planned.map(({ child }) => child);
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
