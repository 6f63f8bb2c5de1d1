import { isJsonObject } from "../core/json.ts";
import { anyOf } from "../workflow/kinds/block.ts";
import type { Chosen } from "../workflow/kinds/switch.ts";
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
import type { StepHandler, StepWork } from "./handler.ts";

/** Executes `switch` steps: the case that holds is a child run. */
export function switchHandler(): StepHandler {
  return blockHandler("switch", async (work) => {
    const name = await begun(work);
    if (name === null) return succeeded(null);
    const [run] = await work.children.look([work.children.id(name)]);
    if (!run || isOpen(run)) return parked({ name }, work.memo === null ? `for ${name}` : null);
    return hasSucceeded(run) ? succeeded(run.output) : failed(childFailure(name, run, { case: name }));
  });
}

/** Name of the case whose run was started; null: none holds. */
async function begun(work: StepWork): Promise<string | null> {
  if (isJsonObject(work.memo) && typeof work.memo.name === "string") return work.memo.name;
  const chosen = work.body as unknown as Chosen;
  if (!chosen) return null;
  const { name, block, input } = chosen;
  const ref = await settledBlock(work, { block, name, inputs: anyOf(input) });
  await work.children.start({ key: name, ...ref, input, hints: work.hints });
  return name;
}
