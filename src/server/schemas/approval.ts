import { z } from "zod";
import type { Approval } from "../../core/approval.ts";
import { moment, objectAnswer } from "./json-values.ts";

/** A step that waits for a person's word. */
export const approvalSchema = z
  .strictObject({
    run: z.string(),
    step: z.string(),
    workflow: z.string(),
    version: z.int(),
    message: z.string(),
    who: z.array(z.string()).describe("Who is asked, by name."),
    form: objectAnswer.nullable().describe("JSON Schema of what is to be filled in."),
    until: moment.nullable().describe("When it is decided without a word; null: never."),
    since: moment,
  })
  .meta({ id: "Approval", description: "A step that waits for a person's word." }) satisfies z.ZodType<Approval>;
