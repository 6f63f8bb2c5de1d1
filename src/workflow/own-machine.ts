import type { AnyActorLogic, AnyStateMachine, AnyStateNode } from "xstate";
import { fromPromise } from "xstate";
import { suggest } from "../core/suggest.ts";
import { readShape } from "../core/zod-problem.ts";
import type { Defaults } from "./definition.ts";
import { defaultsShape } from "./definition.ts";
import type { StepKindSpec } from "./kinds/kind.ts";

/** Where a workflow's machine is, and which content of the file the definition means. */
export interface MachineSource {
  /** A file of the functions folder: `./order-triage.machine.mjs`. */
  readonly module: string;
  /** Name of the export. Default: the default one. */
  readonly export?: string;
  /** SHA-256 (hex) of the file. Absent: whatever it holds. */
  readonly sha256?: string;
}

/** One invocation of a machine: a step. */
export interface Invoked {
  readonly id: string;
  /** Name of the step kind. */
  readonly kind: string;
  /** What the state says under `meta.step`. */
  readonly policy: Defaults;
}

/** What a machine invokes, and all that cannot be made durable. */
export interface MachineReading {
  readonly invoked: readonly Invoked[];
  /** Sentences that name the state. */
  readonly problems: readonly string[];
}

/** Whether a machine may invoke a kind: one that takes its body as it is, without steps inside. */
export function isInvocable(kind: StepKindSpec): boolean {
  return kind.blocks === undefined && (kind.rendering === undefined || kind.literal !== undefined);
}

/** Actions of XState that reach other actors: nothing of them would survive the process. */
const refusedActions: Readonly<Record<string, string>> = {
  "xstate.spawnChild": "starts an actor by an action; invoke it in a state",
  "xstate.sendTo": "sends to another actor; raise the event, or send it to the run as a signal",
  "xstate.sendParent": "sends to a parent, and the machine of a run has none",
  "xstate.forwardTo": "forwards to another actor; steps receive nothing while they run",
};

/** Why an action cannot be durable; undefined: it can. @param type its name in XState */
export function refusedAction(type: string): string | undefined {
  return refusedActions[type];
}

/** Reads what a machine invokes, and finds what the engine cannot keep. Pure. */
export function readMachine(machine: AnyStateMachine, kinds: readonly StepKindSpec[]): MachineReading {
  const reading = new Reading(kinds);
  reading.node(machine.root);
  return reading;
}

class Reading implements MachineReading {
  readonly invoked: Invoked[] = [];
  readonly problems: string[] = [];
  readonly #kinds: ReadonlyMap<string, StepKindSpec>;
  readonly #policy: ReturnType<typeof defaultsShape>;

  constructor(kinds: readonly StepKindSpec[]) {
    this.#kinds = new Map(kinds.filter(isInvocable).map((kind) => [kind.name, kind]));
    this.#policy = defaultsShape([]);
  }

  node(node: AnyStateNode): void {
    const policy = this.#policyOf(node);
    for (const { id, src } of node.invoke) this.#invoke(node, id, src, policy);
    for (const action of [...node.entry, ...node.exit]) this.#action(node, action);
    for (const transition of [...[...node.transitions.values()].flat(), ...(node.always ?? [])]) {
      for (const action of transition.actions) this.#action(node, action);
    }
    for (const state of Object.values(node.states)) this.node(state);
  }

  #invoke(node: AnyStateNode, id: string, src: string | AnyActorLogic, policy: Defaults): void {
    const allowed = `Allowed are the step kinds ${[...this.#kinds.keys()].join(", ")}`;
    if (typeof src !== "string" || src.startsWith("xstate.invoke.")) {
      this.#add(node, `invokes an actor that stands in the machine itself; name it: src: "llm". ${allowed}.`);
      return;
    }
    if (this.invoked.some((other) => other.id === id)) {
      this.#add(node, `invokes "${id}", and so does another state; give each invocation an id of its own.`);
    }
    if (!this.#kinds.has(src)) {
      const near = suggest(src, [...this.#kinds.keys()]);
      const meant = near === undefined ? "" : ` Did you mean ${near}?`;
      this.#add(node, `invokes "${src}", which is no step that can be made durable.${meant} ${allowed}.`);
      return;
    }
    this.invoked.push({ id, kind: src, policy });
  }

  #policyOf(node: AnyStateNode): Defaults {
    const meta: unknown = node.meta;
    const step = typeof meta === "object" && meta !== null ? (meta as { readonly step?: unknown }).step : undefined;
    if (step === undefined) return {};
    const read = readShape(this.#policy, step);
    if (!read.ok) {
      for (const { path, key, message } of read.problems) {
        const at = ["meta", "step", ...path.map(String), ...(key === undefined ? [] : [key])].join(".");
        this.#add(node, `${at}: ${message}`);
      }
      return {};
    }
    if (read.value.on_error !== undefined) this.#add(node, "meta.step.on_error: a machine says it with onError.");
    return read.value;
  }

  #action(node: AnyStateNode, action: unknown): void {
    const type = (action as { readonly type?: unknown } | null)?.type;
    const reason = typeof type === "string" ? refusedAction(type) : undefined;
    if (reason !== undefined) this.#add(node, `${reason}.`);
  }

  #add(node: AnyStateNode, what: string): void {
    this.problems.push(`state ${node.path.length === 0 ? "(root)" : node.path.join(".")} ${what}`);
  }
}

/** Stands for every step kind. Never started: the engine makes a job of each invocation. */
const job = fromPromise<unknown, unknown>(() => new Promise(() => {}));

/** The machine with a stand-in for whatever it invokes. */
export function withStandIns(machine: AnyStateMachine, invoked: readonly Invoked[]): AnyStateMachine {
  return machine.provide({ actors: Object.fromEntries(invoked.map(({ kind }) => [kind, job])) } as never);
}

/** Whether something is an XState machine, of whichever copy of XState. */
export function isMachine(value: unknown): value is AnyStateMachine {
  const machine = value as Partial<AnyStateMachine> | null;
  return (
    typeof machine === "object" &&
    machine !== null &&
    typeof machine.provide === "function" &&
    typeof machine.getPersistedSnapshot === "function" &&
    typeof machine.root === "object"
  );
}
