import { AppError } from "../core/errors.ts";
import { defaultKinds } from "./check.ts";
import type { CheckedDefinition, CheckedStep } from "./checked.ts";
import { compileMachine } from "./compile-machine.ts";
import type { CompiledStep, CompiledWorkflow, Rendering } from "./compiled.ts";
import { dagOf } from "./dag.ts";
import { tolerate } from "./failure-policy.ts";
import type { StepKindSpec } from "./kinds/kind.ts";
import { machineOf } from "./machine.ts";
import { renderingOf } from "./rendering.ts";
import { inputCheck } from "./run-input.ts";
import { runLimitOf } from "./run-limit.ts";
import { outputCheck, outputRendering } from "./run-output.ts";

/** How a definition is compiled. */
export interface CompileOptions {
  /** The kinds that the definition was checked with. Default: `defaultKinds`. */
  readonly kinds?: readonly StepKindSpec[];
}

type Kinds = ReadonlyMap<string, StepKindSpec>;

/** Makes a workflow of a checked definition: its statechart, its steps with their templates parsed, its input check, its output. */
export function compileWorkflow(definition: CheckedDefinition, options: CompileOptions = {}): CompiledWorkflow {
  if (definition.machine) return compileMachine(definition, options.kinds ?? defaultKinds);
  const kinds = new Map((options.kinds ?? defaultKinds).map((kind) => [kind.name, kind]));
  const output = outputRendering(definition);
  return {
    name: definition.name,
    steps: compiledSteps(definition, kinds),
    routes: definition.routes,
    machine: machineOf(definition),
    checkInput: inputCheck(definition.name, definition.input),
    tolerate: (failed) => tolerate(definition.tolerance, failed, definition.steps.length),
    ...(definition.concurrency === undefined ? {} : { runLimit: runLimitOf(definition.name, definition.concurrency) }),
    ...(definition.priority === undefined ? {} : { priority: definition.priority }),
    outputReads: output.reads,
    renderOutput: async (scope) => output.render(scope),
    checkOutput: outputCheck(definition.name, definition.outputSchema),
  };
}

function compiledSteps({ steps }: CheckedDefinition, kinds: Kinds): ReadonlyMap<string, CompiledStep> {
  const dag = dagOf(steps);
  const before = (id: string) => steps.flatMap((step) => (dag.runsBefore(step.id, id) ? [step.id] : []));
  const compiled = steps.flatMap((step): CompiledStep[] => {
    const own = compiledStep(step, kinds, () => before(step.id));
    if (!step.compensation) return [own];
    const undo = compiledStep(step.compensation.step, kinds, () => [...before(step.id), step.id]);
    return [own, { ...undo, compensates: step.id }];
  });
  return new Map(compiled.map((step) => [step.id, step]));
}

function compiledStep(step: CheckedStep, kinds: Kinds, before: () => readonly string[]): CompiledStep {
  const kind = kinds.get(step.kind);
  if (!kind)
    throw new AppError("internal", { message: `Step "${step.id}" is of kind ${step.kind}, which is not registered.` });
  const body = kind.rendering?.(step.body, { id: step.id, before }) ?? templatesOf(step, kind);
  return {
    id: step.id,
    kind: kind.name,
    queue: kind.queue,
    reads: body.reads,
    retry: step.retry,
    maxWaitMs: step.maxWaitMs,
    onError: step.onError,
    cacheMs: step.cacheMs,
    timeoutMs: step.timeoutMs,
    route: step.route,
    resumesBare: kind.resumesBare ?? false,
    render: async (scope) => body.render(scope),
  };
}

function templatesOf({ id, body }: CheckedStep, kind: StepKindSpec): Rendering {
  return renderingOf({ owner: `Step "${id}"`, value: body, places: kind.templates(body), at: [kind.name] });
}
