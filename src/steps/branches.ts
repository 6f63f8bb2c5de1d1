import { isJsonObject, type Json, type JsonObject } from "../core/json.ts";
import { anyOf } from "../workflow/kinds/block.ts";
import type { BranchesBody } from "../workflow/kinds/branches.ts";
import { settledBlock } from "./child-block.ts";
import type { Child, StepWork } from "./handler.ts";

/** What `parallel` and `race` keep for the next execution. */
type Progress = {
  /** In the definition's order. */
  readonly names: readonly string[];
};

/** Starts every branch, once. @returns how they stand, in the definition's order */
export async function branchesOf(work: StepWork): Promise<{ readonly memo: Json; readonly runs: readonly Branch[] }> {
  const { names } = work.memo === null ? await startAll(work) : (work.memo as unknown as Progress);
  const ids = names.map((name) => work.children.id(name));
  const runs = await work.children.look(ids);
  return { memo: { names }, runs: runs.map((run, i) => ({ ...run, name: names[i] ?? "" })) };
}

/** The run of a branch. */
export interface Branch extends Child {
  readonly name: string;
}

/** Ends the runs of branches that nobody waits for any more. */
export async function endBranches({ children }: StepWork, branches: readonly Branch[], reason: string): Promise<void> {
  await children.cancel(
    branches.map(({ id }) => id),
    reason,
  );
}

async function startAll(work: StepWork): Promise<Progress> {
  const { branches, input: shared = {} } = work.body as unknown as BranchesBody;
  const all = Object.entries(branches);
  // All or none: what is wrong with one of them is found before any is started.
  const ready = await Promise.all(
    all.map(async ([name, { input: own, ...block }]) => {
      const input: JsonObject = { ...shared, ...(isJsonObject(own) ? own : {}) };
      return { name, input, ref: await settledBlock(work, { block, name, inputs: anyOf(input) }) };
    }),
  );
  await Promise.all(
    ready.map(({ name, input, ref }) => work.children.start({ key: name, ...ref, input, hints: work.hints })),
  );
  return { names: all.map(([name]) => name) };
}
