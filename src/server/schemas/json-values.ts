import { z } from "zod";
import type { Json, JsonObject } from "../../core/json.ts";
import { isJsonObject } from "../../core/json.ts";

/** Any JSON value in an answer. */
export const jsonAnswer = z.custom<Json>((value) => value !== undefined);

/** Any JSON object in an answer. */
export const objectAnswer = z.custom<JsonObject>(isJsonObject).meta({ type: "object" });

/** A moment: epoch milliseconds. */
export const moment = z.number().describe("Epoch milliseconds.");

/** USD; null: unknown, or nothing was spent. */
export const usd = z.number().nullable().describe("USD; null: unknown, or nothing was spent.");
