import type { ProposableKind } from "../core/plan.ts";
import { planScalars } from "./plan-scalars.ts";
import { readScalar } from "./read.ts";
import { type FolderReading, readFolder } from "./read-folder.ts";
import type { Settings } from "./settings.ts";

/** What plans may hold, and for how long they are kept. */
export type PlanSettings = Pick<Settings, "agents" | "planKinds" | "planMaxSteps" | "planMaxUsd" | "planExpireAfterMs">;

/** Reads it. */
export function readPlanSettings(reading: FolderReading): PlanSettings {
  const { source, problems } = reading;
  return {
    agents: readFolder(planScalars.agents, reading),
    planKinds: readScalar(planScalars.planKinds, source, problems) as readonly ProposableKind[],
    planMaxSteps: readScalar(planScalars.planMaxSteps, source, problems),
    planMaxUsd: readScalar(planScalars.planMaxUsd, source, problems),
    planExpireAfterMs: readScalar(planScalars.planExpireAfterMs, source, problems),
  };
}
