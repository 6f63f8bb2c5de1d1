import { type AnyStateMachine, assign, cancel, emit, raise, sendParent, sendTo, setup } from "xstate";
import { parseDuration } from "../../core/duration.ts";
import { isJsonObject, type Json, type JsonObject } from "../../core/json.ts";
import type { Path } from "../path.ts";
import type { ActionConfig, MachineConfig, StateConfig, TransitionConfig } from "./config.ts";
import { inFull, listOf } from "./config.ts";
import { guardOf, type MachineScope, renderingOf } from "./text.ts";

/** Makes the XState machine that a checked config means. @param name of the workflow, or of the child machine @throws Error in XState's words, where it does not take it */
export function buildMachine(config: MachineConfig, name: string, path: Path): AnyStateMachine {
  const { actors = {}, context = {}, output } = config;
  const children = Object.entries(actors).map(
    ([child, one]) =>
      [child, buildMachine(one as unknown as MachineConfig, child, [...path, "actors", child])] as const,
  );
  const begin = renderingOf(context, [...path, "context"]);
  const made = {
    ...stateOf(config, path),
    id: config.id ?? name,
    context: ({ input }: { readonly input: unknown }) => begin({ input: input ?? {} }),
    ...(output === undefined ? {} : { output: rendering(output, [...path, "output"]) }),
  };
  // What XState's types would say of a machine is not known of data.
  const { createMachine } = setup({ actors: Object.fromEntries(children) } as never);
  return createMachine(made as never) as unknown as AnyStateMachine;
}

/** What XState gives to functions, as templates see it. */
function rendering(value: Json, path: Path): (given: MachineScope) => Json {
  const render = renderingOf(value, path);
  return ({ context, event }) => render({ context, event });
}

function stateOf(config: StateConfig, path: Path): JsonObject {
  const { id, type, initial, history, target, description, tags, meta, states, invoke, output } = config;
  const plain = { id, type, initial, history, target, description, tags, meta };
  const inner = Object.entries((states ?? {}) as Readonly<Record<string, StateConfig>>).map(
    ([key, state]) => [key, stateOf(state, [...path, "states", key])] as const,
  );
  const invoked = (Array.isArray(invoke) ? invoke : invoke ? [invoke] : []).map(
    ({ input, onDone, onError, ...one }) => ({
      ...one,
      ...(input === undefined ? {} : { input: rendering(input, [...path, "invoke", "input"]) }),
      ...transitionsAt({ onDone, onError }, [...path, "invoke"]),
    }),
  );
  const { on, after, always, onDone, entry, exit } = config;
  const delays = Object.entries(after ?? {}).map(([delay, to]) => [String(delayMs(delay)), to] as const);
  return {
    ...given(plain),
    ...(states ? { states: Object.fromEntries(inner) } : {}),
    ...(invoked.length > 0 ? { invoke: invoked } : {}),
    ...transitionsAt({ always, onDone }, path),
    ...(on ? { on: transitionsAt(on, [...path, "on"]) } : {}),
    ...(after ? { after: transitionsAt(Object.fromEntries(delays), [...path, "after"]) } : {}),
    ...(entry === undefined ? {} : { entry: actionsOf(entry, [...path, "entry"]) }),
    ...(exit === undefined ? {} : { exit: actionsOf(exit, [...path, "exit"]) }),
    ...(output === undefined ? {} : { output: rendering(output, [...path, "output"]) }),
  } as unknown as JsonObject;
}

function given(members: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}

function transitionsAt(byName: Readonly<Record<string, Json | undefined>>, path: Path): object {
  const made = Object.entries(byName).flatMap(([name, to]) => {
    if (to === undefined) return [];
    return [[name, listOf(to).map((one) => transitionOf(inFull(one) as TransitionConfig, [...path, name]))]];
  });
  return Object.fromEntries(made);
}

function transitionOf({ guard, actions, ...plain }: TransitionConfig, path: Path): object {
  const holds = guard === undefined ? undefined : guardOf(guard, [...path, "guard"]);
  return {
    ...plain,
    ...(holds ? { guard: named(guard ?? "", ({ context, event }) => holds({ context, event })) } : {}),
    ...(actions === undefined ? {} : { actions: actionsOf(actions, [...path, "actions"]) }),
  };
}

/** A guard that drawings and tests call by its expression. */
function named(expression: string, guard: (given: MachineScope) => boolean): typeof guard {
  return Object.defineProperty(guard, "name", { value: expression });
}

function actionsOf(actions: Json, path: Path): readonly unknown[] {
  return listOf(actions).map((action) => actionOf(action as unknown as ActionConfig, path));
}

function actionOf(action: ActionConfig, path: Path): unknown {
  if ("assign" in action) return assign(rendering(action.assign, [...path, "assign"]) as never);
  if ("cancel" in action) return cancel(action.cancel);
  if ("emit" in action) return emit(rendering(action.emit as Json, [...path, "emit"]) as never);
  const options = later(action);
  if ("raise" in action) return raise(rendering(action.raise as Json, [...path, "raise"]) as never, options as never);
  if ("send_parent" in action)
    return sendParent(rendering(action.send_parent as Json, [...path, "send_parent"]) as never, options as never);
  return sendTo(action.send_to, rendering(action.event as Json, [...path, "event"]) as never, options as never);
}

function later({
  delay,
  id,
}: {
  readonly delay?: string | number | undefined;
  readonly id?: string | undefined;
}): object {
  return given({ id, delay: delay === undefined ? undefined : delayMs(delay) });
}

/** Milliseconds of a delay. @returns undefined: it is none */
export function delayMs(delay: string | number): number | undefined {
  if (typeof delay === "number") return delay;
  return /^\d+$/.test(delay) ? Number(delay) : parseDuration(delay);
}

/** Whether what stands under `machine` is the machine itself, not where it is. */
export function isConfig(machine: Json | undefined): machine is JsonObject {
  return isJsonObject(machine) && !Object.hasOwn(machine, "module");
}
