import { z } from "zod";
import { parseDuration } from "../../core/duration.ts";
import type { JsonObject } from "../../core/json.ts";
import { authorSchema } from "../shape.ts";
import type { StepKindSpec } from "./kind.ts";

const schema = z
  .strictObject({
    message: z.string().min(1).describe("What is to be approved; a Liquid template."),
    who: z
      .array(z.string().min(1))
      .min(1)
      .optional()
      .describe(
        "Who may decide: names of keys, or scope:SCOPE for all keys that have it. Where no key is asked for, nobody is refused.",
      ),
    form: authorSchema.optional().describe("JSON Schema of what the person fills in."),
    timeout: z.string().min(1).optional().describe("Deadline, as a duration; or a template that gives one."),
    on_timeout: z.enum(["fail", "reject", "approve"]).optional().describe("What follows where nobody decides in time."),
    on_reject: z.enum(["fail", "continue"]).optional().describe("What follows a rejection."),
  })
  .describe("Waits for a person's word.");

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
      form: form ? orNull(form) : {},
    },
  }),
};

/** Nobody fills a form in where nobody answers. Its fields stay known to those who refer to them. */
function orNull(form: JsonObject): JsonObject {
  return typeof form.type === "string" ? { ...form, type: [form.type, "null"] } : { anyOf: [form, { type: "null" }] };
}
