import type { Redis } from "ioredis";
import type { Hints } from "../core/call.ts";
import { AppError, type ErrorRecord } from "../core/errors.ts";
import { pendingStep, stepAfter } from "../core/history.ts";
import type { Json, JsonObject } from "../core/json.ts";
import { isPriority } from "../core/priority.ts";
import type { EventBody, ForkOf, Run, RunEvent, RunStatus, RunSummary, StartedRuns, StepRecord } from "../core/run.ts";
import { tenantOf } from "../core/tenant.ts";
import type { Keys } from "../redis/keys.ts";
import type { Definitions } from "./definitions.ts";
import type { Parent } from "./engine.ts";
import { type ListRequest, listRuns, type RunPage } from "./list-runs.ts";
import { waitingBefore } from "./places.ts";
import { hasEnded } from "./restore.ts";

const summaryFields = [
  "id",
  "workflow",
  "version",
  "status",
  "createdAt",
  "startedAt",
  "finishedAt",
  "costUsd",
  "paused",
  "parent",
  "forkOf",
] as const;

/** Child runs of one step that are named where a run is shown. */
const namedChildren = 10;

/** Reads runs. Changes nothing. */
export class RunQuery {
  readonly #redis: Redis;
  readonly #keys: Keys;
  readonly #definitions: Definitions;

  constructor(redis: Redis, keys: Keys, definitions: Definitions) {
    this.#redis = redis;
    this.#keys = keys;
    this.#definitions = definitions;
  }

  /** A run with its steps. @throws AppError run_not_found */
  async get(
    runId: string,
    { outputs = false, children = false }: { readonly outputs?: boolean; readonly children?: boolean } = {},
  ): Promise<Run> {
    const keys = this.#keys.run(runId);
    const fields = [...summaryFields, "input", "hints", "output", "error", "priority", "place"] as const;
    const [values, forks] = await Promise.all([this.#redis.hmget(keys.run, ...fields), this.#forks(runId)]);
    const summary = summaryOf(values);
    if (!summary) throw notFound(runId);
    const [input, hints, output, error] = values
      .slice(summaryFields.length, -2)
      .map((text) => (text ? JSON.parse(text) : null));
    const [priority] = values.slice(-2);
    const group = summary.status === "queued" || summary.status === "paused" ? values.at(-1) : null;
    const waitsBehind = group ? await waitingBefore({ redis: this.#redis, keys: this.#keys }, group, runId) : null;
    return {
      ...summary,
      input: input as JsonObject,
      hints: hints as Hints,
      ...(isPriority(priority) ? { priority } : {}),
      ...(waitsBehind === null ? {} : { waitsBehind }),
      output: output as Json,
      error: error as ErrorRecord | null,
      ...(await this.#told(runId, summary, outputs)),
      ...(forks.length > 0 ? { forks } : {}),
      ...(children ? { children: await this.#children(runId) } : {}),
    };
  }

  async #children(runId: string): Promise<readonly StartedRuns[]> {
    const entries = Object.entries(await this.#redis.hgetall(this.#keys.run(runId).children));
    const steps = new Map<string, (readonly [id: string, by: string])[]>();
    for (const [id, by] of entries) {
      const step = by.slice(0, by.indexOf("|"));
      const started = steps.get(step);
      if (started) started.push([id, by]);
      else steps.set(step, [[id, by]]);
    }
    return [...steps].map(([step, started]) => {
      const ids = (ended: boolean) => started.flatMap(([id, by]) => (hasEnded(by) === ended ? [id] : []));
      const open = ids(false);
      return { step, total: started.length, open: open.length, runs: [...open, ...ids(true)].slice(0, namedChildren) };
    });
  }

  async #forks(runId: string): Promise<readonly string[]> {
    const ids = await this.#redis.zrange(this.#keys.run(runId).forks, "0", "-1");
    const written = await Promise.all(ids.map((id) => this.#redis.hexists(this.#keys.run(id).run, "id")));
    return ids.filter((_, i) => written[i] === 1);
  }

  /** What the history tells: the steps, and whether they are being undone. */
  async #told(
    runId: string,
    { workflow, version }: RunSummary,
    withOutputs: boolean,
  ): Promise<Pick<Run, "steps" | "compensation">> {
    const { steps, queues } = await this.#definitions.forJobs(workflow, version);
    const own = [...steps].filter(([, { compensates }]) => compensates === undefined);
    const records = new Map(own.map(([id, { kind }]): [string, StepRecord] => [id, pendingStep(id, kind)]));
    let compensation: Pick<Run, "compensation"> = {};
    for (const event of await this.#read(runId, 0, undefined)) {
      if (event.type === "run.compensating") {
        const { because, steps: undone, unsure } = event;
        compensation = { compensation: { because, steps: undone, ...(unsure ? { unsure } : {}) } };
      }
      // A compensation, or a step of what a machine has spawned, is shown once it is dispatched.
      const { kind, compensates } = (event.type === "step.queued" && steps.get(event.step)) || {};
      if (
        event.type === "step.queued" &&
        kind !== undefined &&
        (compensates !== undefined || !records.has(event.step))
      ) {
        records.set(event.step, {
          ...pendingStep(event.step, kind),
          ...(compensates === undefined ? {} : { compensates }),
        });
      }
      // Without the workflow's machine the history alone says which steps there are.
      if (queues && event.type === "step.queued" && !records.has(event.step)) {
        records.set(event.step, pendingStep(event.step, "unknown"));
      }
      const record = "step" in event ? records.get(event.step) : undefined;
      if (record) records.set(record.id, stepAfter(record, event));
    }
    if (!withOutputs) return { steps: [...records.values()], ...compensation };
    const stored = await this.#redis.hgetall(this.#keys.run(runId).outputs);
    const shown = [...records.values()].map((record) => {
      const text = stored[record.id];
      return text === undefined ? record : { ...record, output: JSON.parse(text) as Json };
    });
    return { steps: shown, ...compensation };
  }

  /** A page of runs, newest first. @throws AppError run_not_found, bad_request */
  list(request: ListRequest): Promise<RunPage> {
    const read = async (id: string) => summaryOf(await this.#redis.hmget(this.#keys.run(id).run, ...summaryFields));
    return listRuns({ redis: this.#redis, keys: this.#keys, read }, request);
  }

  /** Whose run it is. @throws AppError run_not_found */
  async ownerOf(runId: string): Promise<string> {
    const workflow = await this.#redis.hget(this.#keys.run(runId).run, "workflow");
    if (workflow === null) throw notFound(runId);
    return tenantOf(workflow);
  }

  /** Events above a number. @throws AppError run_not_found */
  async events(runId: string, after: number, limit: number | undefined): Promise<readonly RunEvent[]> {
    const events = await this.#read(runId, after, limit);
    if (events.length === 0 && (await this.#redis.exists(this.#keys.run(runId).run)) === 0) throw notFound(runId);
    return events;
  }

  async #read(runId: string, after: number, limit: number | undefined): Promise<RunEvent[]> {
    const { events } = this.#keys.run(runId);
    const from = `(${after}-0`;
    const entries = await (limit === undefined
      ? this.#redis.xrange(events, from, "+")
      : this.#redis.xrange(events, from, "+", "COUNT", limit));
    return entries.map(([id, [, at, , body]]) => ({
      seq: Number.parseInt(id, 10),
      at: Number(at),
      ...(JSON.parse(body ?? "{}") as EventBody),
    }));
  }
}

function summaryOf(values: readonly (string | null)[]): RunSummary | undefined {
  const [id, workflow, version, status, createdAt, startedAt, finishedAt, costUsd, paused, parent, forkOf] = values;
  if (!id) return undefined;
  const time = (text: string | null | undefined) => (text ? Number(text) : null);
  return {
    id,
    workflow: workflow ?? "",
    version: Number(version),
    status: paused ? "paused" : (status as RunStatus),
    ...(parent ? { parent: (JSON.parse(parent) as Parent).run } : {}),
    ...(forkOf ? { forkOf: JSON.parse(forkOf) as ForkOf } : {}),
    createdAt: Number(createdAt),
    startedAt: time(startedAt),
    finishedAt: time(finishedAt),
    costUsd: time(costUsd),
  };
}

/** The error for a run that is not there. */
export function notFound(runId: string): AppError {
  return new AppError("run_not_found", { message: `No run "${runId}".`, details: { run: runId } });
}
