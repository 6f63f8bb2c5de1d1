import { AppError } from "../core/errors.ts";
import { isJsonObject, type Json, type JsonObject } from "../core/json.ts";
import { placeOf, readShape } from "../core/zod-problem.ts";
import type { CheckedDefinition } from "./checked.ts";
import type { CompiledStep, CompiledWorkflow } from "./compiled.ts";
import { type Defaults, defaultsShape, defaultTimeoutMs, maxWaitMs, retryPolicy, withDefaults } from "./definition.ts";
import type { StepKindSpec } from "./kinds/kind.ts";
import { invokedSteps, type MachineStepPlace, type MachineTree, stepAt } from "./machine-tree.ts";
import { readMachine } from "./own-machine.ts";
import { inputCheck } from "./run-input.ts";
import { outputCheck } from "./run-output.ts";

/**
 * Makes a workflow of a definition whose machine is its author's own.
 * @throws AppError invalid_definition - the machine does what cannot be made durable; internal - the machine was not loaded
 */
export function compileMachine(definition: CheckedDefinition, kinds: readonly StepKindSpec[]): CompiledWorkflow {
  const { name, input, machine, source } = definition;
  if (machine?.loaded === undefined)
    throw new AppError("internal", { message: `The machine of ${name} is not loaded.` });
  const { tree, problems } = readMachine(machine.loaded, kinds);
  if (problems.length > 0) throw refused(machine.source?.module, problems);
  const bodies = isJsonObject(source.defaults) ? source.defaults : {};
  const read = readShape(defaultsShape(kinds), bodies);
  const around = { kinds, defaults: read.ok ? read.value : {}, bodies, module: machine.source?.module ?? "" };
  const steps = new MachineSteps(tree, around);
  return {
    name,
    steps,
    routes: [...steps.values()].map(({ route }) => route),
    machine: machine.loaded,
    own: tree,
    checkInput: inputCheck(name, input),
    tolerate: () => undefined,
    outputReads: [],
    renderOutput: async () => null,
    checkOutput: outputCheck(name, definition.outputSchema),
  };
}

/** What a step of a machine is made with. */
interface Around {
  readonly kinds: readonly StepKindSpec[];
  readonly defaults: Defaults;
  /** What the definition's defaults say, by kind. */
  readonly bodies: JsonObject;
  readonly module: string;
}

/** The steps that a machine invokes; asked by name it also knows those of actors that are only spawned in a run. */
class MachineSteps extends Map<string, CompiledStep> {
  readonly #tree: MachineTree<Defaults>;
  readonly #around: Around;

  constructor(tree: MachineTree<Defaults>, around: Around) {
    super();
    this.#tree = tree;
    this.#around = around;
    for (const id of invokedSteps(tree)) {
      const step = this.get(id);
      if (step) this.set(id, step);
    }
  }

  override get(id: string): CompiledStep | undefined {
    const known = super.get(id);
    const place = known ? undefined : stepAt(this.#tree, id);
    return place ? compiledStep(id, place, this.#around) : known;
  }
}

function refused(module: string | undefined, sentences: readonly string[]): AppError {
  const path = module === undefined ? "machine" : "machine.module";
  const problems = sentences.map((message) => ({ path, message }));
  const lines = problems.map(({ message }) => `${path}: ${module === undefined ? "" : `${module}: `}${message}`);
  return new AppError("invalid_definition", { message: lines.join("\n"), problems });
}

function compiledStep(id: string, { actor, policy = {} }: MachineStepPlace<Defaults>, around: Around): CompiledStep {
  const { defaults, bodies, module } = around;
  const name = actor.type === "step" ? actor.kind : "function";
  const kind = around.kinds.find((one) => one.name === name);
  if (!kind) throw new AppError("internal", { message: `Steps of kind ${name} are not registered.` });
  const head = {
    id,
    kind: name,
    queue: kind.queue,
    reads: [],
    retry: retryPolicy(policy.retry, defaults.retry),
    maxWaitMs: maxWaitMs(policy.retry, defaults.retry),
    onError: { type: "fail" },
    cacheMs: policy.cache ?? defaults.cache ?? null,
    timeoutMs: policy.timeout ?? defaults.timeout ?? defaultTimeoutMs,
    resumesBare: kind.resumesBare ?? false,
    render: async () => null,
  } as const;
  const route = { ...defaults.route, ...policy.route };
  if (actor.type === "code")
    return {
      ...head,
      route,
      code: actor.run,
      given: (input) => ({ body: { module, export: id, input }, hints: route }),
    };
  const implied = isJsonObject(bodies[name]) ? (kind.hints?.(bodies[name] as never) ?? {}) : {};
  return {
    ...head,
    route: { ...implied, ...route },
    given(input) {
      const body = bodyOf(id, kind, withDefaults(input ?? {}, bodies[name]));
      const own = isJsonObject(input) ? (kind.hints?.(input as never) ?? {}) : {};
      return {
        body: kind.literal ? kind.literal(body as never) : body,
        hints: { ...implied, ...defaults.route, ...own, ...policy.route },
      };
    },
  };
}

/** @throws AppError step_input_invalid with everything that is wrong */
function bodyOf(id: string, kind: StepKindSpec, given: unknown): Json {
  const read = readShape(kind.schema, given);
  const problems = read.ok
    ? [...(kind.check?.(read.value as never) ?? [])].map(({ path, message }) => ({
        path: path.map(String).join("."),
        message,
      }))
    : read.problems.map((problem) => ({ path: placeOf(problem), message: problem.message }));
  if (read.ok && problems.length === 0) return read.value as Json;
  const words = problems.map(({ path, message }) => (path === "" ? message : `${path}: ${message}`)).join(" ");
  throw new AppError("step_input_invalid", {
    message: `The machine invokes "${id}" with an input that no ${kind.name} step takes. ${words}`,
    problems,
  });
}
