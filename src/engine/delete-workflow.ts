import type { Redis } from "ioredis";
import { AppError } from "../core/errors.ts";
import type { Json } from "../core/json.ts";
import { fullName, ownName, tenantOf } from "../core/tenant.ts";
import type { Keys } from "../redis/keys.ts";
import { loadScript } from "../redis/script.ts";
import { namedWorkflows } from "../workflow/named-workflows.ts";
import type { Definitions } from "./definitions.ts";
import type { Schedules } from "./schedules.ts";
import type { Triggers } from "./triggers.ts";

const deleteScript = loadScript("delete_workflow", new URL("./lua/delete_workflow.lua", import.meta.url));

/** What deleting a workflow needs. */
export interface DeleteWorkflowParts {
  readonly redis: Redis;
  readonly keys: Keys;
  readonly definitions: Pick<Definitions, "show">;
  readonly schedules: Pick<Schedules, "list">;
  readonly triggers: Pick<Triggers, "list">;
}

/** Who still needs a workflow, by what the API calls them. */
interface Uses {
  readonly runs: readonly string[];
  readonly schedules: readonly string[];
  readonly triggers: readonly string[];
  readonly workflows: readonly string[];
}

/** So many of a kind are named in a message. */
const mostNamed = 10;

/**
 * Takes a workflow's name out of use, in one script: it is not listed, and nothing can begin runs of it. What runs that have ended are shown by stays; a run that was
 * accepted while this was decided goes on by it, too.
 * @param name the full one @throws AppError workflow_not_found; workflow_in_use, with everything that needs it
 */
export async function deleteWorkflow(parts: DeleteWorkflowParts, name: string): Promise<void> {
  const { redis, keys, definitions } = parts;
  await definitions.show(name);
  const uses = await usesOf(parts, name);
  const inUse = Object.entries(uses).filter(([, ids]) => ids.length > 0);
  if (inUse.length > 0) throw inUseError(ownName(name), inUse);
  const reply = await deleteScript.run(redis, [keys.workflow(name), keys.workflows], [name]);
  // Somebody was quicker.
  if (reply === "missing") await definitions.show(name);
}

async function usesOf({ redis, keys, schedules, triggers }: DeleteWorkflowParts, name: string): Promise<Uses> {
  const tenant = tenantOf(name);
  const [runs, bySchedule, byTrigger, workflows] = await Promise.all([
    redis.zinter(2, keys.openRuns, keys.runsBy("workflow", name)),
    schedules.list(tenant),
    triggers.list(tenant),
    workflowsThatRun(redis, keys, name),
  ]);
  const ofIt = ({ workflow }: { readonly workflow: string | null }) => workflow === name;
  return {
    runs,
    schedules: bySchedule.filter(ofIt).map(({ id }) => ownName(id)),
    triggers: byTrigger.filter(ofIt).map(({ id }) => ownName(id)),
    workflows,
  };
}

/** Own names of the workflows of the tenant whose newest version runs this one. */
async function workflowsThatRun(redis: Redis, keys: Keys, name: string): Promise<readonly string[]> {
  const others = (await redis.smembers(keys.workflows)).filter(
    (other) => other !== name && tenantOf(other) === tenantOf(name),
  );
  const found = await Promise.all(
    others.map(async (other) => {
      const latest = await redis.hget(keys.workflow(other), "latest");
      const text = await redis.hget(keys.workflow(other), `v${latest}`);
      const names = text === null ? [] : [...namedWorkflows(JSON.parse(text) as Json)];
      return names.some((named) => fullName(tenantOf(name), named) === name) ? [ownName(other)] : [];
    }),
  );
  return found.flat().sort();
}

function inUseError(name: string, inUse: readonly (readonly [string, readonly string[]])[]): AppError {
  const said = inUse.map(([kind, ids]) => {
    const more = ids.length > mostNamed ? ` and ${ids.length - mostNamed} more` : "";
    return `${kind === "runs" ? "runs that go on" : kind} (${ids.slice(0, mostNamed).join(", ")}${more})`;
  });
  return new AppError("workflow_in_use", {
    message: `Workflow "${name}" is needed by ${said.join("; by ")}.`,
    details: Object.fromEntries(inUse.map(([kind, ids]) => [kind, ids.slice(0, mostNamed)])),
  });
}
