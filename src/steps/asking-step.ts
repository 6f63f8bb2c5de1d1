import { fullName } from "../core/tenant.ts";
import type { RouteOptions } from "../router/router.ts";
import type { StepWork } from "./handler.ts";

/**
 * What the router is told of a step that asks, whatever it asks: whose it is, how long it may take, who hears of it.
 * @param earlier calls that the attempt has made before: those of the request are counted from there
 */
export function askingStep(work: StepWork, earlier: number) {
  const { avoid, runId, tenant, signal, deadline, stepId, attempt } = work;
  return {
    avoid,
    affinity: runId,
    workflow: fullName(tenant, work.workflow),
    tenant,
    signal,
    deadline,
    onPiece: (piece) => work.tell({ ...piece, call: earlier + piece.call }),
    onCallFailed: (call) => work.note({ type: "call.failed", step: stepId, attempt, call }),
  } satisfies Partial<RouteOptions>;
}
