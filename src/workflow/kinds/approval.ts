import { z } from "zod";
import { parseDuration } from "../../core/duration.ts";
import type { JsonObject } from "../../core/json.ts";
import { anyObject } from "../shape.ts";
import type { StepKindSpec } from "./kind.ts";

const schema = z.strictObject({
  message: z.string().min(1),
  who: z.array(z.string().min(1)).min(1).optional(),
  form: anyObject.optional(),
  timeout: z.string().min(1).optional(),
  on_timeout: z.enum(["fail", "reject", "approve"]).optional(),
  on_reject: z.enum(["fail", "continue"]).optional(),
});

/** What an author writes under `approval`. */
export type ApprovalBody = z.infer<typeof schema> & JsonObject;

/** Waits for a person's word. Its output says `approved`, `by`, `comment` and `form`. */
export const approvalKind: StepKindSpec<ApprovalBody> = {
  name: "approval",
  queue: "io",
  schema: schema as z.ZodType<ApprovalBody>,

  *check({ timeout, on_timeout }) {
    if (timeout !== undefined && !timeout.includes("{{") && parseDuration(timeout) === undefined) {
      yield { path: ["timeout"], message: "must be a duration: a number and ms, s, m, h or d, such as 1d." };
    }
    if (on_timeout !== undefined && timeout === undefined) yield { path: ["on_timeout"], message: "needs a timeout." };
  },

  *templates({ message, who = [], timeout }) {
    yield { path: ["message"], text: message, result: "text" };
    for (const [index, text] of who.entries()) yield { path: ["who", index], text, result: "text" };
    if (timeout !== undefined) yield { path: ["timeout"], text: timeout, result: "text" };
  },

  *schemas({ form }) {
    if (form !== undefined) yield { path: ["form"], schema: form };
  },

  outputSchema: ({ form }) => ({
    type: "object",
    properties: {
      approved: { type: "boolean" },
      by: { type: ["string", "null"] },
      comment: { type: ["string", "null"] },
      form: form ?? {},
    },
  }),
};
