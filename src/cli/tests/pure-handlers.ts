import { Evaluator } from "../../steps/evaluator.ts";
import type { StepHandler } from "../../steps/handler.ts";
import { loopHandler } from "../../steps/loop.ts";
import { mapHandler } from "../../steps/map.ts";
import { parallelHandler } from "../../steps/parallel.ts";
import { raceHandler } from "../../steps/race.ts";
import { switchHandler } from "../../steps/switch.ts";
import { transformHandler } from "../../steps/transform.ts";
import { undoHandler } from "../../steps/undo.ts";
import { workflowHandler } from "../../steps/workflow.ts";

/** Largest output of an expression: what a worker allows by default. */
const maxOutputBytes = 1_048_576;

/** The time that `$now()` and `$millis()` say in a test: always the same, so that results can be compared. */
const now = Date.UTC(2026, 0, 1);

/** Handlers of the kinds that reach nothing outside: their steps are executed in a test that says no result for them. */
export function pureHandlers(): ReadonlyMap<string, StepHandler> {
  const evaluator = new Evaluator({ maxBytes: maxOutputBytes });
  const handlers = [
    transformHandler({ evaluator, maxOutputBytes, clock: () => now }),
    mapHandler({ maxOutputBytes }),
    loopHandler(),
    parallelHandler(),
    raceHandler(),
    switchHandler(),
    undoHandler(),
    workflowHandler(),
  ];
  return new Map(handlers.map((handler) => [handler.kind, handler]));
}
