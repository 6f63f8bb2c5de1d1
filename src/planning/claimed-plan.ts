import { createHash } from "node:crypto";
import { AppError } from "../core/errors.ts";
import { canonicalJson, type Json } from "../core/json.ts";
import { loadScript } from "../redis/script.ts";
import type { PlansParts } from "./plans-parts.ts";

const claimScript = loadScript("claim", new URL("../engine/lua/claim.lua", import.meta.url));

/** How long an idempotency key is remembered. */
const idempotencyMs = 7 * 86_400_000;

/** The id of the plan that an idempotency key stands for: `id`, where it stands for none yet. @throws AppError idempotency_conflict */
export async function claimedPlan(
  { redis, keys }: Pick<PlansParts, "redis" | "keys">,
  key: string,
  id: string,
  request: Json,
): Promise<string> {
  const hash = createHash("sha256").update(canonicalJson(request)).digest("base64url");
  const reply = await claimScript.run(redis, [keys.idempotency(key)], [id, hash, idempotencyMs]);
  const [owner, ownerHash] = reply as [string, string];
  if (ownerHash === hash) return owner;
  const message = `The idempotency key was used for plan ${owner}, with another goal, mode, agents or hints.`;
  throw new AppError("idempotency_conflict", { message, details: { plan: owner } });
}
