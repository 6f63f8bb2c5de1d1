import type { Redis } from "ioredis";
import { AppError } from "../core/errors.ts";
import type { ListedWorkflow, StoredVersion, WorkflowPage } from "../core/listed-workflow.ts";
import { defaultTenant, fullName, ownName, tenantOf } from "../core/tenant.ts";
import type { Keys } from "../redis/keys.ts";

/** Which workflows are listed. */
export interface WorkflowsRequest {
  /** Default: the default one. */
  readonly tenant?: string;
  /** Only names behind this one. */
  readonly after?: string;
  /** Default 100. */
  readonly limit?: number;
}

/** A page of the workflows that somebody has stored; not of the blocks that steps run. */
export async function listWorkflows(redis: Redis, keys: Keys, request: WorkflowsRequest): Promise<WorkflowPage> {
  const { tenant = defaultTenant, after = "", limit = 100 } = request;
  const names = (await redis.smembers(keys.workflows))
    .filter((name) => tenantOf(name) === tenant)
    .map(ownName)
    .sort()
    .filter((name) => name > after);
  const page = names.slice(0, limit);
  const workflows = await Promise.all(page.map((name) => listed(redis, keys, fullName(tenant, name))));
  return { workflows, next: names.length > limit ? (page.at(-1) ?? null) : null };
}

async function listed(redis: Redis, keys: Keys, name: string): Promise<ListedWorkflow> {
  const latest = Number(await redis.hget(keys.workflow(name), "latest"));
  const [storedAt, last] = await Promise.all([
    redis.hget(keys.workflow(name), `at:${latest}`),
    redis.zrevrange(keys.runsBy("workflow", name), 0, 0, "WITHSCORES"),
  ]);
  const [run = null, at] = last;
  return {
    name: ownName(name),
    version: latest,
    storedAt: storedAt === null ? null : Number(storedAt),
    lastRunAt: at === undefined ? null : Number(at),
    lastRun: run,
  };
}

/** The versions of a workflow, the newest first. @throws AppError workflow_not_found */
export async function versionsOf(redis: Redis, keys: Keys, name: string): Promise<readonly StoredVersion[]> {
  const latest = Number(await redis.hget(keys.workflow(name), "latest"));
  if (latest === 0) {
    throw new AppError("workflow_not_found", { message: `No workflow "${ownName(name)}" is stored.` });
  }
  const numbers = Array.from({ length: latest }, (_, i) => latest - i);
  const times = await redis.hmget(keys.workflow(name), ...numbers.map((version) => `at:${version}`));
  return numbers.map((version, i) => ({ version, storedAt: times[i] ? Number(times[i]) : null }));
}
