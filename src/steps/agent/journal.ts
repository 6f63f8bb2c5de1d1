import type { CallRecord, Served } from "../../core/call.ts";
import { addCosts } from "../../core/history.ts";
import { isJsonObject, type Json } from "../../core/json.ts";
import type { LlmAnswer } from "../../providers/provider.ts";
import type { LlmMessage, LlmReasoning, LlmToolCall } from "../../providers/request.ts";
import type { StepWork } from "../handler.ts";
import { Keeper } from "./keeper.ts";
import type { AgentUse } from "./limits.ts";
import type { ToolAnswer } from "./tool.ts";

/** One answer of the model, and what its tool calls came to. */
export interface Turn {
  readonly text: string;
  readonly reasoning: readonly LlmReasoning[];
  readonly isCutOff: boolean;
  readonly served: Served;
  readonly calls: readonly JournaledCall[];
}

/** A tool call: asked for; then perhaps begun; then perhaps ended. */
export interface JournaledCall {
  readonly asked: LlmToolCall;
  /** Sent with every repetition. */
  readonly key: string;
  /** Epoch milliseconds. Set: it may have been made. */
  begunAt?: number;
  /** The run that it started. */
  child?: string;
  /** Times that nothing could be done. */
  waits?: number;
  /** Set: it has ended, and is never made again. */
  result?: JournaledResult;
}

/** How a tool call ended. */
export interface JournaledResult extends Omit<ToolAnswer, "type"> {
  readonly durationMs: number;
}

/** What the memo holds; the turns are put aside beside it, each under its number. */
interface Head {
  readonly turns: number;
  readonly spent: { readonly calls: number; readonly usd: number };
  /** Calls of providers that the history may not have yet: made under this key of the attempt. */
  readonly unreported: { readonly key: string; readonly calls: readonly CallRecord[] };
}

/**
 * What an agent has heard and done so far: kept after every answer and every tool result, so that an execution that follows goes on from there.
 * Everything in it is JSON.
 */
export class Journal {
  readonly #turns: Turn[];
  readonly #attemptKey: string;
  #head: Omit<Head, "turns">;
  readonly #changed = new Set<Turn>();
  #isHeadChanged = false;
  readonly #keeper: Keeper;

  private constructor({ stow, save, idempotencyKey }: JournalStore, turns: Turn[], kept: Head | undefined) {
    this.#turns = turns;
    this.#attemptKey = idempotencyKey;
    // The key changes with every execution that ended, not with one that died: what the former had called is in its report, what the latter had called is in nobody's.
    const unreported =
      kept?.unreported.key === idempotencyKey ? kept.unreported : { key: idempotencyKey, calls: [] as const };
    this.#head = { spent: kept?.spent ?? { calls: 0, usd: 0 }, unreported };
    this.#keeper = new Keeper(async () => {
      const turns = [...this.#changed];
      this.#changed.clear();
      const isHeadChanged = this.#isHeadChanged;
      this.#isHeadChanged = false;
      // A turn that the head does not count yet was not heard: none of its tools has been called.
      if (turns.length > 0) await stow(Object.fromEntries(turns.map((turn) => [this.#nameOf(turn), asJson(turn)])));
      if (isHeadChanged) await save(this.memo);
    });
  }

  /** What former executions have kept. */
  static async open(store: JournalStore): Promise<Journal> {
    const kept = isJsonObject(store.memo) ? (store.memo as unknown as Head) : undefined;
    const names = Array.from({ length: kept?.turns ?? 0 }, (_, index) => turnName(index));
    const turns = names.length === 0 ? [] : ((await store.stowed(names)) as unknown as readonly Turn[]);
    return new Journal(store, [...turns], kept);
  }

  get turns(): readonly Turn[] {
    return this.#turns;
  }

  get last(): Turn | undefined {
    return this.#turns.at(-1);
  }

  get use(): AgentUse {
    return { turns: this.#turns.length, ...this.#head.spent };
  }

  /** Calls of providers that this attempt's report must have. */
  get calls(): readonly CallRecord[] {
    return this.#head.unreported.calls;
  }

  /** For the step's memo. */
  get memo(): Json {
    return asJson({ turns: this.#turns.length, ...this.#head } satisfies Head);
  }

  /** Counts calls of providers. */
  addCalls(calls: readonly CallRecord[]): void {
    const { spent, unreported } = this.#head;
    const usd = spent.usd + (addCosts(...calls.map((call) => call.costUsd)) ?? 0);
    this.#isHeadChanged = true;
    this.#head = {
      spent: { calls: spent.calls + calls.length, usd },
      unreported: { ...unreported, calls: [...unreported.calls, ...calls] },
    };
  }

  /** Adds an answer. Its tool calls get their keys. */
  addTurn({ text, reasoning, toolCalls, finishReason }: LlmAnswer, served: Served): Turn {
    const number = this.#turns.length + 1;
    const calls = toolCalls.map((asked, index) => ({ asked, key: `${this.#attemptKey}-t${number}-${index + 1}` }));
    const turn: Turn = { text, reasoning, isCutOff: finishReason === "length", served, calls };
    this.#turns.push(turn);
    this.#isHeadChanged = true;
    this.#changed.add(turn);
    return turn;
  }

  /** Notes that something of a turn is new. */
  touch(turn: Turn): void {
    this.#changed.add(turn);
  }

  /** Resolves once everything that is there now is stored. @throws what storing throws */
  keep(): Promise<void> {
    return this.#keeper.keep();
  }

  #nameOf(turn: Turn): string {
    return turnName(this.#turns.indexOf(turn));
  }
}

/** Where a journal is kept: what of a step's work it needs. */
export type JournalStore = Pick<StepWork, "memo" | "save" | "stow" | "stowed" | "idempotencyKey">;

function turnName(index: number): string {
  return `turn-${index + 1}`;
}

function asJson(value: unknown): Json {
  return JSON.parse(JSON.stringify(value)) as Json;
}

/** A turn as the next request tells it. A model may use one id twice in its life; results follow the order of the calls. */
export function messagesOf({ text, reasoning, calls }: Turn): readonly LlmMessage[] {
  const toolCalls = calls.map(({ asked }) => asked);
  const said: LlmMessage = {
    role: "assistant",
    content: text || (calls.length > 0 ? "" : "(empty)"),
    toolCalls,
    reasoning,
  };
  const results = calls.map(({ asked, result }): LlmMessage => {
    const { content = "(no result)", failed } = result ?? {};
    return { role: "tool", callId: asked.id, name: asked.name, content, ...(failed ? { failed } : {}) };
  });
  return [said, ...results];
}
