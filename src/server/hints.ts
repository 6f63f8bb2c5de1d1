import { z } from "zod";
import type { Hints } from "../core/call.ts";

/** Booleans as people send them: true and false, or the words true/1/yes/on and false/0/no/off. */
const flag = z.union([z.boolean(), z.stringbool()], {
  error: "must be true or false (also yes, no, on, off, 1, 0).",
});

/** The hints of a request. Whether the named provider and strategy exist is the router's to say. */
export const hintsSchema: z.ZodType<Hints> = z
  .strictObject({
    provider: z.string().min(1).optional(),
    model: z.string().min(1).optional(),
    strict_provider: flag.optional(),
    strategy: z.string().min(1).optional(),
    allow: z.array(z.string().min(1)).min(1).optional(),
    max_calls: z.int().min(1).optional(),
    max_usd: z.number().min(0).optional(),
    max_seconds: z.number().gt(0).optional(),
    caller: z.string().min(1).max(200).optional(),
    on_content_filter: z.enum(["stop", "next"]).optional(),
  })
  .meta({ id: "Hints", description: "What the caller asks of the router.", examples: [{ provider: "anthropic" }] });
