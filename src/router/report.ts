import { createHash } from "node:crypto";
import type { CallRecord, Usage } from "../core/call.ts";
import { AppError } from "../core/errors.ts";
import { gatewayId } from "../core/ids.ts";
import type { Outcome } from "./breaker.ts";
import { nothing } from "./call-target.ts";
import { knownNow } from "./check.ts";
import { checkHints } from "./check-hints.ts";
import type { RouteContext } from "./context.ts";
import type { Booked } from "./fleet.ts";
import { type GatewayContext, gatewayKey, gatewayKeyField, type Reported, type ReportedCall } from "./gateway.ts";
import type { GatewayStore } from "./gateway-store.ts";
import { type Known, priceInForce } from "./known.ts";
import type { Ask } from "./limits.ts";
import { healthOf } from "./outcome-of.ts";
import { providerOf } from "./rated.ts";
import { rules } from "./rules.ts";
import type { Target } from "./target.ts";

/**
 * Counts a call that somebody made himself, as one of the fleet's: health, limits, sums of costs. The same report is counted once.
 * @throws AppError unknown_provider, bad_request (no provider), gateway_context_not_found, idempotency_conflict
 */
export async function report(context: RouteContext, store: GatewayStore, call: ReportedCall): Promise<Reported> {
  const admitted = await contextOf(call, store);
  const known = await knownNow(context);
  const target = targetOf(call, admitted, known);
  const record = recordOf(target, call, known, context.clock());
  const isAdmitted = admitted?.target?.provider === target.provider;
  const isThatCall = isAdmitted && admitted?.target?.model === target.model;
  const trust = call.isOperator ? "operator" : isThatCall ? "admitted" : "none";
  const booked = isAdmitted ? (admitted?.booked ?? null) : null;
  // Whoever called somebody else needs the place and the probe no longer that were kept for him.
  if (admitted?.target && !isAdmitted) await giveBack(admitted.target, admitted, context);
  const used = usedBy(record, booked);
  const id = gatewayId("audit", context.clock());
  const digest = digestOf(call);
  const counted = await store.count({
    once: onceOf(call, id),
    id,
    digest,
    call: {
      ...healthSaid(call, trust),
      target,
      token: isThatCall ? (admitted?.probe ?? "") : "",
      keyField: gatewayKeyField(target.provider),
      durationMs: call.durationMs,
      // Nobody answers at once: 0 is a time that was not taken.
      latencyMs: call.failure || trust === "none" ? null : (call.firstTokenMs ?? (call.durationMs || null)),
      settle: booked ? { booked, actual: used } : null,
    },
    healthOnce: trust === "admitted" ? call.contextId : null,
    unbooked: booked ? null : used,
    record,
    tenant: call.tenant,
    workflow: call.workflow ?? admitted?.workflow ?? null,
  });
  if (counted.id === id)
    context.spent.add(record, { tenant: call.tenant, workflow: call.workflow ?? admitted?.workflow });
  await see(target, context);
  if (call.idempotencyKey !== null && counted.digest !== digest) throw new AppError("idempotency_conflict");
  return { reportId: counted.id, counted: counted.id === id, ...target, costUsd: record.costUsd };
}

/** How far somebody is believed: he operates the fleet; it is the call that he was admitted to; neither. */
type Trust = "operator" | "admitted" | "none";

/**
 * What a report says about its target's health. Applications have keys and accounts of their own: a model or a rate limit that they lack is not the fleet's to lack, so
 * theirs takes a target out no longer than a limit without a word does.
 */
function healthSaid({ failure }: ReportedCall, trust: Trust): Pick<Outcome, "kind" | "ms"> {
  const said: Pick<Outcome, "kind" | "ms"> = failure ? healthOf(failure.class, failure) : { kind: "ok", ms: 0 };
  if (trust === "operator") return said;
  if (trust === "none" || said.kind === "gone" || said.kind === "auth") return { kind: "neutral", ms: 0 };
  return { kind: said.kind, ms: Math.min(said.ms, rules.limitedMs) };
}

async function contextOf(call: ReportedCall, store: GatewayStore): Promise<GatewayContext | undefined> {
  const { contextId, tenant } = call;
  if (contextId === null) return undefined;
  const found = await store.find(tenant, contextId);
  if (found) return found;
  const message = `No call was asked for under the context "${contextId.slice(0, 100)}", or it is too long ago.`;
  throw new AppError("gateway_context_not_found", { message });
}

function targetOf(call: ReportedCall, admitted: GatewayContext | undefined, known: Known): Target {
  const provider = call.provider ?? admitted?.target?.provider;
  if (provider === undefined) {
    const message = "Say which `provider` was called: no context names one.";
    throw new AppError("bad_request", { message, problems: [{ path: "provider", message }] });
  }
  checkHints({ provider }, known);
  const admittedModel = admitted?.target?.provider === provider ? admitted.target.model : undefined;
  return { provider, model: call.model ?? admittedModel ?? providerOf(provider, known).defaultModel };
}

function recordOf({ provider: name, model }: Target, call: ReportedCall, known: Known, now: number): CallRecord {
  const provider = providerOf(name, known);
  const perThousand = priceInForce(name, known);
  const { usage, failure, durationMs } = call;
  const price = provider.price(model, perThousand);
  return {
    provider: name,
    model,
    key: gatewayKey,
    ok: failure === undefined,
    ...(failure ? { failure: { class: failure.class, status: failure.status, message: failure.message } } : {}),
    startedAt: now - durationMs,
    durationMs,
    ...(usage ? { usage } : {}),
    costUsd: usage ? provider.costUsd(model, usage, perThousand) : null,
    ...(price ? { price } : {}),
  };
}

/** What a call used: as it was reported; of an answered one without numbers, what was reckoned with. */
function usedBy({ ok, usage, costUsd }: CallRecord, booked: Booked | null): Ask {
  if (usage) return { tokens: tokensOf(usage), usd: costUsd };
  return ok && booked ? { tokens: booked.lease.tokens, usd: booked.lease.usd } : { tokens: 0, usd: 0 };
}

function tokensOf({ inputTokens, outputTokens }: Usage): number {
  return (inputTokens ?? 0) + (outputTokens ?? 0);
}

/** Lets this process know what the fleet knows of the target by now: its counts of calls are told with a record alone. */
async function see(target: Target, { fleet }: RouteContext): Promise<void> {
  await fleet.record(nothing(target, "", null), nothingAsked);
}

const nothingAsked = { targets: [], count: false, uses: [] };

async function giveBack(target: Target, { probe, booked }: GatewayContext, { fleet }: RouteContext): Promise<void> {
  await fleet.record(nothing(target, probe, booked), nothingAsked);
}

/** What makes two reports the same. */
function onceOf({ idempotencyKey, contextId }: ReportedCall, id: string): string {
  if (idempotencyKey !== null) return `key:${sha256(idempotencyKey)}`;
  return contextId === null ? id : `context:${contextId}`;
}

function digestOf({ tenant: _tenant, isOperator: _trust, idempotencyKey: _key, ...content }: ReportedCall): string {
  return sha256(JSON.stringify(content));
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}
