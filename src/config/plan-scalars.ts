import { z } from "zod";
import { proposableKinds } from "../core/plan.ts";
import { declare, durations, milliseconds, texts, wholeNumber } from "./scalar-forms.ts";

/** The settings of plans that have a single value; a part of the table of all of them. */
export const planScalars = {
  agents: declare<string | null>({
    variable: "SWITCHYARD_AGENTS",
    path: ["agents"],
    schema: z.string().min(1),
    fallback: null,
    allowed: "a folder",
  }),
  planKinds: declare<readonly string[]>({
    variable: "SWITCHYARD_PLAN_KINDS",
    path: ["plans", "kinds"],
    schema: texts((kind) => proposableKinds.some((known) => known === kind)),
    fallback: ["llm", "agent", "map", "approval", "transform"],
    allowed: proposableKinds.join(", "),
  }),
  planMaxSteps: declare({
    variable: "SWITCHYARD_PLAN_MAX_STEPS",
    path: ["plans", "max_steps"],
    schema: wholeNumber(1, 200),
    fallback: 20,
    allowed: "a whole number from 1 to 200",
  }),
  planMaxUsd: declare({
    variable: "SWITCHYARD_PLAN_MAX_USD",
    path: ["plans", "max_usd"],
    schema: z
      .union([z.number(), z.string().regex(/^\d+(\.\d+)?$/)])
      .transform(Number)
      .pipe(z.number().min(0).max(1_000_000)),
    fallback: 1,
    allowed: "USD, 0 or more, such as 0.50",
  }),
  planExpireAfterMs: declare({
    variable: "SWITCHYARD_PLAN_EXPIRE_AFTER",
    path: ["plans", "expire_after"],
    schema: milliseconds.pipe(
      z
        .number()
        .min(1_000)
        .max(365 * 86_400_000),
    ),
    fallback: 86_400_000,
    allowed: `${durations}, from 1s to 365d`,
  }),
} as const;
