import { createHash } from "node:crypto";
import type { Hints } from "../core/call.ts";
import { AppError } from "../core/errors.ts";
import { canonicalJson, type Json, type JsonObject } from "../core/json.ts";
import { loadScript } from "../redis/script.ts";
import type { CompiledWorkflow } from "../workflow/compiled.ts";
import type { Conclusion } from "./conclude.ts";
import { decideStart } from "./decide.ts";
import type { Definitions, LoadedWorkflow } from "./definitions.ts";
import { plannedJob } from "./dispatch.ts";
import type { ChildOf, Parent, SubmitRequest } from "./engine.ts";
import { closeRun, type RestoreParts, restoreJobs } from "./restore.ts";
import type { CommitContent, RunStore } from "./run-store.ts";

const claimScript = loadScript("claim", new URL("./lua/claim.lua", import.meta.url));

/** How long an idempotency key is remembered. */
const idempotencyMs = 7 * 86_400_000;

/** What submitting needs. */
export interface SubmitParts extends RestoreParts {
  readonly store: RunStore;
  readonly conclusion: Conclusion;
  /** @throws AppError when a hint names what does not exist. */
  readonly checkHints: (hints: Hints) => void | Promise<void>;
  readonly runId: (nowMs: number) => string;
}

/**
 * Accepts a run: everything is checked, the first transition is decided, then the run is listed, written with it, and given its
 * jobs. A crash in between leaves a run that nobody was promised; the same request with the same idempotency key completes it.
 */
export async function submit(
  parts: SubmitParts,
  request: SubmitRequest,
  as?: ChildOf,
): Promise<{ readonly id: string; readonly created: boolean }> {
  const hints = request.hints ?? {};
  await parts.checkHints(hints);
  let input: JsonObject = {};
  const workflow = await theWorkflow(parts.definitions, request, async (compiled) => {
    input = compiled.checkInput(request.input ?? {});
    for (const route of compiled.routes) await parts.checkHints({ ...hints, ...route });
  });
  const { name, version } = workflow;
  const now = parts.clock();
  const asked = { workflow: name, version, input, hints: hints as JsonObject };
  const id = as?.id ?? (await claimed(parts, request.idempotencyKey, parts.runId(now), asked));
  if (await create(parts, id, workflow, { input, hints, as }, now)) return { id, created: true };
  await complete(parts, id);
  return { id, created: false };
}

/** Whether such a run of a stored workflow would be accepted. @throws AppError as {@link submit} */
export async function checkSubmission(
  { definitions, checkHints }: Pick<SubmitParts, "definitions" | "checkHints">,
  { workflow = "", version, input = {}, hints = {} }: SubmitRequest,
): Promise<void> {
  await checkHints(hints);
  const { compiled } = await definitions.load(workflow, version);
  compiled.checkInput(input);
  for (const step of compiled.steps.values()) await checkHints({ ...hints, ...step.route });
}

async function create(
  parts: SubmitParts,
  id: string,
  { name, version, compiled, driver }: LoadedWorkflow,
  { input, hints, as }: { readonly input: JsonObject; readonly hints: Hints; readonly as: ChildOf | undefined },
  now: number,
): Promise<boolean> {
  const transition = decideStart(driver, input, now);
  const content = await parts.conclusion.of(id, compiled, input, transition);
  const fields = {
    id,
    workflow: name,
    version: String(version),
    input: JSON.stringify(input),
    hints: JSON.stringify(hints),
    ...(as ? { parent: JSON.stringify(as.parent) } : {}),
    ...(as?.paused ? { paused: "parent" } : {}),
  };
  const event = { type: "run.created", workflow: name, version } as const;
  const paused = as?.paused ? [{ type: "run.paused", by: `run ${as.parent.run}` } as const] : [];
  const first: CommitContent = transition.ending
    ? content
    : { ...content, status: "queued", events: [...content.events, ...paused] };
  const place = { runId: id, version, workflow: compiled, place: "back", now } as const;
  const jobs = transition.opened.map((dispatch) => plannedJob(dispatch, place));
  // One connection executes them in this order, so they need not wait for each other's answers: a run is listed before it is written (what Redis
  // loses of its last writes may be the run, but is never its place in the list alone), and written before a job of it can be taken.
  const [, isNew] = await Promise.all([
    list(parts, id, now, as?.parent),
    parts.store.create(id, fields, event, first),
    parts.dispatcher.add(jobs),
  ]);
  if (!isNew) return false;
  if (transition.ending) await closeRun(parts, id, transition.state);
  return true;
}

/** A run that was there already may have been left by a crash before it got its jobs; one that has ended was listed as open again just now. */
async function complete(parts: SubmitParts, id: string): Promise<void> {
  const status = await parts.redis.hget(parts.keys.run(id).run, "status");
  if (status !== "running") await restoreJobs(parts, id);
}

/** A run that is listed keeps its place. */
async function list({ redis, keys }: SubmitParts, id: string, at: number, parent: Parent | undefined): Promise<void> {
  const lists = [keys.runs, keys.openRuns, ...(parent ? [] : [keys.ownRuns])];
  await Promise.all(lists.map((key) => redis.zadd(key, "NX", at, id)));
}

/** @param accept throws where the request does not fit the workflow; a definition that came with it is then not stored either. */
async function theWorkflow(
  definitions: Definitions,
  { workflow, version, definition }: SubmitRequest,
  accept: (workflow: CompiledWorkflow) => Promise<void>,
): Promise<LoadedWorkflow> {
  if (definition !== undefined) return definitions.store(definitions.check(definition), accept);
  if (workflow !== undefined) {
    const loaded = await definitions.load(workflow, version);
    await accept(loaded.compiled);
    return loaded;
  }
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
