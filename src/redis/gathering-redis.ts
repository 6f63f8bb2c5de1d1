import { Redis } from "ioredis";

/** Calls that go in one command: more would keep Redis from others for long, and this process without an answer. */
const mostCalls = 16;

/** What a script is called with, keys first. */
type Value = string | number | Buffer;
type Command = (...args: unknown[]) => Promise<unknown>;
type Commands = Record<string, Command>;
type Definition = Parameters<Redis["defineCommand"]>[1];

/** A script that a connection knows, alone and for several calls in one. */
interface Gathered {
  /** Sends one call as it is. */
  readonly alone: Command;
  /** Name of the command that makes several calls. */
  readonly many: string;
  readonly definition: Definition;
}

interface Call {
  readonly keys: number;
  /** Keys, then arguments. */
  readonly values: readonly Value[];
  readonly resolve: (reply: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * A connection that sends calls of one Lua script that are made in the same turn of the event loop as one command: under load a command's own cost (its system
 * calls, its parsing, its promise) is more than that of what it does. It serves BullMQ's scripts as well as ours; none of them knows of it.
 * Commands reach Redis in the order in which they were given. Each call has its own answer or error, and the keys of one command may be anywhere: a Redis Cluster would not take it.
 */
export class GatheringRedis extends Redis {
  #script: Gathered | undefined;
  #calls: Call[] = [];

  override defineCommand(name: string, definition: Definition): void {
    super.defineCommand(name, definition);
    const commands = this as unknown as Commands;
    const alone = commands[name];
    if (!alone || name.endsWith(manySuffix)) return;
    const script: Gathered = { alone, many: `${name}${manySuffix}`, definition };
    const redis = this;
    // Pipelines and transactions take a connection's commands for their own: what is called on them stays in them.
    commands[name] = function (this: unknown, ...given) {
      return this === redis ? redis.#add(script, given.flat() as Value[]) : alone.apply(this, given);
    };
  }

  /** What is given as a plain command goes after the calls that were given before. */
  override sendCommand(...given: Parameters<Redis["sendCommand"]>): unknown {
    this.#send();
    return super.sendCommand(...given);
  }

  #add(script: Gathered, given: readonly Value[]): Promise<unknown> {
    if (this.#script !== script) this.#send();
    if (this.#calls.length === 0) process.nextTick(() => this.#send());
    this.#script = script;
    const { numberOfKeys } = script.definition;
    const [keys, values] = numberOfKeys === undefined ? [Number(given[0]), given.slice(1)] : [numberOfKeys, given];
    return new Promise((resolve, reject) => {
      this.#calls.push({ keys, values, resolve, reject });
      if (this.#calls.length === mostCalls) this.#send();
    });
  }

  #send(): void {
    const [script, calls] = [this.#script, this.#calls];
    const [first] = calls;
    if (!script || !first) return;
    // Before anything is sent: sending comes back here.
    this.#script = undefined;
    this.#calls = [];
    if (calls.length > 1) {
      this.#sendMany(script, calls);
      return;
    }
    const { definition, alone } = script;
    const given = definition.numberOfKeys === undefined ? [first.keys, ...first.values] : first.values;
    alone.call(this, given).then(first.resolve, first.reject);
  }

  #sendMany({ many, definition }: Gathered, calls: readonly Call[]): void {
    const commands = this as unknown as Commands;
    if (!(many in this)) this.defineCommand(many, { lua: severalCalls(definition.lua) });
    const all = commands[many]?.(togetherArgs(calls)) as Promise<unknown[]>;
    const settle = (replies: readonly unknown[]) => {
      for (const [index, { resolve, reject }] of calls.entries()) {
        const reply = replies[index];
        if (reply instanceof Error) reject(reply);
        else resolve(reply);
      }
    };
    all.then(settle, (error) => settle(calls.map(() => error)));
  }
}

const manySuffix = "+";

/** What the script of several calls is given: number of keys, all keys, counts, all arguments. */
function togetherArgs(calls: readonly Call[]): Value[] {
  const keys: Value[] = [];
  const args: Value[] = [];
  const counts: number[] = [];
  for (const { keys: count, values } of calls) {
    for (let i = 0; i < values.length; i++) (i < count ? keys : args).push(values[i] as Value);
    counts.push(count, values.length - count);
  }
  return [keys.length, ...keys, counts.join(" "), ...args];
}

/** A script that does what several calls of `lua` do, one after the other. ARGV 1: numbers of keys and arguments of each call, with spaces. */
export function severalCalls(lua: string): string {
  return `local function one(KEYS, ARGV)
${lua}
end
local replies, key, arg, call = {}, 0, 1, 0
for keys, args in string.gmatch(ARGV[1], '(%d+) (%d+)') do
  local own_keys, own_args = {}, {}
  for i = 1, keys do own_keys[i] = KEYS[key + i] end
  for i = 1, args do own_args[i] = ARGV[arg + i] end
  key, arg, call = key + keys, arg + args, call + 1
  local done, reply = pcall(one, own_keys, own_args)
  if not done then
    local message = type(reply) == 'table' and reply.err or tostring(reply)
    -- An error of Redis begins with its code, one of Lua itself with a place.
    reply = { err = string.find(message, '^%u+ ') and message or 'ERR ' .. message }
  end
  -- A list that is answered ends at its first nil; false is answered as nil.
  if reply == nil then reply = false end
  replies[call] = reply
end
return replies`;
}
