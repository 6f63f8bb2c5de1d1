import { createHash } from "node:crypto";
import type { Hints } from "../core/call.ts";
import { AppError } from "../core/errors.ts";
import { canonicalJson, type Json, type JsonObject } from "../core/json.ts";
import type { Priority } from "../core/priority.ts";
import { defaultTenant, ownKey } from "../core/tenant.ts";
import { loadScript } from "../redis/script.ts";
import type { CompiledWorkflow } from "../workflow/compiled.ts";
import { decideStart } from "./decide.ts";
import type { Definitions, LoadedWorkflow } from "./definitions.ts";
import type { ChildrenOf, SubmitRequest } from "./engine.ts";
import { complete, type NewRun, type WriteParts, writeRun, writeRuns } from "./write-run.ts";

const claimScript = loadScript("claim", new URL("./lua/claim.lua", import.meta.url));

/** How long an idempotency key is remembered. */
const idempotencyMs = 7 * 86_400_000;

/** What submitting needs. */
export interface SubmitParts extends WriteParts {
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
): Promise<{ readonly id: string; readonly created: boolean }> {
  await refuseDeleted(parts, request);
  const accepted = await acceptedAs(parts, request);
  const { workflow, input, hints } = accepted;
  const { name, version, driver, compiled } = workflow;
  const now = parts.clock();
  const asked = { workflow: name, version, input, hints: hints as JsonObject, ...askedPriority(request) };
  const id = await claimed(parts, request.idempotencyKey, parts.runId(now), asked);
  const priority = request.priority ?? compiled.priority ?? "normal";
  const created = await writeRun(
    parts,
    { ...accepted, id, priority, transition: decideStart(driver, input, now) },
    now,
  );
  if (!created) await complete(parts, id);
  return { id, created };
}

/** What became of a child run that a step wanted: it could not be accepted, was created now, or was there. */
export type SubmittedChild = { readonly id: string } & (
  | { readonly refusal: AppError }
  | { readonly refusal?: never; readonly created: boolean }
);

/** Accepts runs that a step starts, as {@link submit} does, in few commands. What is wrong with one is no matter of the others. @returns in their order */
export async function submitChildren(
  parts: SubmitParts,
  requests: readonly (SubmitRequest & { readonly id: string })[],
  as: ChildrenOf,
): Promise<readonly SubmittedChild[]> {
  const now = parts.clock();
  const priority = as.parent.priority ?? "normal";
  const planned = await Promise.all(
    requests.map(async ({ id, ...request }): Promise<NewRun | SubmittedChild> => {
      try {
        const accepted = await acceptedAs(parts, request);
        const { driver } = accepted.workflow;
        return { ...accepted, id, priority, as, transition: decideStart(driver, accepted.input, now) };
      } catch (error) {
        if (error instanceof AppError && error.status < 500) return { id, refusal: error };
        throw error;
      }
    }),
  );
  const runs = planned.filter((run) => "transition" in run);
  const areNew = await writeRuns(parts, runs, now);
  const old = runs.filter((_, index) => !areNew[index]);
  await Promise.all(old.map(({ id }) => complete(parts, id)));
  return planned.map((run) => ("transition" in run ? { id: run.id, created: !old.includes(run) } : run));
}

/** Without a version, a workflow that was deleted is not found anyway. */
async function refuseDeleted(
  { definitions }: Pick<SubmitParts, "definitions">,
  { workflow, version }: Pick<SubmitRequest, "workflow" | "version">,
): Promise<void> {
  if (workflow !== undefined && version !== undefined) await definitions.refuseDeleted(workflow);
}

/** Checks a request. @throws AppError where it cannot be accepted */
async function acceptedAs(
  { definitions, checkHints }: SubmitParts,
  request: SubmitRequest,
): Promise<Pick<NewRun, "workflow" | "input" | "hints">> {
  const hints = request.hints ?? {};
  await checkHints(hints);
  let input: JsonObject = {};
  const workflow = await theWorkflow(definitions, request, async (compiled) => {
    input = compiled.checkInput(request.input ?? {});
    for (const route of compiled.routes) await checkHints({ ...hints, ...route });
  });
  return { workflow, input, hints };
}

/** What an idempotency key stands for names a priority only where one was asked for: keys of before there were priorities still hold. */
export function askedPriority({ priority }: Pick<SubmitRequest, "priority">): { readonly priority?: Priority } {
  return priority === undefined ? {} : { priority };
}

/** Whether such a run of a stored workflow would be accepted. @throws AppError as {@link submit} */
export async function checkSubmission(
  { definitions, checkHints }: Pick<SubmitParts, "definitions" | "checkHints">,
  { workflow = "", version, input = {}, hints = {} }: SubmitRequest,
): Promise<void> {
  await checkHints(hints);
  await refuseDeleted({ definitions }, { workflow, version });
  const { compiled } = await definitions.load(workflow, version);
  compiled.checkInput(input);
  for (const step of compiled.steps.values()) await checkHints({ ...hints, ...step.route });
}

/** @param accept throws where the request does not fit the workflow; a definition that came with it is then not stored either. */
async function theWorkflow(
  definitions: Definitions,
  { workflow, version, definition, tenant = defaultTenant }: SubmitRequest,
  accept: (workflow: CompiledWorkflow) => Promise<void>,
): Promise<LoadedWorkflow> {
  if (definition !== undefined) return definitions.store(definitions.check(definition), { tenant, accept });
  if (workflow !== undefined) {
    const loaded = await definitions.load(workflow, version);
    await accept(loaded.compiled);
    return loaded;
  }
  throw new AppError("bad_request", {
    message: "Say which workflow to run: `workflow` (a stored name) or `definition`.",
  });
}

/** The id of the run that an idempotency key stands for: `id`, where it stands for none yet. @throws AppError idempotency_conflict */
export async function claimed(parts: SubmitParts, key: string | undefined, id: string, request: Json): Promise<string> {
  if (key === undefined) return id;
  const hash = createHash("sha256").update(canonicalJson(request)).digest("base64url");
  const reply = await claimScript.run(parts.redis, [parts.keys.idempotency(key)], [id, hash, idempotencyMs]);
  const [owner, ownerHash] = reply as [string, string];
  if (ownerHash !== hash) {
    const message = `Idempotency key "${ownKey(key)}" was used for run ${owner}, with another workflow, input or hints.`;
    throw new AppError("idempotency_conflict", { message, details: { run: owner } });
  }
  return owner;
}
