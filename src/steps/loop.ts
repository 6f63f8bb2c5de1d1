import type { Hints } from "../core/call.ts";
import { AppError } from "../core/errors.ts";
import type { Json, JsonObject } from "../core/json.ts";
import { type LoopBody, loopInputs } from "../workflow/kinds/loop.ts";
import { templateFailed } from "../workflow/rendering.ts";
import { isOver, type Round } from "../workflow/until.ts";
import {
  blockHandler,
  childFailure,
  failed,
  hasSucceeded,
  isOpen,
  parked,
  settledBlock,
  succeeded,
} from "./child-block.ts";
import type { StepHandler, StepOutcome, StepWork, StoredVersion } from "./handler.ts";

/** What an execution keeps for the next one. The input is put aside; the last round's output stays in its run. */
type Progress = {
  readonly ref: StoredVersion & JsonObject;
  readonly hints: Hints & JsonObject;
  readonly until: string;
  readonly max: number;
  readonly continues: boolean;
  /** Number of the round that was started last. */
  readonly index: number;
};

/** Executes `loop` steps. */
export function loopHandler(): StepHandler {
  return blockHandler("loop", async (work) => {
    if (work.memo === null) return started(work, await begin(work), null);
    const progress = work.memo as unknown as Progress;
    const { index } = progress;
    const [round] = await work.children.look([work.children.id(String(index))]);
    if (!round || isOpen(round)) return parked(work.memo, null);
    if (!hasSucceeded(round)) return failed(childFailure(`Round ${index}`, round, { index }));
    return concluded(work, progress, round.output);
  });
}

async function begin(work: StepWork): Promise<Progress> {
  const body = work.body as unknown as LoopBody;
  const { until, max, on_max: onMax, input = {} } = body;
  await work.stow({ input });
  const ref = await settledBlock(work, { block: body, inputs: loopInputs(body) });
  const hints = work.hints as Hints & JsonObject;
  return { ref: { ...ref }, hints, until, max, continues: onMax === "continue", index: 0 };
}

/** Starts the round that the progress names. */
async function started(work: StepWork, progress: Progress, previous: Json): Promise<StepOutcome> {
  const { ref, hints, index, max } = progress;
  const [input] = await work.stowed(["input"]);
  const own = { ...(input as JsonObject), index, previous };
  await work.children.start({ key: String(index), ...ref, input: own, hints });
  return parked(progress as unknown as Json, `for round ${index + 1} of at most ${max}`);
}

/** After a round: it was the last one, or there is another. */
async function concluded(work: StepWork, progress: Progress, output: Json): Promise<StepOutcome> {
  const { until, max, continues, index } = progress;
  const [input] = await work.stowed(["input"]);
  if (holds(work, until, { output, index, input: input as JsonObject })) return succeeded(output);
  if (index + 1 < max) return started(work, { ...progress, index: index + 1 }, output);
  if (continues) return succeeded(output);
  const message = `The loop has made ${max} rounds, and \`until\` (${until}) does not hold.`;
  return failed(new AppError("loop_unfinished", { message, details: { rounds: max } }));
}

function holds({ stepId }: StepWork, until: string, round: Round): boolean {
  try {
    return isOver(until, round);
  } catch (error) {
    throw templateFailed(`Step "${stepId}"`, ["loop", "until"], error);
  }
}
