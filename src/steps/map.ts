import type { Hints } from "../core/call.ts";
import { AppError } from "../core/errors.ts";
import { isJsonObject, type Json, type JsonObject } from "../core/json.ts";
import { defaultConcurrency, type MapBody, mapInputs, maxItems } from "../workflow/kinds/map.ts";
import {
  blockHandler,
  childFailure,
  failed,
  givenBack,
  hasSucceeded,
  inBatches,
  parked,
  settledBlock,
  succeeded,
} from "./child-block.ts";
import type { Child, StartedChild, StepHandler, StepOutcome, StepWork, StoredVersion } from "./handler.ts";

/**
 * What an execution keeps for the next one: never more than what is open. The items are put aside one by one, and the outputs stay in
 * the items' runs until the last of them has ended.
 */
type Progress = {
  readonly ref: StoredVersion & JsonObject;
  readonly hints: Hints & JsonObject;
  readonly concurrency: number;
  readonly continues: boolean;
  readonly total: number;
  /** Index of the first item that has not been started. */
  readonly next: number;
  /** Indexes of the items whose runs have not ended. */
  readonly open: readonly number[];
  /** Items whose runs could not even be started. */
  readonly refused: number;
};

/** Executes `map` steps. @param options maxOutputBytes: of JSON that the list of outputs may have */
export function mapHandler(options: { readonly maxOutputBytes: number }): StepHandler {
  return blockHandler("map", async (work) => {
    const begun = work.memo === null ? await begin(work) : (work.memo as unknown as Progress);
    const progress = await advance(work, begun);
    if ("type" in progress) return progress;
    if (progress.open.length === 0) return collected(work, progress, options.maxOutputBytes);
    const reason = work.memo === null ? `for ${progress.total} items, ${progress.concurrency} at a time` : null;
    return parked(progress as unknown as Json, reason);
  });
}

/** Puts items and input aside, and settles which version of the block every item gets. */
async function begin(work: StepWork): Promise<Progress> {
  const body = work.body as unknown as MapBody;
  const items = listOf(body.over);
  await work.stow({
    ...Object.fromEntries(items.map((item, index) => [`item ${index}`, item])),
    input: body.input ?? {},
  });
  const ref = await settledBlock(work, { block: body, inputs: mapInputs(body) });
  return {
    ref: { ...ref },
    hints: work.hints as Hints & JsonObject,
    concurrency: body.concurrency ?? defaultConcurrency,
    continues: body.on_error === "continue",
    total: items.length,
    next: 0,
    open: [],
    refused: 0,
  };
}

function listOf(over: Json): readonly Json[] {
  if (!Array.isArray(over)) {
    const what = isJsonObject(over) ? "an object" : over === null ? "null" : `a ${typeof over}`;
    throw new AppError("step_failed", { message: `map.over gives ${what}, not a list.` });
  }
  if (over.length <= maxItems) return over;
  throw new AppError("step_failed", { message: `map.over gives ${over.length} items; at most ${maxItems} are taken.` });
}

/** Takes in what has ended and starts what may begin. @returns how far it is; the outcome, where it has failed */
async function advance(work: StepWork, before: Progress): Promise<Progress | StepOutcome> {
  const { children } = work;
  const ids = new Map(before.open.map((index) => [index, children.id(String(index))]));
  const ended = new Set(await children.ended([...ids.values()]));
  const { continues } = before;
  if (!continues) {
    const bad = (await children.look([...ended], { outputs: false })).find((child) => !hasSucceeded(child));
    if (bad) {
      const index = before.open.find((item) => ids.get(item) === bad.id) ?? 0;
      return abort(work, before.open, childFailure(`Item ${index}`, bad, { index }));
    }
  }
  let { next, refused } = before;
  const open = before.open.filter((index) => !ended.has(ids.get(index) ?? ""));
  while (open.length < before.concurrency && next < before.total) {
    const room = Math.min(before.concurrency - open.length, before.total - next);
    const wanted = Array.from({ length: room }, (_, i) => next + i);
    for (const { index, refusal } of await startAll(work, before, wanted)) {
      if (!refusal) open.push(index);
      else if (continues) refused += 1;
      else return abort(work, [...open, ...wanted], couldNotStart(index, refusal));
    }
    next += room;
  }
  return { ...before, next, open, refused };
}

interface Started {
  readonly index: number;
  /** Why the item's run could not be started. */
  readonly refusal?: AppError;
}

async function startAll(
  work: StepWork,
  { ref, hints }: Progress,
  indexes: readonly number[],
): Promise<readonly Started[]> {
  const [input] = await work.stowed(["input"]);
  return inBatches(indexes, async (some) => {
    const items = await work.stowed(some.map((index) => `item ${index}`));
    const started = await work.children.startAll(
      some.map((index, i) => {
        const own = { ...(input as JsonObject), item: items[i] ?? null, index };
        return { key: String(index), ...ref, input: own, hints };
      }),
    );
    return some.map((index, i): Started => ({ index, ...withRefusal(started[i]) }));
  });
}

function withRefusal(child: StartedChild | undefined): Pick<Started, "refusal"> {
  return child?.refusal ? { refusal: child.refusal } : {};
}

function couldNotStart(index: number, { code, message }: AppError): AppError {
  return new AppError("child_failed", { message: `Item ${index}: ${message}`, details: { index, code } });
}

async function abort({ children }: StepWork, items: readonly number[], error: AppError): Promise<StepOutcome> {
  const ids = items.map((index) => children.id(String(index)));
  await children.cancel(ids, "Another item of the map has failed.");
  return failed(error);
}

/** The outputs in the items' order, null for what did not succeed. */
async function collected(work: StepWork, { total, refused }: Progress, maxBytes: number): Promise<StepOutcome> {
  const ids = Array.from({ length: total }, (_, index) => work.children.id(String(index)));
  let bytes = 2;
  const outputs = await inBatches(ids, async (some) => {
    if (work.signal.aborted || bytes > maxBytes) return [];
    const found = await lookAt(work, some, refused > 0);
    const list = found.map((child) => (child && hasSucceeded(child) ? child.output : null));
    bytes += Buffer.byteLength(JSON.stringify(list));
    return list;
  });
  if (work.signal.aborted) return givenBack();
  return bytes > maxBytes ? failed(tooLarge(maxBytes)) : succeeded(outputs);
}

/** Null: it could not be started. */
async function lookAt(
  { children }: StepWork,
  ids: readonly string[],
  mayMiss: boolean,
): Promise<readonly (Child | null)[]> {
  if (!mayMiss) return children.look(ids);
  return Promise.all(
    ids.map(async (id) => {
      try {
        return (await children.look([id]))[0] ?? null;
      } catch (error) {
        if (error instanceof AppError && error.code === "run_not_found") return null;
        throw error;
      }
    }),
  );
}

function tooLarge(maxBytes: number): AppError {
  const message = `The outputs of the items have more than ${maxBytes} bytes of JSON; at most that many are allowed (SWITCHYARD_OUTPUT_LIMIT).`;
  return new AppError("payload_too_large", { message });
}
