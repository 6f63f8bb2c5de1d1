import { z } from "zod";
import type { Json, JsonObject } from "../../core/json.ts";

/** Parts of a machine that hold others of their kind. Unchecked here: check.ts goes through them; editors are told what they are. */
export const nestedStates = z.record(z.string(), z.json());
export const nestedMachines = z.record(z.string(), z.json());
export const transitions = z.json();
export const transitionsByEvent = z.record(z.string(), z.json());
export const actions = z.json();

const anyEvent = z
  .looseObject({ type: z.string().min(1).describe("Name of the event.") })
  .describe("An event, with templates in its strings.");
const delay = z
  .union([z.number().int().min(0), z.string()])
  .describe('How much later: milliseconds, or a text such as "30s".');
const sendId = z.string().min(1).describe("By which `cancel` finds it.");

/** One transition, where it is more than its target. */
export const transitionShape = z
  .strictObject({
    target: z
      .string()
      .min(1)
      .optional()
      .describe("A state beside this one, `.child` of it, or `#id`. Absent: it stays."),
    guard: z.string().min(1).optional().describe("Liquid expression over context and event; without braces."),
    actions: actions.optional().describe("What is done on the way: one action or a list."),
    reenter: z.boolean().optional().describe("Leaves the state and enters it anew, where it stays or goes inside."),
    description: z.string().optional().describe("For people."),
  })
  .describe("Where an event leads.");

/** The actions, by the key that each of them has alone. */
export const actionShapes = {
  assign: z
    .strictObject({ assign: z.record(z.string(), z.json()).describe("Values of the context, with templates.") })
    .describe("Sets values of the context."),
  raise: z
    .strictObject({ raise: anyEvent, delay: delay.optional(), id: sendId.optional() })
    .describe("An event for this machine itself, at once or later."),
  emit: z.strictObject({ emit: anyEvent }).describe("An event for the history."),
  send_parent: z
    .strictObject({ send_parent: anyEvent, delay: delay.optional(), id: sendId.optional() })
    .describe("An event for the machine that has started this one."),
  send_to: z
    .strictObject({
      send_to: z.string().min(1).describe("Id of a child machine."),
      event: anyEvent,
      delay: delay.optional(),
      id: sendId.optional(),
    })
    .describe("An event for a child machine."),
  cancel: z.strictObject({ cancel: sendId }).describe("Takes back an event that is to come later."),
} as const;

/** What a state invokes. */
export const invocationShape = z
  .strictObject({
    id: z.string().min(1).describe("Names the step."),
    src: z.string().min(1).describe("A step kind, or one of the machine's `actors`."),
    input: z.json().optional().describe("What stands under the kind's key, with templates over context and event."),
    onDone: transitions.optional().describe("After it has succeeded; `event.output` is what it brought."),
    onError: transitions.optional().describe("After it has failed; `event.error` says why."),
  })
  .describe("A step, or a child machine.");

const invocations = z.union([invocationShape, z.array(invocationShape)]);

/** A state, and what it shares with a whole machine. */
export const stateShape = z
  .strictObject({
    id: z.string().min(1).optional().describe("By which `#id` finds it."),
    type: z
      .enum(["atomic", "compound", "parallel", "final", "history"])
      .optional()
      .describe("What kind of state it is. Default: compound with states inside, atomic without."),
    description: z.string().optional().describe("For people."),
    initial: z.string().optional().describe("The state inside in which it begins."),
    states: nestedStates.optional().describe("The states inside, by name."),
    on: transitionsByEvent.optional().describe("Transitions by event: by the name of a signal."),
    after: transitionsByEvent.optional().describe('Transitions by delay: milliseconds, or a text such as "30s".'),
    always: transitions.optional().describe("Transitions that need no event."),
    onDone: transitions.optional().describe("After the states inside have come to their end."),
    entry: actions.optional().describe("What is done on the way in."),
    exit: actions.optional().describe("What is done on the way out."),
    invoke: invocations.optional().describe("What runs while the machine is in this state."),
    history: z.enum(["shallow", "deep"]).optional().describe("Of a history state: whether it remembers all levels."),
    target: z.string().optional().describe("Of a history state: where it leads the first time."),
    output: z.json().optional().describe("Of a final state, or of the machine: with templates over context and event."),
    meta: z
      .strictObject({ step: z.json().optional().describe("retry, timeout, cache, route of what the state invokes.") })
      .optional()
      .describe("What the engine is told of the state."),
    tags: z.array(z.string()).optional().describe("Words for a group of states."),
  })
  .describe("A state of a machine.");

/** A whole machine. */
export const machineConfigShape = stateShape
  .extend({
    context: z
      .record(z.string(), z.json())
      .optional()
      .describe("Values that the machine begins with, with templates over input."),
    actors: nestedMachines.optional().describe("Child machines, by the name that `invoke.src` says."),
    states: nestedStates.describe("Its states, by name."),
  })
  .describe("An XState machine as data.");

/** A machine that has been checked. */
export type MachineConfig = z.infer<typeof machineConfigShape>;

/** A state that has been checked. */
export type StateConfig = z.infer<typeof stateShape>;

/** A transition in full. */
export type TransitionConfig = z.infer<typeof transitionShape>;

/** An action that has been checked. */
export type ActionConfig = {
  readonly [K in keyof typeof actionShapes]: z.infer<(typeof actionShapes)[K]>;
}[keyof typeof actionShapes];

/** One thing, or several in a list, as a list. */
export function listOf(value: Json | undefined): readonly Json[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}

/** A transition in full, where only its target is written. */
export function inFull(transition: Json): Json {
  return typeof transition === "string" ? ({ target: transition } satisfies JsonObject) : transition;
}
