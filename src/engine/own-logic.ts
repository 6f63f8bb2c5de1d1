import type { AnyActorLogic, AnyActorRef, AnyMachineSnapshot, AnyStateMachine } from "xstate";
import { AppError } from "../core/errors.ts";
import { actorPath, type MachineActor, type MachineTree } from "../workflow/machine-tree.ts";
import { spawnByName, spawnWithId } from "../workflow/own-machine.ts";
import { ownError } from "./ending.ts";
import type { OwnSession } from "./own-session.ts";

type Scope = Parameters<AnyStateMachine["transition"]>[2];
type ActionExecutor = Scope["actionExecutor"];

/** Steps of one macrostep, eventless transitions and raised events counted. */
const maxMicrosteps = 2_000;

/** Messages and children of XState, which it executes itself; all else is asked for, or left out. */
const internal: ReadonlySet<string> = new Set(["xstate.sendTo", "xstate.spawnChild", "xstate.stopChild"]);

/**
 * A machine as logic whose effects are asked of the session: its timers, what it emits, and the steps of all that it starts. Messages between machines stay XState's own.
 * @param session the one at work
 */
export function ownLogic(tree: MachineTree, session: () => OwnSession): AnyActorLogic {
  const actors = [...tree.actors].map(([name, actor]) => [name, actorLogic(name, actor, session)] as const);
  const machine = tree.machine.provide({ actors: Object.fromEntries(actors) } as never);
  machine.options = {
    ...machine.options,
    maxIterations: Math.min(machine.options.maxIterations ?? Infinity, maxMicrosteps),
  };
  const within = (scope: Scope): Scope => ({ ...scope, actionExecutor: executorOf(scope, session) });
  return {
    getInitialSnapshot(scope: Scope, input: unknown) {
      session().machine(scope.self, tree);
      session().created(scope.self, input);
      return settled(machine.getInitialSnapshot(within(scope), input as never));
    },
    restoreSnapshot(persisted: never, scope: Scope) {
      session().machine(scope.self, tree);
      return machine.restoreSnapshot(persisted, scope);
    },
    start(snapshot: AnyMachineSnapshot, scope: Scope) {
      session().started(scope.self);
      machine.start(snapshot);
    },
    transition(snapshot: AnyMachineSnapshot, event: never, scope: Scope) {
      const next = moved(snapshot, () => {
        session().turn();
        return machine.transition(snapshot, event, within(scope));
      });
      if (next.status !== "active") silence(session(), scope.self);
      return next;
    },
    getPersistedSnapshot: (snapshot: never, options: unknown) => machine.getPersistedSnapshot(snapshot, options),
  } as unknown as AnyActorLogic;
}

function actorLogic(name: string, actor: MachineActor, session: () => OwnSession): AnyActorLogic {
  switch (actor.type) {
    case "machine":
      return ownLogic(actor.tree, session);
    case "step":
      return standIn(actor.kind, session);
    case "code":
      return standIn("function", session);
    case "reducer":
      return actor.logic;
    case "refused":
      return standIn(name, session, actor.reason);
  }
}

/** Stands for a step while its job is elsewhere: it asks for the job, and ends as the job did. @param reason given: it may not be started */
function standIn(kind: string, session: () => OwnSession, reason?: string): AnyActorLogic {
  return {
    getInitialSnapshot({ self }: Scope, input: unknown) {
      if (reason !== undefined) throw machineFailed(`starts "${kind}", which ${reason}`);
      session().created(self, input);
      return { status: "active", output: undefined, error: undefined };
    },
    restoreSnapshot: (persisted: unknown) => persisted,
    getPersistedSnapshot: (snapshot: unknown) => snapshot,
    start(_: unknown, { self }: Scope) {
      const fresh = session().started(self);
      if (fresh) session().ask("xstate.spawnChild", { id: session().pathOf(self), src: kind, input: fresh.input });
    },
    transition(snapshot: object, event: { readonly type: string; readonly [key: string]: unknown }, { self }: Scope) {
      if (event.type === "xstate.stop") {
        session().ended(self);
        session().ask("xstate.stopChild", { id: session().pathOf(self) });
        return { ...snapshot, status: "stopped" };
      }
      if (event !== session().outcome) return snapshot;
      session().ended(self);
      const { error, output } = event;
      return error === undefined ? { ...snapshot, status: "done", output } : { ...snapshot, status: "error", error };
    },
  } as unknown as AnyActorLogic;
}

/** What XState would do with an action: its own messages it may send, timers and emitted events are asked for, effects of the author's own are left out. */
function executorOf(scope: Scope, session: () => OwnSession): ActionExecutor {
  const { self } = scope;
  const later = (action: Parameters<ActionExecutor>[0], ask: () => void) =>
    scope.actionExecutor({ ...action, exec: () => scope.defer(ask) });
  return (action) => {
    const params = (action.params ?? {}) as Readonly<Record<string, unknown>>;
    const path = () => session().pathOf(self);
    if (action.type === "xstate.emit") {
      later(action, () => session().ask("xstate.emit", { event: params.event, actor: path() }));
    } else if (action.type === "xstate.cancel") {
      const id = String(params.sendId);
      later(action, () => session().ask("xstate.cancel", { sendId: actorPath(path(), id) }));
    } else if (typeof params.delay === "number") {
      later(action, () => {
        const to = action.type === "xstate.raise" ? path() : session().pathOf(params.to as AnyActorRef);
        const { id, event, delay } = params as { id?: string; event: { readonly type: string }; delay: number };
        const name = actorPath(path(), String(id ?? event.type));
        session().ask("xstate.raise", { id: name, event, delay, from: path(), to });
      });
    } else if (internal.has(action.type)) scope.actionExecutor(action);
  };
}

/** A machine that throws has failed: for its parent that is an error like a step's, as JSON. */
function moved(before: AnyMachineSnapshot, move: () => AnyMachineSnapshot): AnyMachineSnapshot {
  try {
    return settled(move());
  } catch (error) {
    return { ...before, status: "error", error: ownError(error) } as unknown as AnyMachineSnapshot;
  }
}

/** @throws AppError machine_failed - it has spawned what has no name to find it by in another process */
function settled(snapshot: AnyMachineSnapshot): AnyMachineSnapshot {
  for (const child of Object.values(snapshot.children) as AnyActorRef[]) {
    if (typeof child.src !== "string")
      throw machineFailed(`spawns an actor that stands in the machine itself; ${spawnByName}`);
    if (/^x:\d+$/.test(child.id)) throw machineFailed(`spawns "${child.src}" without an id; ${spawnWithId}`);
  }
  return snapshot.status === "error"
    ? ({ ...snapshot, error: ownError(snapshot.error) } as AnyMachineSnapshot)
    : snapshot;
}

function silence(session: OwnSession, self: AnyActorRef): void {
  session.ended(self);
  const path = session.pathOf(self);
  if (path !== "") session.ask("machine.ended", { path });
}

function machineFailed(what: string): AppError {
  return new AppError("machine_failed", { message: `The workflow's machine ${what}.` });
}
