import { type CatalogueEntry, entry } from "./catalogue-entry.ts";

/** Codes of plans and of the catalogue of agents; a part of the catalogue of errors. */
export const planErrors = {
  invalid_agents: entry(
    400,
    "The catalogue of agents has mistakes.",
    "Correct the listed files; docs/reference/plans.md lists every key of an agent.",
  ),
  unknown_agent: entry(400, "No agent of the catalogue bears that name.", "Name one of the listed agents."),
  plan_not_found: entry(404, "No plan has that id.", "List the plans with `switchyard plans list`."),
  plan_version_not_found: entry(
    404,
    "The plan has no such version.",
    "`switchyard plans show ID` lists the versions that there are.",
  ),
  plan_conflict: entry(
    409,
    "The plan has been changed since the change was made for it.",
    "Look at its newest version, then make the change again.",
  ),
  plan_executed: entry(
    409,
    "The plan was executed before; that is done once.",
    "Look at its run (`details.run`). To do it again, make another plan, or fork the run.",
  ),
  plan_cancelled: entry(409, "The plan was cancelled.", "Make another plan."),
  plan_expired: entry(
    410,
    "The plan was not executed in time.",
    "Make another plan; `plans.expire_after` says how long one is kept.",
  ),
  plan_invalid: entry(
    422,
    "The plan cannot be executed as it is.",
    "Correct what the message lists. Where the planner made it: say the goal more exactly, or use a more able model.",
  ),
} satisfies Record<string, CatalogueEntry>;
