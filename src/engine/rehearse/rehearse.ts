import { AppError, type ErrorRecord, toErrorRecord } from "../../core/errors.ts";
import type { Json, JsonObject } from "../../core/json.ts";
import type { StepHandler } from "../../steps/handler.ts";
import { checkDefinition } from "../../workflow/check.ts";
import { compileWorkflow } from "../../workflow/compile.ts";
import type { CompiledWorkflow } from "../../workflow/compiled.ts";
import type { StepKindSpec } from "../../workflow/kinds/kind.ts";
import { driverOf } from "../definitions.ts";
import type { Driver } from "../drive.ts";
import type { StoredWorkflows } from "./inner-blocks.ts";
import { Rehearsal } from "./rehearsal.ts";
import type { RehearsedRun } from "./rehearsed-run.ts";
import type { Script } from "./script.ts";
import { Timeline } from "./timeline.ts";
import type { Due, RunPlan, World } from "./world.ts";

/** A run without workers: every decision is the engine's own, every step gives what its script says, and time passes at once. */
export interface RehearsalParams {
  readonly workflow: CompiledWorkflow;
  readonly driver: Driver;
  readonly input: Json;
  /** By step id; of steps inside blocks by path. */
  readonly scripts: ReadonlyMap<string, Script>;
  /** Handlers by kind that reach nothing outside: a step of such a kind without a script is executed. Default: none. */
  readonly pure?: ReadonlyMap<string, StepHandler>;
  /** Of the steps of blocks that are executed. Default: none, and so no block is. */
  readonly kinds?: readonly StepKindSpec[];
  /** Workflows that steps may call. Default: none, and so no such step is executed. */
  readonly stored?: StoredWorkflows;
  /** Environment variables that steps may read, by name. Default: none. */
  readonly env?: Readonly<Record<string, string>>;
  /** Of an XState machine: what its driver tells, and what comes to it. Default: nothing. */
  readonly machine?: RunPlan["machine"];
  /** Milliseconds from the start at which a machine is left as it is. Default: never. */
  readonly untilMs?: number;
}

/** More happenings than this are a loop that its scripts never end. */
const maxHappenings = 1_000_000;

/** The same of an XState machine, which may set itself one timer after the other for ever. */
const maxMachineHappenings = 5_000;

/** Runs a workflow from its input to its end. Never throws for what a run can fail with. */
export async function rehearse({ input, scripts, untilMs, ...params }: RehearsalParams): Promise<RehearsedRun> {
  const { workflow, driver, machine } = params;
  const world = worldOf(params);
  const plan = { workflow, driver, scripts, path: "", within: [], ended: () => undefined };
  const top = new Rehearsal(world, { ...plan, ...(machine ? { machine } : {}) });
  await top.begin(input);
  const most = driver.own ? maxMachineHappenings : maxHappenings;
  for (let count = 1; top.isOpen && !world.unscripted; count++) {
    const due = world.timeline.next();
    if (driver.own && (!due || (untilMs !== undefined && due.at > untilMs))) top.wait();
    else if (!due || count > most) top.fail(endless(count > most ? most : undefined));
    else await due.run.happen(due);
  }
  return { ...top.told(), ...(world.unscripted ? { unscripted: world.unscripted } : {}) };
}

function worldOf({
  pure,
  kinds = [],
  env,
  stored = new Map(),
}: Pick<RehearsalParams, "pure" | "kinds" | "env" | "stored">): World {
  const compiled = new Map<string, { readonly workflow: CompiledWorkflow; readonly driver: Driver }>();
  const world: World = {
    timeline: new Timeline<Due>(),
    handlers: pure ?? new Map(),
    env,
    kindOf: (name) => kinds.find((kind) => kind.name === name),
    compiled(definition: JsonObject) {
      const text = JSON.stringify(definition);
      const known = compiled.get(text);
      if (known) return known;
      const workflow = compileWorkflow(checkDefinition(definition, { kinds }), { kinds });
      const made = { workflow, driver: driverOf(workflow) };
      compiled.set(text, made);
      return made;
    },
    stored(name) {
      const definition = stored.get(name);
      return definition && world.compiled(definition.source);
    },
  };
  return world;
}

/** @param most given: so much has happened */
function endless(most: number | undefined): ErrorRecord {
  const message =
    most === undefined
      ? "The run waits for something that no script brings."
      : `The run did not end within ${most} happenings. (Of a machine that goes on for ever, until says when to stop.)`;
  return toErrorRecord(new AppError("internal", { message }));
}
