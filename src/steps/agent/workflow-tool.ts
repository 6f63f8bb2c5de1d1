import type { Hints } from "../../core/call.ts";
import { AppError } from "../../core/errors.ts";
import type { JsonObject } from "../../core/json.ts";
import type { Child } from "../handler.ts";
import { rendered, type ToolMaking } from "./handler-tool.ts";
import { type AgentTool, contentOf, failedAnswer, type ToolAnswer } from "./tool.ts";

/**
 * A tool that is a run of another workflow. Without an `input` of its own the run gets the arguments. The key makes the run the same one
 * however often it is asked for.
 */
export function workflowTool(making: ToolMaking): AgentTool {
  return {
    ...making.common,
    isRepeatable: true,
    async call(args, { key }) {
      const { workflow } = rendered(making, args);
      if (!workflow) throw new AppError("internal", { message: `Tool ${making.tool.name} has no workflow.` });
      const { name, version, input = args } = workflow;
      const run = await making.work.children.start({
        key,
        workflow: name,
        input: input as JsonObject,
        hints: inherited(making.work.hints),
        ...(version === undefined ? {} : { version }),
      });
      return { type: "child", run };
    },
  };
}

/** Where a run's calls may go holds for its children too; the model and the budget are the agent's own. */
function inherited({ model: _, max_calls: __, max_usd: ___, max_seconds: ____, ...hints }: Hints): Hints {
  return hints;
}

/** What the model is told of a run that has ended. */
export function childAnswer({ id, status, output, error }: Child): ToolAnswer {
  if (status === "succeeded") return { type: "answered", content: contentOf(output) };
  if (status === "cancelled") return failedAnswer(`Run ${id} was cancelled.`);
  return failedAnswer(`Run ${id} failed: ${error?.message ?? "no reason is known"}`);
}
