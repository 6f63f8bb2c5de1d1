import { type AnyMachineSnapshot, type AnyStateMachine, createActor } from "xstate";

/** What a transition asked for, in order. */
export interface Effect {
  readonly type: string;
  readonly params: Readonly<Record<string, unknown>>;
}

/** Steps a machine purely and remembers what it asked for. With `persisting`, the snapshot goes through JSON between any two events. */
export class PureDriver {
  snapshot: AnyMachineSnapshot;
  readonly effects: Effect[] = [];
  readonly #machine: AnyStateMachine;
  readonly #persisting: boolean;
  readonly #scope: Parameters<AnyStateMachine["transition"]>[2];

  constructor(machine: AnyStateMachine, input: object, persisting = true) {
    const self = createActor(machine, { input });
    this.#machine = machine;
    this.#persisting = persisting;
    this.#scope = {
      self,
      system: self.system,
      id: "",
      sessionId: "",
      logger: () => undefined,
      defer: () => undefined,
      stopChild: () => undefined,
      emit: () => undefined,
      actionExecutor: (action) => {
        this.effects.push({ type: action.type, params: (action.params ?? {}) as Effect["params"] });
      },
    };
    this.snapshot = machine.getInitialSnapshot(this.#scope, input);
  }

  /** The snapshot as it would be stored. */
  persisted(): string {
    return JSON.stringify(this.#machine.getPersistedSnapshot(this.snapshot));
  }

  send(event: { readonly type: string; readonly [key: string]: unknown }): void {
    if (this.#persisting) this.snapshot = this.#machine.restoreSnapshot(JSON.parse(this.persisted()), this.#scope);
    this.snapshot = this.#machine.transition(this.snapshot, event, this.#scope);
  }

  succeed(step: string, output: unknown = `output of ${step}`): void {
    this.send({ type: `xstate.done.actor.${step}`, actorId: step, output });
  }

  fail(step: string, error: unknown = { code: "provider_failed", message: `${step} broke` }): void {
    this.send({ type: `xstate.error.actor.${step}`, actorId: step, error });
  }

  /** Steps whose job exists now. */
  get running(): string[] {
    return Object.keys(this.snapshot.children).sort();
  }

  /** Every step that was started, in order. */
  get started(): string[] {
    return this.effects.filter(({ type }) => type === "xstate.spawnChild").map(({ params }) => String(params.id));
  }

  /** What the machine emitted. */
  get emitted(): unknown[] {
    return this.effects.filter(({ type }) => type === "xstate.emit").map(({ params }) => params.event);
  }

  get status(): unknown {
    return this.snapshot.value;
  }
}
