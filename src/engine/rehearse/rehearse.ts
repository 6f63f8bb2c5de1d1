import { AppError, type ErrorRecord, toErrorRecord } from "../../core/errors.ts";
import type { Json, JsonObject } from "../../core/json.ts";
import type { StepHandler } from "../../steps/handler.ts";
import { checkDefinition } from "../../workflow/check.ts";
import { compileWorkflow } from "../../workflow/compile.ts";
import type { CompiledWorkflow } from "../../workflow/compiled.ts";
import type { StepKindSpec } from "../../workflow/kinds/kind.ts";
import { driverOf } from "../definitions.ts";
import type { Driver } from "../drive.ts";
import { Rehearsal } from "./rehearsal.ts";
import type { RehearsedRun } from "./rehearsed-run.ts";
import type { Script } from "./script.ts";
import { Timeline } from "./timeline.ts";
import type { Due, World } from "./world.ts";

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
  /** Environment variables that steps may read, by name. Default: none. */
  readonly env?: Readonly<Record<string, string>>;
}

/** More happenings than this are a loop that its scripts never end. */
const maxHappenings = 1_000_000;

/** Runs a workflow from its input to its end. Never throws for what a run can fail with. */
export async function rehearse({ input, scripts, ...params }: RehearsalParams): Promise<RehearsedRun> {
  const { workflow, driver } = params;
  const world = worldOf(params);
  const top = new Rehearsal(world, { workflow, driver, scripts, path: "", within: [], ended: () => undefined });
  await top.begin(input);
  for (let count = 1; top.isOpen && !world.unscripted; count++) {
    const due = world.timeline.next();
    if (!due || count > maxHappenings) top.fail(endless(count));
    else await due.run.happen(due);
  }
  return { ...top.told(), ...(world.unscripted ? { unscripted: world.unscripted } : {}) };
}

function worldOf({ pure, kinds = [], env }: Pick<RehearsalParams, "pure" | "kinds" | "env">): World {
  const compiled = new Map<string, { readonly workflow: CompiledWorkflow; readonly driver: Driver }>();
  return {
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
  };
}

function endless(happenings: number): ErrorRecord {
  const message =
    happenings > maxHappenings
      ? `The run did not end within ${maxHappenings} happenings.`
      : "The run waits for something that no script brings.";
  return toErrorRecord(new AppError("internal", { message }));
}
