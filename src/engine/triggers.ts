import { createHash, randomBytes } from "node:crypto";
import type { Redis } from "ioredis";
import { parseDuration } from "../core/duration.ts";
import { AppError, type Problem, toErrorRecord } from "../core/errors.ts";
import type { Json, JsonObject } from "../core/json.ts";
import { fullKey, ownName, tenantOf } from "../core/tenant.ts";
import type { Begun, Delivered, OpenSignal, SetTrigger, Trigger, TriggerRequest } from "../core/trigger.ts";
import { listed } from "../core/zod-problem.ts";
import type { Keys } from "../redis/keys.ts";
import { contentOf, rendered, templateMistakes } from "./delivery-content.ts";
import type { Signal, SubmitRequest } from "./engine.ts";
import { notFound } from "./query.ts";
import { type Delivery, signatureMistakes, signatureOf, verify } from "./trigger-signature.ts";

/** What triggers need. */
export interface TriggersParts {
  readonly redis: Redis;
  readonly keys: Keys;
  readonly clock: () => number;
  /** Makes a secret. */
  readonly secret: () => string;
  /** Names an open signal that came without an id. */
  readonly token: () => string;
  /** @throws AppError workflow_not_found */
  readonly hasWorkflow: (name: string, version?: number) => Promise<void>;
  readonly submit: (request: SubmitRequest) => Promise<{ readonly id: string; readonly created: boolean }>;
  readonly signal: (run: string, signal: Signal) => Promise<void>;
  /** Whose run it is. @throws AppError run_not_found */
  readonly ownerOf: (run: string) => Promise<string>;
}

/** A new secret: 256 random bits. */
export function newSecret(): string {
  return `whsec_${randomBytes(32).toString("base64url")}`;
}

/** The secret is kept as it is, for it is needed to check signatures; no answer carries it. */
type Stored = Trigger;

/** The longest tolerance: well within the time for which delivery ids are remembered. */
const longestToleranceMs = 86_400_000;

/**
 * What signed requests from outside, and signals for nobody's run, begin: runs, or signals to runs. Nothing of a delivery is read before its signature holds. One that comes twice is one run: its
 * id is the run's idempotency key.
 */
export class Triggers {
  readonly #parts: TriggersParts;

  constructor(parts: TriggersParts) {
    this.#parts = parts;
  }

  /** Sets a trigger, in place of one of that id, whose secret it keeps unless it is given another one. @throws AppError bad_request, workflow_not_found */
  async set(id: string, request: TriggerRequest, by: string): Promise<SetTrigger> {
    const { redis, keys, clock, secret: makeSecret, hasWorkflow } = this.#parts;
    const {
      workflow = null,
      version = null,
      signal = null,
      input = "{{ body }}",
      idempotency = null,
      on = null,
    } = request;
    const tolerance = request.signature?.tolerance;
    const toleranceMs = tolerance === undefined ? undefined : (parseDuration(tolerance) ?? 0);
    const signature = signatureOf(request.signature, toleranceMs);
    const trigger = { id, on, workflow, version, signal, input, signature, idempotency, by, createdAt: clock() };
    refuseMistakes(trigger);
    if (workflow !== null) await hasWorkflow(workflow, version ?? undefined);
    const before = request.secret ?? (await this.#read(id))?.secret;
    const secret = before ?? makeSecret();
    await redis.hset(keys.triggers, id, JSON.stringify({ ...trigger, secret } satisfies Stored));
    const shown = masked({ ...trigger, secret });
    return before === undefined ? { ...shown, generatedSecret: secret } : shown;
  }

  /** By id. @param tenant only this one's. Default: all */
  async list(tenant?: string): Promise<readonly Trigger[]> {
    const { redis, keys } = this.#parts;
    const found = Object.values(await redis.hgetall(keys.triggers)).map((text) => masked(JSON.parse(text) as Stored));
    const wanted = found.filter(({ id }) => tenant === undefined || tenantOf(id) === tenant);
    return wanted.sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** @throws AppError trigger_not_found */
  async show(id: string): Promise<Trigger> {
    return masked(await this.#found(id));
  }

  /** @throws AppError trigger_not_found */
  async remove(id: string): Promise<void> {
    const { redis, keys } = this.#parts;
    if ((await redis.hdel(keys.triggers, id)) === 0) throw this.#missing(id);
  }

  /** Takes a delivery. @throws AppError trigger_not_found, signature_refused, bad_request, template_failed, and what submitting or signalling throws */
  async deliver(id: string, delivery: Delivery): Promise<Delivered> {
    const stored = await this.#found(id);
    const verdict = verify(stored.signature, stored.secret, delivery, this.#parts.clock());
    if (verdict.type === "refused") throw new AppError("signature_refused", { message: verdict.message });
    const content = contentOf(delivery, stored.signature.header);
    const key = fullKey(
      tenantOf(id),
      `trigger:${ownName(id)}:${deliveryId(stored, delivery, content, verdict.sentAt)}`,
    );
    return this.#carryOut(stored, content, key);
  }

  /** Takes a signal for nobody's run. @returns what came of it, for each trigger of the tenant that is set on its name, by id. @throws AppError what is not the trigger's fault */
  async announce(
    tenant: string,
    name: string,
    { payload, id = this.#parts.token() }: OpenSignal,
  ): Promise<readonly Begun[]> {
    const { redis, keys } = this.#parts;
    const all = Object.values(await redis.hgetall(keys.triggers)).map((text) => JSON.parse(text) as Stored);
    const set = all.filter((stored) => stored.on === name && tenantOf(stored.id) === tenant);
    const begun = set.map(async (stored): Promise<Begun> => {
      const trigger = ownName(stored.id);
      try {
        const key = fullKey(tenant, `trigger:${trigger}:signal:${id}`);
        return { trigger, ...(await this.#carryOut(stored, { body: payload, headers: {} }, key)) };
      } catch (error) {
        if (error instanceof AppError && error.status < 500) return { trigger, error: toErrorRecord(error) };
        throw error;
      }
    });
    return (await Promise.all(begun)).sort((a, b) => (a.trigger < b.trigger ? -1 : 1));
  }

  async #carryOut(stored: Stored, content: JsonObject, key: string): Promise<Delivered> {
    const input = rendered(stored.input, "input", content);
    return stored.signal ? this.#send(stored, content, input, key) : this.#begin(stored, input, key);
  }

  async #begin({ workflow, version }: Stored, input: Json, idempotencyKey: string): Promise<Delivered> {
    const request = { workflow: workflow ?? "", ...(version === null ? {} : { version }), input, idempotencyKey };
    try {
      const { id, created } = await this.#parts.submit(request);
      return { run: id, created };
    } catch (error) {
      // The same delivery, sent again after the workflow or the trigger has changed, or with another text under the same id: it has its run.
      const first = error instanceof AppError && error.code === "idempotency_conflict" ? error.details.run : undefined;
      if (typeof first !== "string") throw error;
      return { run: first, created: false };
    }
  }

  async #send({ id, signal }: Stored, content: JsonObject, payload: Json, key: string): Promise<Delivered> {
    const run = textOf(rendered(signal?.run ?? "", "signal.run", content), "signal.run");
    // Another tenant's run is not there for it.
    if ((await this.#parts.ownerOf(run)) !== tenantOf(id)) throw notFound(run);
    await this.#parts.signal(run, { name: signal?.name ?? "", payload, id: key, by: `trigger ${ownName(id)}` });
    return { run, created: false };
  }

  async #read(id: string): Promise<Stored | undefined> {
    const text = await this.#parts.redis.hget(this.#parts.keys.triggers, id);
    return text === null ? undefined : (JSON.parse(text) as Stored);
  }

  async #found(id: string): Promise<Stored> {
    const stored = await this.#read(id);
    if (stored) return stored;
    throw this.#missing(id);
  }

  /** Who delivers is a stranger: the other triggers' names are not for them. */
  #missing(id: string): AppError {
    return new AppError("trigger_not_found", { message: `No trigger is called ${ownName(id)}.` });
  }
}

/** What tells a delivery from others: its own id, or else what is signed. @throws AppError bad_request, template_failed */
function deliveryId(
  { idempotency }: Stored,
  { headers, body }: Delivery,
  content: JsonObject,
  sentAt: number | null,
): string {
  if (idempotency === null)
    return createHash("sha256")
      .update(`${sentAt ?? ""}.`)
      .update(body)
      .digest("base64url");
  if ("expression" in idempotency)
    return textOf(rendered(idempotency.expression, "idempotency.expression", content), "idempotency.expression");
  const given = headers[idempotency.header.toLowerCase()];
  if (given !== undefined && given !== "") return given;
  throw new AppError("bad_request", {
    message: `The request has no header ${idempotency.header}, by which this trigger tells deliveries apart.`,
  });
}

/** @throws AppError bad_request */
function textOf(value: Json, what: string): string {
  if (typeof value === "number" || (typeof value === "string" && value.trim() !== "")) return String(value).trim();
  throw new AppError("bad_request", { message: `The trigger's ${what} gives no text for this delivery.` });
}

function masked({ secret, ...trigger }: Stored): Trigger {
  // Triggers that were set before there were signals for nobody's run have no `on`.
  return { ...trigger, on: trigger.on ?? null, secret: `****${secret.slice(-4)}` };
}

/** @throws AppError bad_request with everything that is wrong */
function refuseMistakes(trigger: Omit<Trigger, "secret">): void {
  const { workflow, version, signal, input, signature, idempotency } = trigger;
  const { toleranceMs } = signature;
  const problems: Problem[] = [];
  const add = (found: Iterable<readonly [string, string]>) => {
    for (const [path, message] of found) problems.push({ path, message });
  };
  if ((workflow === null) === (signal === null)) {
    const got = workflow === null ? "neither" : "both";
    add([
      ["workflow", `either workflow (it begins runs) or signal (it sends one) must be there; the request has ${got}.`],
    ]);
  }
  if (version !== null && workflow === null) add([["version", "goes with workflow."]]);
  if (toleranceMs <= 0 || toleranceMs > longestToleranceMs)
    add([["signature.tolerance", "must be a duration above 0s and at most 1d, such as 5m."]]);
  add(signatureMistakes(signature).map(([key, message]) => [`signature.${key}`, message] as const));
  add(templateMistakes(input, "input"));
  if (signal) add(templateMistakes(signal.run, "signal.run"));
  if (idempotency && "expression" in idempotency)
    add(templateMistakes(idempotency.expression, "idempotency.expression"));
  if (problems.length > 0)
    throw new AppError("bad_request", { message: `The trigger has mistakes: ${listed(problems)}`, problems });
}
