import { type AnyStateMachine, assign, createMachine } from "xstate";
import { type StateShape, stateIds, type TransitionShape } from "../statechart.ts";

/** One thing that can go this way or that: how a step ends, or whether its condition holds. */
export interface Choice {
  readonly step: string;
  readonly outcome: "succeeds" | "fails" | "runs" | "skipped";
}

/** The event that stands for a choice. */
export function choiceEvent({ step, outcome }: Choice): string {
  return `${outcome} ${step}`;
}

/** The choice for which an event stands; undefined for every other event. */
export function choiceOf(event: string): Choice | undefined {
  const [, outcome, step] = /^(succeeds|fails|runs|skipped) (.+)$/.exec(event) ?? [];
  return step === undefined ? undefined : { step, outcome: outcome as Choice["outcome"] };
}

/**
 * A workflow's machine made into one whose every path can be walked: no jobs, no values, no time. Where a step runs, two events say how it
 * ends; where a condition is decided, two events say how. All states, and the guards that look at states, are the workflow's own. What is undone after a failure
 * is no path of its own: there the way ends.
 * @param goOn steps after whose failure the run goes on
 */
export function pathMachine(machine: AnyStateMachine, goOn: ReadonlySet<string>): AnyStateMachine {
  const {
    context: _,
    on: __,
    ...config
  } = machine.config as StateShape & { readonly context?: unknown; readonly on?: unknown };
  const walkable = createMachine(
    { ...walkableState(withoutUndoing(config), goOn), context: { jumped: [] } } as never,
    { guards: machine.implementations.guards, actions: { jump } } as never,
  );
  return walkable as unknown as AnyStateMachine;
}

/** What the guards remember of steps that have failed and gone elsewhere. */
export interface PathContext {
  readonly jumped: readonly string[];
}

const jump = assign(({ context }: { readonly context: PathContext }, { step }: { readonly step: string }) => ({
  jumped: [...context.jumped, step],
}));

/** The chart without the states in which steps are undone. */
function withoutUndoing(config: StateShape): StateShape {
  const { compensating: _, cancelled: __, succeeded = {}, ...states } = config.states ?? {};
  const { on: ___, ...end } = succeeded;
  return { ...config, states: { ...states, succeeded: { ...end, type: "final" } } };
}

/** A state whose choices are events. */
type WalkableState = Omit<StateShape, "invoke" | "on" | "states" | "always" | "entry" | "after" | "onDone"> & {
  readonly states?: Readonly<Record<string, WalkableState>>;
  readonly always?: readonly object[];
  readonly onDone?: object;
  readonly on?: Readonly<Record<string, object>>;
};

/** An event and its transition. */
type Way = readonly [event: string, transition: object];

function walkableState(state: StateShape, goOn: ReadonlySet<string>): WalkableState {
  const { invoke, always = [], after: _, entry: __, on: ___, onDone, states, ...rest } = state;
  const decided = always.flatMap(decisionsOf);
  const ended: Way[] = invoke
    ? [
        [choiceEvent({ step: invoke.id, outcome: "succeeds" }), target(invoke.onDone)],
        [
          choiceEvent({ step: invoke.id, outcome: "fails" }),
          goOn.has(invoke.id)
            ? { ...target(invoke.onDone), actions: (invoke.onDone.actions ?? []).filter(({ type }) => type === "jump") }
            : target(invoke.onError),
        ],
      ]
    : [];
  const on = Object.fromEntries([...decided, ...ended]);
  const inner = Object.entries(states ?? {}).map(([key, child]) => [key, walkableState(child, goOn)] as const);
  return {
    ...rest,
    ...(states ? { states: Object.fromEntries(inner) } : {}),
    // Where conditions are decided, nothing happens by itself; elsewhere all does that did before.
    ...(decided.length === 0 && always.length > 0 ? { always: always.map(guarded) } : {}),
    ...(onDone ? { onDone: target(onDone) } : {}),
    ...(Object.keys(on).length > 0 ? { on } : {}),
  };
}

/** A guard that asks for a condition's value is a choice; one that looks at states is none. */
function decisionsOf({ guard, target: to }: TransitionShape): readonly Way[] {
  if (guard === undefined || !("params" in guard)) return [];
  const outcome = guard.type === "when true" ? "runs" : "skipped";
  return [[choiceEvent({ step: guard.params.step, outcome }), { target: to }]];
}

/** A transition without what it does and what it asks of values. */
function target(transition: TransitionShape): object {
  return guarded(transition);
}

function guarded({ guard, target }: TransitionShape): object {
  const to = target === `#${stateIds.compensating}` ? `#${stateIds.failed}` : target;
  return { ...(to === undefined ? {} : { target: to }), ...(guard && !("params" in guard) ? { guard } : {}) };
}
