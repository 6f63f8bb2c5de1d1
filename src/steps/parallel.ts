import { branchesOf, endBranches } from "./branches.ts";
import { blockHandler, childFailure, failed, hasSucceeded, isOpen, parked, succeeded } from "./child-block.ts";
import type { StepHandler } from "./handler.ts";

/** Executes `parallel` steps: all branches run at once; one that fails ends the others. */
export function parallelHandler(): StepHandler {
  return blockHandler("parallel", async (work) => {
    const { memo, runs } = await branchesOf(work);
    const open = runs.filter(isOpen);
    const bad = runs.find((run) => !isOpen(run) && !hasSucceeded(run));
    if (bad) {
      await endBranches(work, open, `Branch ${bad.name} has failed.`);
      return failed(childFailure(`Branch ${bad.name}`, bad, { branch: bad.name }));
    }
    if (open.length === 0) return succeeded(Object.fromEntries(runs.map(({ name, output }) => [name, output])));
    return parked(memo, work.memo === null ? `for ${runs.length} branches` : null);
  });
}
