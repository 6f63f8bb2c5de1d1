import { AppError, toErrorRecord } from "../core/errors.ts";
import type { Json, JsonObject } from "../core/json.ts";
import { isTerminal } from "../core/run.ts";
import { type Block, blockDefinition, blockName } from "../workflow/kinds/block.ts";
import type { Child, StepHandler, StepOutcome, StepWork, StoredVersion } from "./handler.ts";

const report = { calls: [] };

/** Children that are started or read at a time. */
const batch = 50;

/**
 * A handler of a kind that runs blocks. @param execute what fails in it because the step asks for what cannot be fails the step; a fault of
 * ours or of Redis is thrown on, and the step is tried again.
 */
export function blockHandler(kind: string, execute: (work: StepWork) => Promise<StepOutcome>): StepHandler {
  return {
    kind,
    async execute(work) {
      if (work.signal.aborted) return givenBack();
      try {
        return await execute(work);
      } catch (error) {
        if (error instanceof AppError && error.status < 500) return failed(error);
        throw error;
      }
    },
  };
}

/**
 * The workflow that a block is, as one version of the store: every run made of it is of that version, whatever is stored meanwhile.
 * @param block among those of the body @param name of the block in the step; empty: it is the only one
 */
export async function settledBlock(
  { children, workflow: outer, stepId }: StepWork,
  { block, name = "", inputs }: { readonly block: Block; readonly name?: string; readonly inputs: JsonObject },
): Promise<StoredVersion> {
  const { workflow, version } = block;
  if (workflow === undefined) {
    return children.store(
      blockDefinition(blockName(outer, stepId, name), { block: block as JsonObject, input: inputs }),
    );
  }
  return version === undefined ? children.newest(workflow) : { workflow, version };
}

/** Does something for each of many, some at a time, in order. */
export async function inBatches<T, R>(
  all: readonly T[],
  act: (some: readonly T[]) => Promise<readonly R[]>,
): Promise<R[]> {
  const results: R[] = [];
  for (let i = 0; i < all.length; i += batch) results.push(...(await act(all.slice(i, i + batch))));
  return results;
}

/** Whether a run has brought its output. */
export function hasSucceeded({ status }: Child): boolean {
  return status === "succeeded";
}

/** Whether a run goes on. */
export function isOpen({ status }: Child): boolean {
  return !isTerminal(status);
}

/** The error of a step one of whose runs did not succeed. @param who begins the sentence: `Item 3` */
export function childFailure(
  who: string,
  { id, status, error }: Child,
  details: Readonly<Record<string, Json>> = {},
): AppError {
  const what = status === "cancelled" ? "was cancelled" : `failed: ${error?.message ?? "no reason is known"}`;
  return new AppError("child_failed", {
    message: `${who}: run ${id} ${what}`.replace(/\.?$/, "."),
    details: { run: id, code: error?.code ?? null, ...details },
  });
}

/** The step fails; another attempt would find the same runs. */
export function failed(error: AppError): StepOutcome {
  return { type: "failed", error: toErrorRecord(error), retryable: false, report };
}

/** The worker must stop: the step is executed again. */
export function givenBack(): StepOutcome {
  const error = toErrorRecord(new AppError("cancelled"));
  return { type: "deferred", error, delayMs: 1, reason: "the worker stops", report };
}

/** The step succeeds. */
export function succeeded(output: Json): StepOutcome {
  return { type: "succeeded", output, served: null, report };
}

/** The step goes on when one of its runs ends. @param reason for the history; null: nothing is told */
export function parked(memo: Json, reason: string | null): StepOutcome {
  return { type: "parked", until: null, memo, signal: null, reason, report };
}
