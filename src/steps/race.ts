import { AppError } from "../core/errors.ts";
import { type Branch, branchesOf, endBranches } from "./branches.ts";
import { blockHandler, childFailure, failed, hasSucceeded, isOpen, parked, succeeded } from "./child-block.ts";
import type { StepHandler } from "./handler.ts";

/** Executes `race` steps: the first branch that succeeds ends the others. */
export function raceHandler(): StepHandler {
  return blockHandler("race", async (work) => {
    const { memo, runs } = await branchesOf(work);
    const open = runs.filter(isOpen);
    const winner = firstOf(runs.filter(hasSucceeded));
    if (winner) {
      await endBranches(work, open, `Branch ${winner.name} was faster.`);
      return succeeded({ winner: winner.name, output: winner.output });
    }
    if (open.length === 0) return failed(noWinner(runs));
    return parked(memo, work.memo === null ? `for the first of ${runs.length} branches` : null);
  });
}

/** The one that ended first; of those that ended in the same millisecond, the one that stands first. */
function firstOf(runs: readonly Branch[]): Branch | undefined {
  return runs.toSorted((a, b) => (a.finishedAt ?? 0) - (b.finishedAt ?? 0))[0];
}

function noWinner(runs: readonly Branch[]): AppError {
  const reasons = runs.map((run) => childFailure(`branch ${run.name}`, run).message);
  return new AppError("child_failed", {
    message: `No branch of the race has succeeded: ${reasons.join(" ")}`,
    details: { runs: runs.map(({ id }) => id) },
  });
}
