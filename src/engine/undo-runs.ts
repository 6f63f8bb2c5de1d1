import type { Redis } from "ioredis";
import type { Hints } from "../core/call.ts";
import { AppError } from "../core/errors.ts";
import type { Json, JsonObject } from "../core/json.ts";
import { isTerminal, type RunStatus } from "../core/run.ts";
import type { Keys } from "../redis/keys.ts";
import type { Definitions } from "./definitions.ts";
import type { ChildrenOf } from "./engine.ts";
import type { RunState } from "./state.ts";
import { decideUndo } from "./undo.ts";
import { complete, type NewRun, type WriteParts, writeRuns } from "./write-run.ts";

/** What undoing runs needs. */
export interface UndoParts {
  readonly redis: Redis;
  readonly keys: Keys;
  readonly definitions: Definitions;
}

/** Runs looked at by one command. */
const batch = 200;

/**
 * The runs that a step of a run has started, as far as they matter to whoever undoes them.
 * @returns open: those that have not ended; succeeded: their ids, the one that ended last first
 */
export async function runsToUndo(
  { redis, keys }: Pick<UndoParts, "redis" | "keys">,
  runId: string,
  step: string,
): Promise<{ readonly open: readonly string[]; readonly succeeded: readonly string[] }> {
  // A run that undoes another one has started nothing itself.
  const starter = (await redis.hget(keys.run(runId).run, "undoes")) ?? runId;
  const entries = await redis.hgetall(keys.run(starter).children);
  const ids = Object.keys(entries).filter((id) => entries[id]?.startsWith(`${step}|`));
  const ended: { readonly id: string; readonly at: number }[] = [];
  const open: string[] = [];
  for (let i = 0; i < ids.length; i += batch) {
    const some = ids.slice(i, i + batch);
    const found = await Promise.all(some.map((id) => redis.hmget(keys.run(id).run, "status", "finishedAt")));
    for (const [index, [status, finishedAt]] of found.entries()) {
      // One that could not be started is not there.
      if (!status) continue;
      if (!isTerminal(status as RunStatus)) open.push(some[index] ?? "");
      else if (status === "succeeded") ended.push({ id: some[index] ?? "", at: Number(finishedAt) });
    }
  }
  // Of those that ended in the same millisecond, the one that was started last.
  return {
    open,
    succeeded: ended
      .reverse()
      .sort((a, b) => b.at - a.at)
      .map(({ id }) => id),
  };
}

/**
 * The run that undoes another one. @param id of the new run @returns undefined: there is nothing to undo
 * @throws AppError run_not_found - nothing is left of the other one
 */
export async function undoingRun(
  { redis, keys, definitions }: UndoParts,
  of: string,
  { id, as, now }: { readonly id: string; readonly as: ChildrenOf; readonly now: number },
): Promise<NewRun | undefined> {
  const { run, outputs: outputsKey } = keys.run(of);
  const names = ["workflow", "version", "state", "input", "hints"] as const;
  const [[name, version, state, input, hints], outputs] = await Promise.all([
    redis.hmget(run, ...names),
    redis.hgetall(outputsKey),
  ]);
  if (!name || !state) {
    throw new AppError("run_not_found", { message: `Run ${of} is not there any more.`, details: { run: of } });
  }
  const workflow = await definitions.load(name, Number(version));
  const given = Object.entries(outputs).map(([step, text]) => [step, JSON.parse(text) as Json] as const);
  const succeeded = { id: of, state: JSON.parse(state) as RunState, outputs: Object.fromEntries(given) };
  const because = { by: `run ${as.parent.run}`, reason: `It undoes run ${of}.` };
  const transition = decideUndo(workflow.driver, succeeded, because, now);
  return (
    transition && {
      id,
      workflow,
      input: JSON.parse(input ?? "{}") as JsonObject,
      hints: JSON.parse(hints ?? "{}") as Hints,
      priority: as.parent.priority ?? "normal",
      as,
      forkOf: { run: of, step: null },
      undoes: of,
      transition,
    }
  );
}

/** Writes runs that undo others, and notes them as those ones' forks. One that was there already is completed. */
export async function writeUndoing(parts: WriteParts, runs: readonly NewRun[]): Promise<void> {
  const now = parts.clock();
  const listed = runs.map(({ id, forkOf }) => parts.redis.zadd(parts.keys.run(forkOf?.run ?? "").forks, "NX", now, id));
  const [areNew] = await Promise.all([writeRuns(parts, runs, now), ...listed]);
  await Promise.all(runs.map(({ id }, index) => areNew[index] || complete(parts, id)));
}
