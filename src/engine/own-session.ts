import type { AnyActorRef, AnyMachineSnapshot, AnyTransitionDefinition } from "xstate";
import { AppError } from "../core/errors.ts";
import { actorPath, actorWord, type MachineTree } from "../workflow/machine-tree.ts";
import type { MachineEvent } from "./drive.ts";
import type { MachineAction } from "./machine-step.ts";

/** Transitions of the machines of one run that one event may make; messages that go round end here. */
const maxTurns = 2_000;

/** Who is told what the machines of a run go through while decisions are made. */
export interface MachineWatcher {
  /** A machine begins. @param path its name in the run; the run's own: "" */
  began(path: string, tree: MachineTree): void;
  /** It has taken one step: of several that one event brings, each. @param transitions what it took; none: it ends for an error that nothing handles, or is stopped */
  moved(path: string, snapshot: AnyMachineSnapshot, transitions: readonly AnyTransitionDefinition[]): void;
}

/** The actors of a run's machine while decisions are made for it: who they are, and what they ask for. Lives in memory, for one fold. */
export class OwnSession {
  /** What was asked for since the last event. */
  actions: MachineAction[] = [];
  /** How a step ended, as an event that only its stand-in takes. */
  outcome: MachineEvent | undefined;
  /** Set once machines have sent each other too many messages. */
  exceeded: AppError | undefined;
  readonly #live = new Map<string, AnyActorRef>();
  readonly #trees = new WeakMap<object, MachineTree>();
  /** Actors that begin, with their input; one that is restored has begun long ago. */
  readonly #fresh = new WeakMap<object, unknown>();
  readonly #watcher: MachineWatcher | undefined;
  #turns = 0;

  /** @param watcher is told of the machines that begin. Default: nobody */
  constructor(watcher?: MachineWatcher) {
    this.#watcher = watcher;
  }

  /** A machine that exists from now on. */
  machine(self: AnyActorRef, tree: MachineTree): void {
    this.#trees.set(self, tree);
  }

  created(self: AnyActorRef, input: unknown): void {
    this.#fresh.set(self, { input });
    const tree = this.#trees.get(self);
    if (tree) this.#watcher?.began(this.pathOf(self), tree);
  }

  /** @returns its input, where it begins */
  started(self: AnyActorRef): { readonly input: unknown } | undefined {
    this.#live.set(this.pathOf(self), self);
    const fresh = this.#fresh.get(self) as { readonly input: unknown } | undefined;
    this.#fresh.delete(self);
    return fresh;
  }

  ended(self: AnyActorRef): void {
    const path = this.pathOf(self);
    if (this.#live.get(path) === self) this.#live.delete(path);
  }

  /** The actor of that name; undefined: it is not there any more. */
  at(path: string): AnyActorRef | undefined {
    return this.#live.get(path);
  }

  /** What an actor is called within the run; the run's machine: "". */
  pathOf(self: AnyActorRef): string {
    const parent = self._parent;
    if (parent === undefined) return "";
    const tree = this.#trees.get(parent);
    const src = typeof self.src === "string" ? self.src : self.id;
    return actorPath(this.pathOf(parent), tree ? actorWord(tree, self.id, src) : self.id);
  }

  ask(type: string, params: Readonly<Record<string, unknown>>): void {
    this.actions.push({ type, params });
  }

  /** Before an event from outside. */
  begin(): void {
    this.actions = [];
    this.#turns = 0;
  }

  /** @throws AppError machine_failed - machines send each other messages without end */
  turn(): void {
    if (++this.#turns <= maxTurns) return;
    const message = `The workflow's machine and its child machines made more than ${maxTurns} transitions for one event: they send each other messages without end.`;
    this.exceeded ??= new AppError("machine_failed", { message });
    throw this.exceeded;
  }
}
