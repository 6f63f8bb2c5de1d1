import type { AnyStateMachine, AnyStateNode } from "xstate";
import { didYouMean } from "../core/suggest.ts";
import { readShape } from "../core/zod-problem.ts";
import type { Defaults } from "./definition.ts";
import { defaultsShape } from "./definition.ts";
import type { StepKindSpec } from "./kinds/kind.ts";
import type { Invoked, MachineActor, MachineTree } from "./machine-tree.ts";
import { ownActor } from "./own-actor.ts";

/** Where a workflow's machine is, and which content of the file the definition means. */
export interface MachineSource {
  /** A file of the functions folder: `./order-triage.machine.mjs`. */
  readonly module: string;
  /** Name of the export. Default: the default one. */
  readonly export?: string;
  /** SHA-256 (hex) of the file. Absent: whatever it holds. */
  readonly sha256?: string;
}

/** What a machine starts, and all that cannot be made durable. */
export interface MachineReading {
  readonly tree: MachineTree<Defaults>;
  /** Sentences that name the state. */
  readonly problems: readonly string[];
}

/** Machines inside one another. */
const deepest = 16;

/** Whether a machine may invoke a kind: one that takes its body as it is, without steps inside. */
export function isInvocable(kind: StepKindSpec): boolean {
  return !kind.onlyUndoes && kind.blocks === undefined && (kind.rendering === undefined || kind.literal !== undefined);
}

/** Reads what a machine and its child machines start, and finds what the engine cannot keep. Pure. */
export function readMachine(machine: AnyStateMachine, kinds: readonly StepKindSpec[]): MachineReading {
  const problems: string[] = [];
  const names = kinds.filter(isInvocable).map(({ name }) => name);
  return { tree: new Reading(machine, { names, problems }).tree(), problems };
}

/** What the readings of a machine and of its child machines share. */
interface Shared {
  /** Step kinds that may be invoked. */
  readonly names: readonly string[];
  readonly problems: string[];
}

class Reading {
  readonly #machine: AnyStateMachine;
  readonly #shared: Shared;
  /** Names of the child machines on the way here. */
  readonly #way: readonly string[];
  readonly #actors = new Map<string, MachineActor<Defaults>>();
  readonly #invoked = new Map<string, Invoked<Defaults>>();
  readonly #policy = defaultsShape([]);

  constructor(machine: AnyStateMachine, shared: Shared, way: readonly string[] = []) {
    this.#machine = machine;
    this.#shared = shared;
    this.#way = way;
  }

  tree(): MachineTree<Defaults> {
    const { actors } = this.#machine.implementations;
    for (const kind of this.#shared.names) this.#actors.set(kind, { type: "step", kind });
    for (const name of Object.keys(actors)) this.#actors.set(name, this.#actor(name, actors[name]));
    this.#node(this.#machine.root);
    for (const [name, action] of Object.entries(this.#machine.implementations.actions)) {
      this.#action(`action ${name}`, action);
    }
    return { machine: this.#machine, actors: this.#actors, invoked: this.#invoked };
  }

  #actor(name: string, logic: unknown): MachineActor<Defaults> {
    const own = ownActor(logic);
    if (own.type === "endless") return { type: "refused", reason: endless };
    if (own.type === "step")
      return this.#shared.names.includes(own.kind) ? own : { type: "refused", reason: "is no step kind" };
    if (this.#shared.names.includes(name)) {
      return { type: "refused", reason: "is a step kind's name and an actor of its own; give the actor another name" };
    }
    if (own.type !== "machine") return own;
    if (this.#way.length >= deepest)
      return { type: "refused", reason: `lies deeper than ${deepest} machines inside one another` };
    return { type: "machine", tree: new Reading(own.machine, this.#shared, [...this.#way, name]).tree() };
  }

  #node(node: AnyStateNode): void {
    const state = `state ${node.path.length === 0 ? "(root)" : node.path.join(".")}`;
    const policy = this.#policyOf(state, node);
    for (const { id, src } of node.invoke) this.#invoke(state, id, src, policy);
    for (const action of [...node.entry, ...node.exit]) this.#action(state, action);
    for (const transition of [...[...node.transitions.values()].flat(), ...(node.always ?? [])]) {
      for (const action of transition.actions) this.#action(state, action);
    }
    for (const child of Object.values(node.states)) this.#node(child);
  }

  #invoke(state: string, id: string, src: unknown, policy: Defaults): void {
    if (typeof src !== "string" || src.startsWith("xstate.invoke.")) {
      this.#add(
        state,
        `invokes an actor that stands in the machine itself; name it in setup({ actors }), and say src: "NAME".`,
      );
      return;
    }
    if (this.#invoked.has(id)) {
      this.#add(state, `invokes "${id}", and so does another state; give each invocation an id of its own.`);
    }
    this.#startable(state, "invokes", src);
    this.#invoked.set(id, { src, policy });
  }

  #startable(state: string, does: string, src: string): void {
    const actor = this.#actors.get(src);
    if (actor === undefined) {
      const { names } = this.#shared;
      const own = Object.keys(this.#machine.implementations.actors);
      const meant = didYouMean(src, [...names, ...own]);
      const ownWords = own.length > 0 ? `, and the machine's own actors ${own.join(", ")}` : "";
      const allowed = `Allowed are the step kinds ${names.join(", ")}${ownWords}.`;
      this.#add(state, `${does} "${src}", which is no step that can be made durable.${meant} ${allowed}`);
    } else if (actor.type === "refused") this.#add(state, `${does} "${src}", which ${actor.reason}.`);
  }

  #policyOf(state: string, node: AnyStateNode): Defaults {
    const meta: unknown = node.meta;
    const step = typeof meta === "object" && meta !== null ? (meta as { readonly step?: unknown }).step : undefined;
    if (step === undefined) return {};
    const read = readShape(this.#policy, step);
    if (!read.ok) {
      for (const { path, key, message } of read.problems) {
        const at = ["meta", "step", ...path.map(String), ...(key === undefined ? [] : [key])].join(".");
        this.#add(state, `${at}: ${message}`);
      }
      return {};
    }
    if (read.value.on_error !== undefined) this.#add(state, "meta.step.on_error: a machine says it with onError.");
    return read.value;
  }

  /** What an action says before anything runs. What only shows then (`spawn` in an `assign`) fails the run. */
  #action(state: string, action: unknown): void {
    if (action === null || (typeof action !== "object" && typeof action !== "function")) return;
    const { type, src, id, to } = action as Readonly<Record<string, unknown>>;
    if (type === "xstate.sendTo" && to === "#_parent" && this.#way.length === 0) {
      this.#add(state, "sends to a parent, and the machine of a run has none.");
    }
    if (type !== "xstate.spawnChild") return;
    if (typeof src !== "string") {
      this.#add(state, `spawns an actor that stands in the machine itself; ${spawnByName}.`);
      return;
    }
    if (id === undefined) this.#add(state, `spawns "${src}" without an id; ${spawnWithId}.`);
    this.#startable(state, "spawns", src);
  }

  #add(state: string, what: string): void {
    const whose = this.#way.length === 0 ? "" : ` of machine ${this.#way.join(".")}`;
    const sentence = `${state}${whose} ${what}`;
    if (!this.#shared.problems.includes(sentence)) this.#shared.problems.push(sentence);
  }
}

/** What to do instead of spawning a closure. */
export const spawnByName = "name it in setup({ actors }), and spawn it by that name";

/** What to do instead of spawning without an id. */
export const spawnWithId = "give it one, { id: ... }: what it does is known in the run by it";

const endless =
  "is a callback, an observable or other logic that lives in a process; make it a promise actor, a child machine, or let the outside send signals";
