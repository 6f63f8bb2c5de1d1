import { AppError, toErrorRecord } from "../core/errors.ts";
import { isJsonObject, type JsonObject } from "../core/json.ts";
import { isTerminal } from "../core/run.ts";
import type { Child, StepHandler, StepOutcome, StepWork } from "./handler.ts";

/** The body of a `workflow` step with its templates rendered. */
interface WorkflowBody {
  readonly name: string;
  readonly version?: number;
  readonly input?: JsonObject;
}

const report = { calls: [] };

/** Executes `workflow` steps: starts the run, and goes on when it has ended. */
export function workflowHandler(): StepHandler {
  return {
    kind: "workflow",
    async execute(work) {
      try {
        const id = await childOf(work);
        const [child] = await work.children.look([id]);
        if (child && isTerminal(child.status)) return concluded(child);
        return { type: "parked", until: null, memo: { child: id }, signal: null, reason: `for run ${id}`, report };
      } catch (error) {
        // The request itself is wrong: asking again brings the same.
        if (error instanceof AppError && error.status < 500) {
          return { type: "failed", error: toErrorRecord(error), retryable: false, report };
        }
        throw error;
      }
    },
  };
}

/** The run that this dispatch of the step has started; started now, if it has not. */
async function childOf({ memo, body, children, hints }: StepWork): Promise<string> {
  if (isJsonObject(memo) && typeof memo.child === "string") return memo.child;
  const { name, version, input = {} } = body as unknown as WorkflowBody;
  return children.start({
    // The same in every attempt: it finds the run that a former one has started.
    key: "child",
    workflow: name,
    input,
    hints,
    ...(version === undefined ? {} : { version }),
  });
}

function concluded({ id, status, output, error }: Child): StepOutcome {
  if (status === "succeeded") return { type: "succeeded", output, served: null, report };
  const message =
    status === "cancelled" ? `Run ${id} was cancelled.` : `Run ${id} failed: ${error?.message ?? "no reason is known"}`;
  const failed = new AppError("child_failed", { message, details: { run: id, code: error?.code ?? null } });
  return { type: "failed", error: toErrorRecord(failed), retryable: false, report };
}
