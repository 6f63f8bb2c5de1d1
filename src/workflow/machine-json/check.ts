import { isJsonObject, type Json } from "../../core/json.ts";
import { didYouMean } from "../../core/suggest.ts";
import { defaultsShape } from "../definition.ts";
import type { Path } from "../path.ts";
import type { ProblemList } from "../problem-list.ts";
import { readShape } from "../shape.ts";
import { delayMs } from "./build.ts";
import {
  actionShapes,
  inFull,
  listOf,
  type MachineConfig,
  machineConfigShape,
  type StateConfig,
  stateShape,
  transitionShape,
} from "./config.ts";
import { checkGuard, checkTemplatesIn, type Readable } from "./text.ts";

/** What is around a machine. */
export interface MachinePlace {
  /** Step kinds that may be invoked. */
  readonly kinds: readonly string[];
  /** Names of the run's input, where its schema says them; null: any. Absent: of a child machine. */
  readonly inputs?: readonly string[] | null;
  /** Machines around it. Default: 0. */
  readonly depth?: number;
}

/** Machines inside one another. */
const deepest = 8;

/** Checks a machine that is written as data, with its child machines. @returns it, once its own shape is right */
export function checkMachineConfig(
  value: Json,
  path: Path,
  place: MachinePlace,
  problems: ProblemList,
): MachineConfig | undefined {
  const { depth = 0 } = place;
  if (depth > deepest) {
    problems.add(path, `lies deeper than ${deepest} machines inside one another.`);
    return undefined;
  }
  const config = readShape(machineConfigShape, value, path, problems);
  if (config === undefined) return undefined;
  const { actors = {}, context = {} } = config;
  checkTemplatesIn(context, [...path, "context"], { input: place.inputs ?? null }, problems);
  for (const [name, child] of Object.entries(actors)) {
    const at = [...path, "actors", name];
    if (place.kinds.includes(name)) problems.addKey(at, `${name} is a step kind; give the child machine another name.`);
    checkMachineConfig(child, at, { kinds: place.kinds, depth: depth + 1 }, problems);
  }
  const readable = { context: Object.keys(context), event: null };
  const sources = [...place.kinds, ...Object.keys(actors)];
  new Checking({ readable, sources, ids: idsIn(value), problems, isChild: depth > 0 }).state(config, path, null);
  return config;
}

function idsIn(value: Json | undefined): readonly string[] {
  if (!isJsonObject(value)) return [];
  const own = typeof value.id === "string" ? [value.id] : [];
  const states = isJsonObject(value.states) ? Object.values(value.states) : [];
  return [...own, ...states.flatMap((state) => idsIn(state))];
}

interface Checked {
  readonly readable: Readable;
  readonly sources: readonly string[];
  /** Of states. */
  readonly ids: readonly string[];
  readonly problems: ProblemList;
  readonly isChild: boolean;
}

/** Goes through the states of one machine. */
class Checking {
  readonly #given: Checked;
  readonly #invoked = new Set<string>();
  readonly #policy = defaultsShape([]);

  constructor(given: Checked) {
    this.#given = given;
  }

  /** @param beside names of the states beside it; null: it is the machine */
  state(config: StateConfig, path: Path, beside: readonly string[] | null): void {
    const { problems } = this.#given;
    const {
      states = {},
      initial,
      type,
      on = {},
      after = {},
      always,
      onDone,
      entry,
      exit,
      meta,
      output,
      target,
    } = config;
    const inside = Object.keys(states);
    const to = { beside: beside ?? [], inside };
    this.#initial(path, { initial, type, inside });
    if (target !== undefined) this.#target(target, [...path, "target"], to);
    for (const [event, one] of Object.entries(on)) {
      const at = [...path, "on", event];
      if (event.startsWith("xstate.")) problems.addKey(at, "is an event that only XState itself sends.");
      this.#transitions(one, at, to);
    }
    for (const [delay, one] of Object.entries(after)) {
      const at = [...path, "after", delay];
      if (delayMs(delay) === undefined) problems.addKey(at, 'must be milliseconds, or a text such as "30s".');
      this.#transitions(one, at, to);
    }
    this.#transitions(always, [...path, "always"], to);
    this.#transitions(onDone, [...path, "onDone"], to);
    this.#actions(entry, [...path, "entry"]);
    this.#actions(exit, [...path, "exit"]);
    this.#invocations(config, path, to);
    if (meta?.step !== undefined) readShape(this.#policy, meta.step, [...path, "meta", "step"], problems);
    if (output !== undefined) checkTemplatesIn(output, [...path, "output"], this.#given.readable, problems);
    for (const [name, value] of Object.entries(states)) {
      const at = [...path, "states", name];
      if (/[.#]/.test(name)) problems.addKey(at, "must hold neither a dot nor #.");
      const state = readShape(stateShape, value, at, problems);
      if (state) this.state(state, at, inside);
    }
  }

  #initial(
    path: Path,
    { initial, type, inside }: Pick<StateConfig, "initial" | "type"> & { inside: readonly string[] },
  ): void {
    const { problems } = this.#given;
    if (initial !== undefined && !inside.includes(initial)) {
      problems.add([...path, "initial"], `there is no state "${initial}" inside.${didYouMean(initial, inside)}`);
    } else if (initial === undefined && inside.length > 0 && type !== "parallel") {
      problems.add(path, `needs initial: one of ${inside.join(", ")}.`);
    }
  }

  #invocations({ invoke }: StateConfig, path: Path, to: Targets): void {
    const { problems, sources, readable } = this.#given;
    const all = Array.isArray(invoke) ? invoke : invoke ? [invoke] : [];
    for (const [index, { id, src, input, onDone, onError }] of all.entries()) {
      const at = Array.isArray(invoke) ? [...path, "invoke", index] : [...path, "invoke"];
      if (!sources.includes(src)) {
        const known = `Known are ${sources.join(", ")}.`;
        problems.add([...at, "src"], `there is no actor "${src}".${didYouMean(src, sources)} ${known}`);
      }
      if (this.#invoked.has(id))
        problems.add([...at, "id"], `"${id}" is invoked by another state too; each id names one step.`);
      this.#invoked.add(id);
      if (input !== undefined) checkTemplatesIn(input, [...at, "input"], readable, problems);
      this.#transitions(onDone, [...at, "onDone"], to);
      this.#transitions(onError, [...at, "onError"], to);
    }
  }

  #transitions(value: Json | undefined, path: Path, to: Targets): void {
    const { problems, readable } = this.#given;
    for (const [index, one] of listOf(value).entries()) {
      const at = Array.isArray(value) ? [...path, index] : path;
      const transition = readShape(transitionShape, inFull(one), at, problems);
      if (!transition) continue;
      const { target, guard, actions } = transition;
      if (target !== undefined) this.#target(target, typeof one === "string" ? at : [...at, "target"], to);
      if (guard !== undefined) checkGuard(guard, [...at, "guard"], readable, problems);
      this.#actions(actions, [...at, "actions"]);
    }
  }

  #target(target: string, path: Path, { beside, inside }: Targets): void {
    const { problems, ids } = this.#given;
    const [, sign = "", first = ""] = /^([#.]?)([^.]*)/.exec(target) ?? [];
    const known = sign === "#" ? ids : sign === "." ? inside : beside;
    if (known.includes(first)) return;
    const where = sign === "#" ? "with the id" : sign === "." ? "inside" : "beside this one:";
    const meant = didYouMean(first, known).replace("mean ", `mean ${sign}`);
    problems.add(path, `there is no state ${where} "${first}".${meant}`);
  }

  #actions(value: Json | undefined, path: Path): void {
    const { problems, readable, isChild } = this.#given;
    const names = Object.keys(actionShapes);
    for (const [index, action] of listOf(value).entries()) {
      const at = Array.isArray(value) ? [...path, index] : path;
      const keys = isJsonObject(action) ? Object.keys(action) : [];
      const name = names.find((one) => keys.includes(one)) as keyof typeof actionShapes | undefined;
      if (name === undefined) {
        const meant = keys[0] === undefined ? "" : didYouMean(keys[0], names);
        problems.add(at, `is no action.${meant} An action is an object with one of ${names.join(", ")}.`);
        continue;
      }
      if (!readShape<unknown>(actionShapes[name], action, at, problems) || !isJsonObject(action)) continue;
      if (name === "send_parent" && !isChild) problems.add(at, "the machine of a run has no parent.");
      if (action.delay !== undefined && delayMs(action.delay as string | number) === undefined)
        problems.add([...at, "delay"], 'must be milliseconds, or a text such as "30s".');
      checkTemplatesIn(action, at, readable, problems);
      if (name === "assign") this.#assigned(action.assign, [...at, "assign"]);
    }
  }

  #assigned(values: Json | undefined, path: Path): void {
    const { readable, problems } = this.#given;
    const known = readable.context ?? [];
    for (const key of Object.keys(isJsonObject(values) ? values : {})) {
      if (!known.includes(key)) {
        problems.addKey(
          [...path, key],
          `context has no ${key}.${didYouMean(key, known)} Give it a first value under context.`,
        );
      }
    }
  }
}

/** Names of states that a transition may lead to without an id. */
interface Targets {
  readonly beside: readonly string[];
  readonly inside: readonly string[];
}
