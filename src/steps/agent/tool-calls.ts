import { AppError, type ErrorRecord } from "../../core/errors.ts";
import { isJsonObject, type Json, type JsonObject } from "../../core/json.ts";
import type { Mask } from "../../core/mask.ts";
import { isTerminal } from "../../core/run.ts";
import { didYouMean } from "../../core/suggest.ts";
import type { StepWork } from "../handler.ts";
import { mismatches } from "../validator.ts";
import type { Journal, JournaledCall, Turn } from "./journal.ts";
import { type AgentTool, failedAnswer, type ToolAnswer, type ToolOutcome } from "./tool.ts";
import { childAnswer } from "./workflow-tool.ts";

/** What the tool calls of a turn need. */
export interface ToolCallsParts {
  readonly journal: Journal;
  readonly tools: ReadonlyMap<string, AgentTool>;
  readonly work: StepWork;
  /** Characters of a result that the model is told. */
  readonly maxResult: number;
  readonly mask: Mask;
  readonly clock: () => number;
}

/** Where the calls of a turn stand. */
export type ToolCallsEnd =
  | { readonly type: "done" }
  /** Something must pass first; nothing was done meanwhile. */
  | { readonly type: "later"; readonly delayMs: number; readonly error: ErrorRecord }
  /** Runs are under way. `until`: epoch milliseconds at which the first of them has taken too long; null: never. */
  | { readonly type: "children"; readonly runs: readonly string[]; readonly until: number | null };

/** Calls of one turn that are under way at a time. */
const mostAtOnce = 10;

/** Times that a tool whose server asks for a pause is waited for; then the model is told. */
const mostWaits = 3;

/** Begins all calls of a turn that has just been heard, so that the save which keeps it keeps that too. */
export function begin(turn: Turn, clock: () => number): void {
  for (const call of turn.calls) call.begunAt ??= clock();
}

/** Makes the calls of a turn that have no result yet, side by side. A result is kept as soon as it is there. @param isNew the turn was heard by this execution, and its calls are begun */
export async function makeCalls(parts: ToolCallsParts, turn: Turn, isNew: boolean): Promise<ToolCallsEnd> {
  const { journal, clock } = parts;
  const open = turn.calls.filter((call) => !call.result && call.child === undefined);
  const again = new Set(isNew ? [] : open.filter(({ begunAt }) => begunAt !== undefined));
  if (open.some(({ begunAt }) => begunAt === undefined)) {
    begin(turn, clock);
    journal.touch(turn);
    await journal.keep();
  }
  const stop = new AbortController();
  const later: Later[] = [];
  const queue = [...open];
  const next = async (): Promise<void> => {
    for (let call = queue.shift(); call; call = queue.shift()) {
      const put = await makeCall(parts, turn, call, { isAgain: again.has(call), stop: stop.signal });
      if (put) later.push(put);
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(mostAtOnce, open.length) }, next));
  } finally {
    // Whoever failed to keep a result counts no more, and neither do the others.
    stop.abort();
  }
  const [first] = later.sort((a, b) => b.delayMs - a.delayMs);
  return first ? { type: "later", ...first } : lookAtChildren(parts, turn);
}

type Later = Omit<Extract<ToolOutcome, { type: "later" }>, "type" | "isBounded">;

interface Making {
  /** It may have been made before, by an execution that died. */
  readonly isAgain: boolean;
  readonly stop: AbortSignal;
}

/** @returns what must pass before it can be made, if anything */
async function makeCall(
  parts: ToolCallsParts,
  turn: Turn,
  call: JournaledCall,
  { isAgain, stop }: Making,
): Promise<Later | undefined> {
  const { journal, tools, work } = parts;
  const startedAt = parts.clock();
  const ready = readyCall(call, tools);
  if (ready.type === "answered") return end(parts, turn, call, ready);
  if (isAgain && !ready.tool.isRepeatable) {
    const text = "Nobody knows whether this call took effect: its worker died while it was made. It is not made again.";
    return end(parts, turn, call, failedAnswer(text));
  }
  work.note({ type: "tool.called", ...headOf(parts, turn, call) });
  const outcome = await outcomeOf(ready.tool, ready.args, call, AbortSignal.any([work.signal, stop]));
  if (outcome.type === "child") {
    call.child = outcome.run;
    journal.touch(turn);
    await journal.keep();
    return undefined;
  }
  if (outcome.type === "later") {
    if (outcome.isBounded && (call.waits ?? 0) >= mostWaits)
      return end(parts, turn, call, failedAnswer(outcome.error.message));
    call.begunAt = undefined;
    call.waits = (call.waits ?? 0) + 1;
    journal.touch(turn);
    await journal.keep();
    return { delayMs: outcome.delayMs, error: outcome.error };
  }
  // A call that was ended from outside has no result: it is made again.
  if (outcome.failed && (work.signal.aborted || stop.aborted)) return undefined;
  return end(parts, turn, call, outcome, startedAt);
}

async function outcomeOf(
  tool: AgentTool,
  args: JsonObject,
  { key }: JournaledCall,
  stop: AbortSignal,
): Promise<ToolOutcome> {
  const { timeoutMs } = tool;
  const time = timeoutMs === null ? undefined : AbortSignal.timeout(timeoutMs);
  try {
    const outcome = await tool.call(args, { key, signal: time ? AbortSignal.any([stop, time]) : stop });
    if (outcome.type !== "answered" || !outcome.failed || !time?.aborted || stop.aborted) return outcome;
    return failedAnswer(tooLong(timeoutMs));
  } catch (error) {
    if (time?.aborted && !stop.aborted) return failedAnswer(tooLong(timeoutMs));
    if (isNoBusinessOfModels(error)) throw error;
    return failedAnswer((error as Error).message);
  }
}

/** Redis is away, a variable is not set: the attempt fails, and the call is made again under its key. */
function isNoBusinessOfModels(error: unknown): boolean {
  if (!(error instanceof AppError)) return false;
  return error.status >= 500 || error.code === "variable_unavailable";
}

function tooLong(timeoutMs: number | null): string {
  return `It took longer than ${(timeoutMs ?? 0) / 1_000} s and was ended; it may have taken effect all the same.`;
}

type Ready = ToolAnswer | { readonly type: "ready"; readonly tool: AgentTool; readonly args: JsonObject };

/** Finds the tool and checks the arguments. */
function readyCall({ asked }: JournaledCall, tools: ReadonlyMap<string, AgentTool>): Ready {
  const tool = tools.get(asked.name);
  if (!tool) {
    const known = [...tools.keys()];
    return failedAnswer(
      `There is no tool ${asked.name}; there is ${known.join(", ")}.${didYouMean(asked.name, known)}`,
    );
  }
  const args = parsed(asked.arguments);
  if (!isJsonObject(args)) return failedAnswer("The arguments are not a JSON object.");
  const problems = problemsOf(args, tool.definition.inputSchema);
  if (problems.length > 0) return failedAnswer(`The arguments do not fit the tool's schema: ${problems.join(" ")}`);
  return { type: "ready", tool, args };
}

function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text.trim() === "" ? "{}" : text) as Json;
  } catch {
    // The model is told so.
    return undefined;
  }
}

function problemsOf(args: JsonObject, schema: JsonObject): readonly string[] {
  try {
    return mismatches(args, schema, "They");
  } catch {
    // An MCP server's schema may be of another dialect than ours; the server checks for itself.
    return [];
  }
}

/** Keeps a call's result. */
async function end(
  { journal, work, maxResult, mask, clock, tools }: ToolCallsParts,
  turn: Turn,
  call: JournaledCall,
  { content, failed }: ToolAnswer,
  startedAt = call.begunAt ?? clock(),
): Promise<undefined> {
  const text = cut(mask(content), maxResult);
  const durationMs = Math.max(0, clock() - startedAt);
  call.result = { content: text, durationMs, ...(failed ? { failed } : {}) };
  journal.touch(turn);
  await journal.keep();
  const problem = failed ? { problem: text.slice(0, 200) } : {};
  work.note({
    type: "tool.answered",
    ...headOf({ journal, work, tools }, turn, call),
    ok: !failed,
    durationMs,
    ...problem,
  });
  return undefined;
}

function cut(text: string, most: number): string {
  if (text.length <= most) return text;
  return `${text.slice(0, most)}\n[cut: ${text.length - most} of ${text.length} characters are left out]`;
}

function headOf(
  { journal, work }: Pick<ToolCallsParts, "journal" | "work" | "tools">,
  turn: Turn,
  call: JournaledCall,
) {
  const { stepId: step, attempt } = work;
  const number = journal.turns.indexOf(turn) + 1;
  return { step, attempt, turn: number, call: turn.calls.indexOf(call) + 1, tool: call.asked.name };
}

/** Takes the results of runs that have ended, and ends those that have taken too long. */
async function lookAtChildren(parts: ToolCallsParts, turn: Turn): Promise<ToolCallsEnd> {
  const { work, clock, tools } = parts;
  if (turn.calls.some((call) => !call.result && call.child === undefined)) return { type: "done" };
  const open = turn.calls.filter((call) => !call.result);
  const runs = open.map(({ child = "" }) => child);
  if (runs.length === 0) return { type: "done" };
  const dues: number[] = [];
  for (const [index, child] of (await work.children.look(runs)).entries()) {
    const call = open[index];
    if (!call) continue;
    const { timeoutMs = null } = tools.get(call.asked.name) ?? {};
    const due = timeoutMs === null ? Number.POSITIVE_INFINITY : (call.begunAt ?? 0) + timeoutMs;
    if (isTerminal(child.status)) await end(parts, turn, call, childAnswer(child));
    else if (clock() >= due) {
      await work.children.cancel([child.id], "The tool call that started it has taken too long.");
      await end(parts, turn, call, failedAnswer(tooLong(timeoutMs)));
    } else dues.push(due);
  }
  if (dues.length === 0) return { type: "done" };
  const first = Math.min(...dues);
  const waiting = open.flatMap(({ result, child = "" }) => (result ? [] : [child]));
  return { type: "children", runs: waiting, until: Number.isFinite(first) ? first : null };
}
