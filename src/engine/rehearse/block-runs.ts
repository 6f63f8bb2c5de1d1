import { AppError } from "../../core/errors.ts";
import type { Json, JsonObject } from "../../core/json.ts";
import type { Child, ChildRequest, Children, StartedChild } from "../../steps/handler.ts";
import type { CompiledWorkflow } from "../../workflow/compiled.ts";
import type { StepKindSpec } from "../../workflow/kinds/kind.ts";
import { OutsideRehearsal } from "./execute.ts";
import type { BlockRun } from "./rehearsed-run.ts";
import { type Script, scriptsOfRun } from "./script.ts";
import type { RunPlan, TimedRun, World } from "./world.ts";

/** What the runs of a step's blocks are made with. */
export interface BlockRunsParams {
  /** Its id. */
  readonly step: string;
  /** Number of its dispatch. */
  readonly epoch: number;
  /** The step's own, from outside. */
  readonly path: string;
  /** Which runs of the blocks around the step. */
  readonly within: readonly string[];
  /** Of the run that the step belongs to. */
  readonly scripts: ReadonlyMap<string, Script>;
  /** The step's. */
  readonly kind: StepKindSpec | undefined;
  readonly compiled: World["compiled"];
  readonly stored: World["stored"];
  readonly run: (plan: RunPlan) => TimedRun;
  /** One of them has ended. */
  readonly wake: () => void;
}

const oneOf = { items: "item", rounds: "round" } as const;

/** The child runs of one dispatch of a step: made as the engine makes them, in the same rehearsal. */
export class BlockRuns {
  readonly epoch: number;
  /** What the step's handler works with. */
  readonly given: { readonly aside: Map<string, Json>; readonly children: Children };
  readonly #params: BlockRunsParams;
  readonly #stored: ReturnType<World["compiled"]>[] = [];
  readonly #runs = new Map<string, { readonly key: string; readonly run: TimedRun }>();

  constructor(params: BlockRunsParams) {
    this.epoch = params.epoch;
    this.#params = params;
    this.given = { aside: new Map(), children: this.#children() };
  }

  /** In the order of their starts. */
  told(): readonly BlockRun[] {
    const { runsOne = false } = this.#params.kind ?? {};
    return [...this.#runs.values()].map(({ key, run }) => ({
      key: runsOne ? "0" : key,
      name: this.#nameOf(key),
      run: run.told(),
    }));
  }

  /** Of the block that a run is of; empty: the step has but one. */
  #nameOf(key: string): string {
    const { repeats, runsOne = false } = this.#params.kind ?? {};
    return repeats || runsOne ? "" : key;
  }

  /** Ends those that go on. */
  async cancel(reason: string): Promise<void> {
    for (const { run } of this.#runs.values()) await run.cancel(reason);
  }

  #children(): Children {
    const found = (id: string) => this.#runs.get(id)?.run;
    return {
      id: (key) => this.#id(key),
      store: async (definition) => {
        const made = this.#params.compiled(definition);
        return { workflow: made.workflow.name, version: this.#stored.push(made) };
      },
      newest: async (workflow) => {
        const made = this.#params.stored(workflow);
        if (!made) throw new OutsideRehearsal();
        return { workflow, version: this.#stored.push(made) };
      },
      start: async (request) => {
        const { id, refusal } = await this.#start(request);
        if (refusal) throw refusal;
        return id;
      },
      startAll: async (requests) => {
        const started: StartedChild[] = [];
        for (const request of requests) started.push(await this.#start(request));
        return started;
      },
      ended: async (ids) => ids.filter((id) => found(id)?.isOpen === false),
      look: async (ids) => ids.map((id) => childOf(id, found(id))),
      // In a rehearsal nothing was done that is to be undone.
      toUndo: async () => ({ open: 0, succeeded: [] }),
      undo: async () => [],
      cancel: async (ids, reason) => {
        for (const id of ids) await found(id)?.cancel(reason);
      },
    };
  }

  #id(key: string): string {
    return `${this.#params.path}[${key}]`;
  }

  async #start({ key, workflow, version, input }: ChildRequest): Promise<StartedChild> {
    const id = this.#id(key);
    const made = this.#stored[(version ?? 0) - 1];
    // Of a workflow beside it the file is all that there is, whichever version is asked for.
    const stored = made?.workflow.name === workflow ? made : this.#params.stored(workflow ?? "");
    if (!stored) throw new OutsideRehearsal();
    if (this.#runs.has(id)) return { id };
    const refusal = refusalOf(stored.workflow, input);
    if (refusal) return { id, refusal };
    const { step, path, within, scripts, kind, wake } = this.#params;
    const repeats = kind?.repeats;
    const name = this.#nameOf(key);
    const run = this.#params.run({
      ...stored,
      scripts: scriptsOfRun(scripts, { step, key, name, input, of: repeats }),
      path: name === "" ? path : `${path}.${name}`,
      within: repeats ? [...within, `${oneOf[repeats]} ${key}`] : within,
      ended: wake,
    });
    this.#runs.set(id, { key, run });
    await run.begin(input);
    return { id };
  }
}

/** Why a run would not be accepted. */
function refusalOf(workflow: CompiledWorkflow, input: JsonObject): AppError | undefined {
  try {
    workflow.checkInput(input);
    return undefined;
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
}

function childOf(id: string, run: TimedRun | undefined): Child {
  if (!run) throw new AppError("run_not_found", { message: `The child run ${id} is not there.` });
  const { status, output, error } = run.told();
  return { id, status: status === "stopped" ? "running" : status, output, error, finishedAt: run.endedAt };
}
