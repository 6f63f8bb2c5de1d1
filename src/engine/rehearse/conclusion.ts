import { type ErrorRecord, toErrorRecord } from "../../core/errors.ts";
import type { Json } from "../../core/json.ts";
import type { CompiledWorkflow, Scope } from "../../workflow/compiled.ts";

/** The output of a run that has come to its end, or why it cannot succeed after all. @param end failed: steps whose failure it tolerated; output: of an author's own machine @param scope what templates see of these steps */
export async function conclusionOf(
  workflow: CompiledWorkflow,
  { output, failed }: { readonly output?: Json | undefined; readonly failed: readonly string[] },
  scope: (reads: readonly string[]) => Scope,
): Promise<{ readonly output: Json } | { readonly error: ErrorRecord }> {
  try {
    const refused = workflow.tolerate(failed);
    if (refused) throw refused;
    return { output: workflow.checkOutput(output ?? (await workflow.renderOutput(scope(workflow.outputReads)))) };
  } catch (error) {
    return { error: toErrorRecord(error) };
  }
}
