import { z } from "zod";
import type { ErrorRecord, Problem } from "../../core/errors.ts";
import type { ProblemDocument } from "../problem.ts";
import { jsonAnswer } from "./json-values.ts";

const details = z.record(z.string(), jsonAnswer).describe("Facts a program can act on.");

/** One thing that is wrong, and where. */
export const mistake = z
  .strictObject({
    path: z.string().describe("Where: a dotted path, or a setting's name."),
    message: z.string().describe("What is wrong, and what is allowed."),
    line: z.number().optional(),
    column: z.number().optional(),
  })
  .meta({ id: "Mistake" }) satisfies z.ZodType<Problem>;

/** An error as runs, steps and lists tell it. */
export const errorRecord = z
  .strictObject({
    code: z.string().describe("A code of the error catalogue."),
    message: z.string(),
    details: details.optional(),
    problems: z.array(mistake).optional(),
  })
  .meta({ id: "Error", description: "Why a run or a step failed." }) satisfies z.ZodType<ErrorRecord>;

/** An error as the API answers it (RFC 9457). */
export const problemDocumentSchema = z
  .strictObject({
    type: z.string().describe("`urn:switchyard:problem:CODE`"),
    title: z.string().describe("The code's sentence."),
    status: z.int(),
    detail: z.string().describe("What happened this time, to what."),
    code: z.string().describe("A code of the error catalogue."),
    problems: z.array(mistake).optional().describe("Everything that is wrong."),
    details: details.optional(),
    fix: z.string().describe("What to do."),
  })
  .meta({
    id: "Problem",
    description: "An error, RFC 9457.",
    examples: [
      {
        type: "urn:switchyard:problem:run_not_found",
        title: "There is no run of this id.",
        status: 404,
        detail: 'No run "run_x".',
        code: "run_not_found",
        fix: "`switchyard runs list` shows the runs.",
      },
    ],
  }) satisfies z.ZodType<ProblemDocument>;
