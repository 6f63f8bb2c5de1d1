import { setTimeout as sleep } from "node:timers/promises";
import type {
  FastifyReply,
  FastifyRequest,
  onSendHookHandler,
  preValidationHookHandler,
  RouteHandlerMethod,
} from "fastify";
import { z } from "zod";
import { AppError } from "../../core/errors.ts";
import type { IdSource } from "../../core/ids.ts";
import { pathOf } from "../admission.ts";
import { checked } from "../checked.ts";
import { credentialsOf } from "../credentials.ts";
import { keptHeaders } from "./answer-headers.ts";
import { type Asked, fingerprintOf, recordId } from "./fingerprint.ts";
import type { Claim, KeptAnswer, KeptAnswers } from "./kept-answers.ts";
import { type Idempotency, idempotencyKeySchema, replayed } from "./key.ts";
import { opened } from "./seal.ts";
import { Turn } from "./turn.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** The request has an Idempotency-Key, and is the one that is carried out for it; undefined: it has none, or the route takes no turns. */
    turn: Turn | undefined;
  }
}

/** What taking turns needs. */
export interface TurnParts {
  readonly answers: KeptAnswers;
  readonly token: IdSource;
  /** Fires when the server begins to close: nobody waits any more. */
  readonly closing: AbortSignal;
}

/** A route that takes turns. */
export interface TurnRoute {
  readonly method: string;
  readonly url: string;
  readonly idempotency: Exclude<Idempotency, "own">;
}

/** What {@link takeTurns} adds to a route. */
export interface TurnHooks {
  readonly preValidation: preValidationHookHandler;
  readonly onSend: onSendHookHandler;
  /** The route's handler, after which no turn stays open. */
  readonly around: (handler: RouteHandlerMethod) => RouteHandlerMethod;
}

/** Longest time that a request waits for another one of its key. */
const waitMs = 60_000;
/** Times between two looks: the first, and the longest. */
const lookMs = { first: 50, longest: 1_000 };

const headersSchema = z.object({ "idempotency-key": idempotencyKeySchema });

/**
 * Lets a route carry out each Idempotency-Key once. The first request takes its turn, which ends with what it is answered; one that comes meanwhile waits; those that follow get the
 * kept answer. An answer that is an error is not kept: the key is free again. Without the header nothing is done.
 */
export function takeTurns(route: TurnRoute, parts: TurnParts): TurnHooks {
  return {
    preValidation(request, reply, done) {
      if (request.headers["idempotency-key"] === undefined) return done();
      take(route, parts, request, reply).then((answer) => {
        if (answer === undefined) done();
        else void reply.code(answer.status).headers(answer.headers).headers(replayed).send(answer.body);
      }, done);
    },
    onSend({ turn }, reply, payload, done) {
      if (turn === undefined || turn.hasEnded) return done();
      const isMade = reply.statusCode < 400;
      (isMade ? turn.done(answerOf(reply, payload)) : turn.free()).then(() => done(), done);
    },
    around: (handler) =>
      function ended(request, reply) {
        const answer = handler.call(this, request, reply);
        return request.turn && answer instanceof Promise ? closed(answer, request.turn, reply) : answer;
      },
  };
}

/** Takes the request's turn: then nothing is returned. Otherwise the answer that was kept. @throws AppError bad_request, idempotency_conflict, idempotency_busy, answer_not_kept, redis_unavailable */
async function take(
  { method, url, idempotency }: TurnRoute,
  { answers, token, closing }: TurnParts,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<KeptAnswer | undefined> {
  const { "idempotency-key": key = "" } = checked(headersSchema, request.headers, "headers");
  const { principal, query, body } = request;
  const asked: Asked = { tenant: principal.tenant, method, route: url, path: pathOf(request), query, body };
  const [record, mark] = [recordId(asked, key), token()];
  const credential = idempotency === "sealed" ? credentialOf(request) : undefined;
  const isWaitedFor = () => !reply.raw.destroyed && !closing.aborted;
  const claim = await awaited(() => answers.claim(record, fingerprintOf(asked), mark), isWaitedFor);
  if (claim.type === "mine") {
    const keepsAnswer = idempotency !== "turns";
    const seal = typeof credential === "string" ? { credential } : credential;
    request.turn = new Turn({ answers, record, token: mark, keepsAnswer, ...(seal === undefined ? {} : { seal }) });
    return undefined;
  }
  if (claim.type !== "kept") throw refusal(claim, `${method} ${url}`);
  const { answer } = claim;
  if (!answer.isSealed) return answer;
  const text = credential ? opened(answer.body, { credential, record }) : undefined;
  if (text === undefined) throw refusal({ type: "lost" }, `${method} ${url}`);
  return { ...answer, body: text };
}

/** Looks again while another request has the turn, less and less often. @param isWaitedFor whether that is worth anything */
async function awaited(look: () => Promise<Claim>, isWaitedFor: () => boolean): Promise<Claim> {
  const end = performance.now() + waitMs;
  for (let pause = lookMs.first; ; pause = Math.min(pause * 1.5, lookMs.longest)) {
    const claim = await look();
    if (claim.type !== "busy" || !isWaitedFor() || performance.now() + pause > end) return claim;
    await sleep(pause);
  }
}

function refusal(claim: Exclude<Claim, { type: "mine" | "kept" }>, route: string): AppError {
  switch (claim.type) {
    case "other":
      return new AppError("idempotency_conflict", {
        message: `The Idempotency-Key was used before, for another request to ${route}.`,
      });
    case "busy":
      return new AppError("idempotency_busy", { details: { retryAfterMs: Math.min(claim.leftMs, 1_000) } });
    case "lost":
      return new AppError("answer_not_kept", {
        message: `The request to ${route} was carried out before; its answer was too large to be kept, or holds a secret that only who asked first may read.`,
      });
  }
}

/** What a sealed answer is sealed with: a key or a login's cookie, both 256 random bits. Null: nothing was asked for, so nothing that was shown can be trusted to be one. */
function credentialOf({ principal, headers }: FastifyRequest): string | null {
  const shown = principal.keyId === null ? undefined : credentialsOf(headers);
  if (!shown) return null;
  return "key" in shown ? shown.key : shown.session;
}

/** What was answered, where it is a text. */
function answerOf(reply: FastifyReply, payload: unknown): Omit<KeptAnswer, "isSealed"> | undefined {
  const body = Buffer.isBuffer(payload) ? payload.toString("utf8") : (payload ?? "");
  if (typeof body !== "string") return undefined;
  return { status: reply.statusCode, headers: keptHeaders(reply.getHeaders()), body };
}

/** A reply that its handler writes itself tells when it has ended; one that broke on the way has not, and its turn ends here. */
async function closed(answer: Promise<unknown>, turn: Turn, reply: FastifyReply): Promise<unknown> {
  try {
    return await answer;
  } finally {
    if (reply.sent && !turn.hasEnded) await turn.free();
  }
}
