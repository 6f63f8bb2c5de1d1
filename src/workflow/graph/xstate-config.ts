import type { AnyStateMachine } from "xstate";
import { isJsonObject, type Json, type JsonObject } from "../../core/json.ts";

/**
 * A machine's config as JSON: actions, guards and actors by name. Stately's editor and `createMachine` take it; what they do must be
 * provided under those names. A function without a name is called `inline`; what only a program can hold (a function that makes a
 * context or an input) is left out.
 */
export function xstateConfig(machine: AnyStateMachine): JsonObject {
  return stateJson(machine.config as Config);
}

/** The name of an action, guard or actor, with the step that it is about: `when true impact`. */
export function nameOf(part: unknown): string {
  if (typeof part === "string") return part;
  if (typeof part === "function") return functionName(part as NamedFunction);
  if (!isObject(part) || typeof part.type !== "string") return "inline";
  const { type, params } = part;
  const values = isJsonObject(params) ? Object.values(params).filter((value) => typeof value === "string") : [];
  return [type, ...values].join(" ");
}

type Config = Readonly<Record<string, unknown>>;

interface NamedFunction {
  readonly name: string;
  /** XState's own makers (`assign`, `raise`) leave their name here. */
  readonly type?: unknown;
}

/** Names that JavaScript gives to functions by the key at which they stand. */
const accidental: ReadonlySet<string> = new Set(["", "guard", "actions", "entry", "exit", "input"]);

function functionName({ name, type }: NamedFunction): string {
  if (typeof type === "string") return type;
  return accidental.has(name) ? "inline" : name;
}

/** How the members of a state are written; every other member is plain data. */
const stateMembers: Readonly<Record<string, (value: unknown) => Json | undefined>> = {
  states: (value) => mapped(value, (state) => stateJson(isObject(state) ? state : {})),
  on: (value) => mapped(value, transitionJson),
  after: (value) => mapped(value, transitionJson),
  always: transitionJson,
  onDone: transitionJson,
  entry: partsJson,
  exit: partsJson,
  invoke: (value) => each(value, (invoke) => membersJson(invoke, invokeMembers)),
};

const invokeMembers: typeof stateMembers = {
  src: (value) => nameOf(value),
  onDone: transitionJson,
  onError: transitionJson,
  onSnapshot: transitionJson,
};

const transitionMembers: typeof stateMembers = {
  guard: (value) => partJson(value),
  actions: partsJson,
};

function stateJson(config: Config): JsonObject {
  return membersJson(config, stateMembers);
}

function transitionJson(value: unknown): Json | undefined {
  return each(value, (transition) =>
    isObject(transition) ? membersJson(transition, transitionMembers) : plain(transition),
  );
}

function membersJson(config: unknown, members: typeof stateMembers): JsonObject {
  if (!isObject(config)) return {};
  return jsonObject(Object.entries(config).map(([key, value]) => [key, (members[key] ?? plain)(value)]));
}

function partsJson(value: unknown): Json | undefined {
  return each(value, partJson);
}

/** An action or a guard: its name, or an object with its name and parameters. */
function partJson(part: unknown): Json | undefined {
  if (typeof part === "string" || part === undefined) return part;
  if (isObject(part) && typeof part.type === "string") return plain(part);
  return { type: nameOf(part) };
}

function each(value: unknown, one: (item: unknown) => Json | undefined): Json | undefined {
  return Array.isArray(value) ? value.flatMap((item) => one(item) ?? []) : one(value);
}

function mapped(value: unknown, one: (member: unknown) => Json | undefined): Json | undefined {
  return isObject(value) ? jsonObject(Object.entries(value).map(([key, member]) => [key, one(member)])) : undefined;
}

/** Data as it is; undefined where it is a function, or holds one. */
function plain(value: unknown): Json | undefined {
  if (typeof value === "number") return Number.isFinite(value) ? value : undefined;
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (Array.isArray(value)) return value.map((item) => plain(item) ?? null);
  return isObject(value) ? jsonObject(Object.entries(value).map(([key, member]) => [key, plain(member)])) : undefined;
}

function jsonObject(members: readonly (readonly [string, Json | undefined])[]): JsonObject {
  return Object.fromEntries(members.filter(([, value]) => value !== undefined));
}

function isObject(value: unknown): value is Config {
  return typeof value === "object" && value !== null;
}
