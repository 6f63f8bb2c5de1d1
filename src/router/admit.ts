import { AppError, type ErrorRecord } from "../core/errors.ts";
import { gatewayId } from "../core/ids.ts";
import { nextOf } from "./call.ts";
import { claimIfNeeded, nothing } from "./call-target.ts";
import type { RouteContext } from "./context.ts";
import { exhausted } from "./end.ts";
import type { Booked } from "./fleet.ts";
import { type Admission, type AdmitRequest, gatewayKeyField } from "./gateway.ts";
import type { GatewayStore } from "./gateway-store.ts";
import { askOf } from "./rated.ts";
import { decideFor, look, lose, type RoutedRequest } from "./request.ts";
import type { Target } from "./target.ts";

/** What a call takes that nobody has described. */
const usual = { inputTokens: 500, outputTokens: 1_000 };

/** Chooses whom somebody should call who makes his call himself, and books its place. Its hints are known to be right. Rejects while Redis is away. */
export async function admit(context: RouteContext, store: GatewayStore, request: AdmitRequest): Promise<Admission> {
  const { clock } = context;
  const routed = await decided(context, request);
  const entered = await enterFirst(routed, request, context);
  const id = gatewayId("ctx", clock());
  const { target = null, probe = "", booked = null } = entered ?? {};
  await store.save(request.tenant, { id, target, probe, booked, workflow: request.workflow }, request.seconds);
  const rest = routed.decided.order.filter(({ provider }) => provider !== target?.provider);
  return {
    contextId: id,
    target,
    alternatives: target ? rest : [],
    decision: routed.decided.decision,
    costUsd: target ? askOf(target, routed.estimate, routed.known).usd : null,
    refusal: target ? null : refusalOf(routed, context),
    expiresAt: clock() + request.seconds * 1_000,
  };
}

/** Decides as for a request of that size, with its turn of round robin. */
async function decided(context: RouteContext, request: AdmitRequest): Promise<RoutedRequest> {
  const { hints, seconds } = request;
  const estimate = {
    inputTokens: request.inputTokens ?? usual.inputTokens,
    outputTokens: request.maxTokens ?? usual.outputTokens,
  };
  const needs = { images: false, tools: false, inputTokens: estimate.inputTokens };
  const found = await look(context, { hints, tenant: request.tenant, workflow: request.workflow }, needs);
  const deadline = context.clock() + seconds * 1_000;
  const options = { hints, signal: context.closing, idempotencyKey: "", deadline };
  return decideFor({ messages: [] }, estimate, options, found, context);
}

/** A target whose probe and place are taken. */
interface Entered {
  readonly target: Target;
  readonly probe: string;
  readonly booked: Booked;
}

async function enterFirst(
  routed: RoutedRequest,
  request: AdmitRequest,
  context: RouteContext,
): Promise<Entered | undefined> {
  // A sole provider is asked even while its breaker is open; where it is full besides, nobody else is left.
  const asked = new Set<string>();
  for (;;) {
    const step = nextOf(routed);
    if (step.type !== "call" || asked.has(step.target.provider)) return undefined;
    asked.add(step.target.provider);
    const entered = await enter(step.target, routed, request, context);
    if (entered) return entered;
  }
}

/** @returns undefined: others were quicker to get the probe or the last place; the target is set aside then */
async function enter(
  target: Target,
  routed: RoutedRequest,
  { seconds }: AdmitRequest,
  context: RouteContext,
): Promise<Entered | undefined> {
  const { fleet, token, random } = context;
  const { known, estimate, question } = routed;
  const probe = await claimIfNeeded(target, routed, context);
  if (probe === "lost") return undefined;
  const reserved = await fleet.reserve({
    provider: target.provider,
    keyField: gatewayKeyField(target.provider),
    limits: known.routing.limits[target.provider] ?? null,
    keyLimits: null,
    ask: askOf(target, estimate, known),
    token: token(),
    leaseMs: seconds * 1_000,
  });
  const { provider, model } = target;
  if (reserved.type === "booked") return { target: { provider, model }, probe, booked: reserved.booked };
  if (probe !== "") await fleet.record(nothing(target, probe, null), question);
  lose(target.provider, { kind: "full", reason: "at its limit" }, routed, random());
  return undefined;
}

function refusalOf(routed: RoutedRequest, context: RouteContext): { error: ErrorRecord; retryAfterMs: number | null } {
  const outcome = exhausted(routed, context);
  if (outcome.type === "answered") throw new AppError("internal");
  return { error: outcome.error, retryAfterMs: outcome.type === "unavailable" ? outcome.retryAfterMs : null };
}
