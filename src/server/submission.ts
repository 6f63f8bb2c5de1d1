import { z } from "zod";
import { AppError } from "../core/errors.ts";
import { isJsonObject } from "../core/json.ts";
import { priorities } from "../core/priority.ts";
import type { SubmitRequest } from "../engine/engine.ts";
import { checked } from "./checked.ts";
import { hintsSchema } from "./hints.ts";
import { idempotencyKeySchema } from "./idempotency/key.ts";

/** Headers of a request that makes something. */
export const idempotencyHeaders = z.object({ "idempotency-key": idempotencyKeySchema });

/** What says which run is to be started. */
export const submissionBody = z.strictObject({
  workflow: z.string().min(1).max(300).optional().describe("Name of a stored workflow. Either this or definition."),
  version: z.int().min(1).optional().describe("Of the workflow. Default: the newest."),
  definition: z
    .union([z.string().min(1), z.record(z.string(), z.json())], { error: "must be YAML or JSON text, or an object." })
    .optional()
    .describe("A definition; it is stored first."),
  input: z.unknown().optional().describe("An object. Default: {}."),
  hints: hintsSchema.optional(),
  priority: z.enum(priorities).optional().describe("Default: the workflow's."),
});

/** A submission, checked. @throws AppError bad_request with everything that is wrong */
export function readSubmission(value: unknown): SubmitRequest {
  if (!isJsonObject(value)) {
    throw new AppError("bad_request", {
      message:
        "The request's body must be a JSON object with `workflow` or `definition`, and perhaps `input` and `hints`.",
    });
  }
  const body = checked(submissionBody, value, "body");
  if ((body.workflow === undefined) === (body.definition === undefined)) {
    const path = body.workflow === undefined ? "workflow" : "definition";
    const got = body.workflow === undefined ? "neither" : "both";
    const message = `A run needs \`workflow\` (the name of a stored one) or \`definition\`; the request's body has ${got}.`;
    throw new AppError("bad_request", { message, problems: [{ path, message }] });
  }
  if (body.definition !== undefined && body.version !== undefined) {
    const message = "A version goes with workflow; a definition gets its own version.";
    throw new AppError("bad_request", { message, problems: [{ path: "version", message }] });
  }
  return body;
}
